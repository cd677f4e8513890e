import os
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferError, TabTransferRegressor
from tabtransfer.finetune.config import FinetuneConfig

# They need trained weights; the other checks a network that is as small as can be.
CHECKS_OF_LEARNING = ("check_regressors_train",)


@pytest.mark.slow  # 17 s of CPU
@parametrize_with_checks([TabTransferRegressor()])
def test_scikit_learn_checks(estimator, check, regression_checkpoint):
    learns = check.func.__name__ in CHECKS_OF_LEARNING
    check(clone(estimator).set_params(checkpoint=None if learns else regression_checkpoint))


@pytest.fixture
def regressor(regression_checkpoint):
    """A regressor with a small network that has learned nothing, and without trees."""
    return TabTransferRegressor(2, checkpoint=regression_checkpoint, trees=False, random_state=0)


def make_frame(n_rows=60):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            "holes": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
            "text": rng.choice(["a", "b", "c", None], n_rows),
            "category": pd.Categorical(rng.choice(["x", "y"], n_rows)),
            "flag": rng.random(n_rows) < 0.5,
            "constant": 1,
        }
    )
    return frame, (10.0 * frame["number"] + rng.normal(size=n_rows)).rename("target")


class TestLearning:
    """With the shipped weights."""

    @pytest.mark.slow
    def test_diabetes_is_learned(self):
        X, y = load_diabetes(return_X_y=True)
        scores = cross_val_score(TabTransferRegressor(random_state=0), X, y, cv=3)
        assert scores.mean() > 0.35

    def test_quantiles_hold_their_share_of_the_rows(self):
        rng = np.random.default_rng(0)
        X = rng.uniform(-2.0, 2.0, size=(600, 2))
        y = X[:, 0] + np.exp(0.7 * X[:, 1]) * rng.normal(size=600)
        model = TabTransferRegressor(random_state=0).fit(X[:400], y[:400])
        low, high = model.predict(X[400:], output="quantiles", quantiles=(0.1, 0.9)).T
        assert ((low < y[400:]) & (y[400:] < high)).mean() == pytest.approx(0.8, abs=0.1)
        assert np.corrcoef(high - low, X[400:, 1])[0, 1] > 0.5

    @pytest.mark.slow
    def test_large_offsets_do_no_harm(self):
        X, y = load_diabetes(return_X_y=True)
        model = TabTransferRegressor(random_state=0)
        plain = model.fit(X[::2], y[::2]).predict(X[1::2])
        moved = model.fit(X[::2], 1e6 + 1e3 * y[::2]).predict(X[1::2])
        np.testing.assert_allclose((moved - 1e6) / 1e3, plain, atol=1e-3)


class TestPredictions:
    def test_frames_of_every_column_type(self, regressor):
        X, y = make_frame()
        model = regressor.fit(X[:40], y[:40])
        predicted = model.predict(X[40:])
        assert predicted.shape == (20,) and predicted.dtype == np.float64
        assert np.isfinite(predicted).all() and np.ptp(predicted) > 0
        assert model.n_features_in_ == 6 and model.n_context_rows_ == 40
        assert model.feature_names_in_.tolist() == list(X.columns)

    def test_outputs_say_the_same(self, regressor):
        X, y = make_frame()
        model = regressor.fit(X, y)
        found = model.predict(X, output="distribution")
        levels = np.arange(1, 100) / 100
        every = model.predict(X, output="quantiles", quantiles=levels)
        assert (np.diff(every, axis=1) >= 0).all()
        np.testing.assert_allclose(every, found.quantiles)
        np.testing.assert_array_equal(model.predict(X), model.predict(X, output="mean"))
        np.testing.assert_array_equal(found.mean(), model.predict(X))
        np.testing.assert_array_equal(found.median(), model.predict(X, output="median"))
        np.testing.assert_allclose(every[:, 49], model.predict(X, output="median"))
        assert np.abs(every.mean(1) - model.predict(X)).max() < 0.1 * every.std()

    def test_densities_integrate_to_one(self, regressor):
        X, y = make_frame()
        found = regressor.fit(X, y).predict(X[:3], output="distribution")
        low, high = found.quantile([1e-9, 1 - 1e-9]).T
        grid = np.linspace(low, high, 400_001, axis=1)
        np.testing.assert_allclose(trapezoid(found.pdf(grid), grid, axis=1), 1.0, atol=1e-3)

    @pytest.mark.parametrize("output", ["mode", None])
    def test_outputs_that_there_are_not(self, regressor, output):
        X, y = make_frame()
        with pytest.raises(TabTransferError, match="one of mean, median, quantiles, distribution"):
            regressor.fit(X, y).predict(X, output=output)

    def test_quantiles_come_in_the_order_asked_for_and_are_interpolated(self, regressor):
        X, y = make_frame()
        model = regressor.fit(X, y)
        low, between, high = model.predict(X, output="quantiles", quantiles=(0.2, 0.205, 0.21)).T
        np.testing.assert_allclose(between, (low + high) / 2)
        found = model.predict(X, output="quantiles", quantiles=[0.99, 0.01])
        np.testing.assert_array_equal(
            found[:, ::-1], model.predict(X, output="quantiles", quantiles=[0.01, 0.99])
        )
        assert model.predict(X, output="quantiles").shape == (60, 3)

    @pytest.mark.parametrize("quantiles", [[0.0], [0.5, 1.0], [np.nan], [-0.1]])
    def test_levels_that_there_are_not(self, regressor, quantiles):
        X, y = make_frame()
        with pytest.raises(TabTransferError, match="levels between 0 and 1"):
            regressor.fit(X, y).predict(X, output="quantiles", quantiles=quantiles)

    def test_equal_targets_are_predicted(self, regressor):
        X, _ = make_frame()
        model = regressor.fit(X, np.full(60, 7.3))
        np.testing.assert_allclose(model.predict(X), 7.3, rtol=1e-14)
        found = model.predict(X, output="distribution")
        np.testing.assert_allclose(found.crps(np.full(60, 8.0)), 0.7)
        assert np.isfinite(found.sample(3)).all()

    def test_one_row_is_enough(self, regressor):
        assert regressor.fit([[1.0]], [5.0]).predict([[2.0]]).tolist() == [5.0]

    def test_seeds_decide_predictions(self, regressor):
        X, y = make_frame()
        answers = [
            clone(regressor).set_params(random_state=seed).fit(X, y).predict(X)
            for seed in (0, 0, 1)
        ]
        np.testing.assert_array_equal(answers[0], answers[1])
        assert not np.allclose(answers[0], answers[2])

    def test_more_rows_than_the_context_are_sampled(self, regressor):
        X, y = make_frame()
        assert regressor.set_params(max_context_rows=25).fit(X, y).n_context_rows_ == 25

    def test_in_a_pipeline_and_a_search(self, regressor):
        X, y = make_frame()
        search = GridSearchCV(
            make_pipeline(StandardScaler(), regressor),
            {"tabtransferregressor__n_estimators": [1, 2]},
            cv=2,
            error_score="raise",
        )
        search.fit(X[["number", "holes"]], y)
        assert search.best_params_["tabtransferregressor__n_estimators"] in (1, 2)

    def test_quantiles_pass_through_a_pipeline(self, regressor):
        X, y = make_frame()
        X = X[["number", "holes"]]
        pipeline = make_pipeline(StandardScaler(), regressor).fit(X, y)
        found = pipeline.predict(X, output="quantiles", quantiles=(0.1, 0.9))
        assert found.shape == (60, 2) and (found[:, 0] < found[:, 1]).all()
        median = pipeline.predict(X, output="median")
        assert ((found[:, 0] < median) & (median < found[:, 1])).all()

    def test_pickles_predict_alike_and_hold_no_network(self, regressor):
        X, y = make_frame()
        model = regressor.fit(X, y)
        data = pickle.dumps(model)
        assert len(data) < os.path.getsize(model.checkpoint) / 2
        np.testing.assert_array_equal(pickle.loads(data).predict(X), model.predict(X))


class TestBadInput:
    @pytest.mark.parametrize(
        ("y", "message"),
        [
            ([1.0] * 19 + [np.nan], "1 labels are missing, the first in row 19"),
            ([1.0] * 19 + [-np.inf], "1 targets are not finite, the first in row 19"),
            (["1.5", "2.5"] * 10, "holds str values, the first of them '1.5'.*to_numeric"),
            ([1.0] * 19, "inconsistent numbers of samples"),
            (np.ones((20, 2)), "1d array"),
            (None, "requires y"),
        ],
    )
    def test_targets_that_cannot_be_used(self, regressor, y, message):
        with pytest.raises(ValueError, match=message):
            regressor.fit(np.arange(20.0)[:, None], y)

    def test_weights_for_classes_alone(self, regressor, small_checkpoint):
        message = f"{small_checkpoint} has no regression head, only classification: pass"
        with pytest.raises(TabTransferError, match=message):
            regressor.set_params(checkpoint=small_checkpoint).fit([[0.0], [1.0]], [0.0, 1.0])

    def test_columns_that_are_missing_at_prediction(self, regressor):
        X, y = make_frame()
        with pytest.raises(TabTransferError, match="missing 'text'"):
            regressor.fit(X, y).predict(X.drop(columns="text"))


class TestFinetuning:
    @pytest.mark.slow
    def test_tuned_weights_are_used_and_pickled(self, regressor, monkeypatch):
        config = FinetuneConfig(children=1, learning_rate=2e-3, max_steps=15, check_every=5)
        monkeypatch.setattr(TabTransferRegressor, "_finetune_config", config)
        X, y = make_frame(200)
        model = clone(regressor).set_params(finetune=True, n_estimators=1).fit(X, y)
        assert model.finetuning_.chosen == "tuned"
        assert model.finetuning_.tuned_loss < model.finetuning_.base_loss
        plain = clone(model).set_params(finetune=False).fit(X, y)
        assert not np.allclose(model.predict(X), plain.predict(X))
        copy = pickle.loads(pickle.dumps(model)).set_params(checkpoint="/gone")
        np.testing.assert_array_equal(copy.predict(X), model.predict(X))
