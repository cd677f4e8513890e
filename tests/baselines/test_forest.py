import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from tabtransfer.baselines.forest import EXTRA_TREES, RANDOM_FOREST
from tabtransfer.datasets.suites import load_table


def numbered(table):
    """Number the categories of the penguins by hand; they come first in the pipeline."""
    by_hand = table.X.copy()
    for name in ("island", "sex"):
        text = by_hand[name].astype(object).where(by_hand[name].notna(), "__missing__")
        by_hand[name] = text.map({value: i for i, value in enumerate(sorted(set(text)))})
    order = ["island", "sex", *(name for name in by_hand if name not in ("island", "sex"))]
    values = by_hand[order].to_numpy(dtype=float)
    assert np.isnan(values).sum() == 8
    return values


@pytest.mark.parametrize(
    "method, kind",
    [(RANDOM_FOREST, RandomForestClassifier), (EXTRA_TREES, ExtraTreesClassifier)],
    ids=["random-forest", "extra-trees"],
)
def test_predictions_are_those_of_trees_on_numbered_categories(method, kind):
    table = load_table("penguins")
    values = numbered(table)
    direct = kind(n_estimators=300, random_state=5).fit(values[::2], table.y[::2])
    ours = method.make(random_state=5, n_threads=1).fit(table.X[::2], table.y[::2])
    assert np.allclose(ours.predict_proba(table.X[1::2]), direct.predict_proba(values[1::2]))
    assert list(ours.classes_) == list(direct.classes_)


@pytest.mark.parametrize(
    "method, kind",
    [(RANDOM_FOREST, RandomForestRegressor), (EXTRA_TREES, ExtraTreesRegressor)],
    ids=["random-forest", "extra-trees"],
)
def test_numbers_are_predicted_as_by_trees_called_directly(method, kind):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    direct = kind(n_estimators=300, random_state=5).fit(X[::8], y[::8])
    ours = method.make_regressor(random_state=5, n_threads=1).fit(X[::8], y[::8])
    assert np.allclose(ours.predict(X[1::8]), direct.predict(X[1::8]))


def test_threads_reach_the_forest():
    assert RANDOM_FOREST.make(random_state=0, n_threads=2).get_params()["model__n_jobs"] == 2
