"""Targets and weights at the ends of what float64 holds: a finite answer, or an error."""

import warnings

import numpy as np
import pytest

from tabtransfer import TabTransferError, TabTransferRegressor
from tabtransfer.finetune.config import FinetuneConfig

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0].clip(-1, 1)


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["as it is", "fine-tuned"]
)
def tune(request, monkeypatch):
    def tune(model):
        config = FinetuneConfig(children=1, max_steps=2, check_every=2, min_validation_rows=10)
        monkeypatch.setattr(type(model), "_finetune_config", config)
        return model.set_params(
            finetune=request.param, calibrate=True, time_limit=None, n_estimators=1
        )

    return tune


@pytest.mark.parametrize("size", [1e301, 1e308, 1.7e308])
def test_targets_too_large_to_predict_are_refused(regressor, tune, size):
    with pytest.raises(TabTransferError, match=r"target holds .*beyond 1e\+300 would be infinite"):
        tune(regressor).fit(X, size * Y)
    with pytest.raises(TabTransferError, match=r"target holds .*beyond 1e\+300"):
        tune(regressor).fit(X, np.append(Y[:-1], -size))


def test_the_largest_targets_are_predicted_as_others_are(regressor, tune):
    plain = tune(regressor).fit(X, Y).predict(X[:9])
    distribution = tune(regressor).fit(X, 1e300 * Y).predict(X[:9], output="distribution")
    np.testing.assert_allclose(distribution.mean() / 1e300, plain, rtol=1e-3, atol=1e-3)
    assert np.isfinite(distribution.quantile([0.01, 0.5, 0.99])).all()
    assert np.isfinite(distribution.interval(0.8)).all()


@pytest.mark.parametrize("weight", [np.nan, np.inf, -np.inf, -1e-300])
def test_weights_that_are_none_are_refused(estimator, tune, weight):
    with pytest.raises(TabTransferError, match=r"sample_weight holds 1 .* first in row 3"):
        tune(estimator).fit(X, Y > 0, np.where(np.arange(60) == 3, weight, 1.0))


@pytest.mark.parametrize("weight", [1.7e308, 5e-324])
def test_weights_of_any_size_mean_what_their_proportions_say(estimator, tune, weight):
    y, model = Y > 0, tune(estimator)
    rows = model.max_context_rows / 60 if weight > 1.0 else 1.0  # that each seems to be
    plain = model.fit(X, y, np.full(60, rows)).predict(X[:9])
    equal = model.fit(X, y, np.full(60, weight)).predict(X[:9])
    np.testing.assert_array_equal(equal, plain)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\d+ of 60 targets")
        one = model.fit(X, y, np.where(np.arange(60) == 3, weight, 1.0)).predict(X[:9])
    assert np.isfinite(one.astype(float)).all()


@pytest.mark.parametrize("size", [1.0, 1e300])
def test_one_row_of_all_the_weight_and_rare_targets_of_all_the_size(size):
    y = np.where(np.arange(60) % 12 == 7, size, 1e-3 * size * Y)
    weights = np.where(np.arange(60) == 3, 1e300, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for sample_weight in (weights, None):
            model = TabTransferRegressor(1, random_state=0, n_threads=1)
            found = model.fit(X, y, sample_weight).predict(X[:9], output="distribution")
            assert np.isfinite(found.mean()).all() and np.isfinite(found.quantile(0.99)).all()
