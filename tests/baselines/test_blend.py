import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.blend import BlendClassifier, BlendRegressor, greedy_weights
from tabtransfer.baselines.method import MethodSkipped
from tabtransfer.baselines.registry import get_method

METHODS = (get_method("linear"), get_method("nearest-neighbors"))


def test_a_method_that_only_harms_gets_no_weight():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 1))
    noisy = truth + rng.normal(size=(2, 200, 1))
    predictions = np.concatenate([noisy, rng.normal(size=(1, 200, 1)) * 9])
    weights = greedy_weights(predictions, lambda mean: float(np.square(mean - truth).mean()))
    assert weights.sum() == pytest.approx(1) and weights[2] == 0
    assert weights[:2] == pytest.approx([0.5, 0.5], abs=0.15)


def test_blends_are_at_least_as_good_as_the_better_of_two():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 2)), columns=["a", "b"])
    near = np.sin(3 * X["b"])  # which the linear method can't learn
    y = 2 * X["a"] + near + 0.1 * rng.normal(size=300)
    train, test = slice(0, 200), slice(200, None)
    models = [METHODS[0].make_for("regression", 0, 1), METHODS[1].make_for("regression", 0, 1)]
    errors = [
        float(np.square(model.fit(X[train], y[train]).predict(X[test]) - y[test]).mean())
        for model in (*models, BlendRegressor(METHODS))
    ]
    assert errors[2] < 1.02 * min(errors[:2])


def test_classes_are_blended_by_name_and_rare_ones_are_refused():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(90, 2)), columns=["a", "b"])
    y = np.where(X["a"] > 0.5, "high", np.where(X["a"] < -0.5, "low", "mid"))
    method = get_method("blend:linear+nearest-neighbors")
    assert method.unavailable() is None and method.packages == METHODS[0].packages
    model = method.make_for("multiclass", 0, 1).fit(X, y)
    assert isinstance(model, BlendClassifier) and list(model.classes_) == ["high", "low", "mid"]
    assert model.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(90))
    assert (model.predict(X) == y).mean() > 0.9
    with pytest.raises(MethodSkipped, match="fewer than 3 rows"):
        BlendClassifier(METHODS).fit(X, ["rare", *y[1:]])
