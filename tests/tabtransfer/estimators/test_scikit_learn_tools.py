"""scikit-learn's tools work with the classifier and the regressor."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline

from tabtransfer import TabTransferError


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def test_stacking_and_voting(classifier, regressor, make_frame):
    X, y = make_frame()
    X = X[["number", "mostly zero"]]
    for model in (
        StackingClassifier([("ours", classifier), ("linear", LogisticRegression())], cv=2),
        VotingClassifier([("ours", classifier), ("b", clone(classifier))], voting="soft"),
        StackingRegressor([("ours", regressor), ("linear", Ridge())], cv=2),
        VotingRegressor([("ours", regressor), ("linear", Ridge())]),
    ):
        assert np.isfinite(answer(model.fit(X, y > 1), X)).all()


def test_wrappers_that_fit_several_copies(classifier, regressor, make_frame):
    X, y = make_frame()
    y = y.clip(1, 3)  # every class has several rows
    for model in (
        BaggingClassifier(classifier, 2, random_state=0),
        BaggingRegressor(regressor, 2, random_state=0),
        CalibratedClassifierCV(classifier, cv=2),
        OneVsRestClassifier(classifier),
        TransformedTargetRegressor(regressor, func=np.log1p, inverse_func=np.expm1),
    ):
        found = answer(model.fit(X, y), X)
        assert len(found) == 60 and np.isfinite(found).all()


def test_search_with_successive_halving(estimator, make_frame):
    X, y = make_frame()
    search = HalvingGridSearchCV(
        estimator,
        {"n_estimators": [1, 2, 3]},
        cv=2,
        factor=2,
        random_state=0,
        error_score="raise",
    ).fit(X, y > 1)
    assert search.n_resources_[0] < search.n_resources_[-1] <= 60
    assert search.best_params_["n_estimators"] in (1, 2, 3)


def test_weights_are_routed_to_fit(estimator, make_frame):
    X, y = make_frame()
    weights = np.random.default_rng(1).integers(1, 4, 60)
    expected = answer(clone(estimator).fit(X, y > 1, sample_weight=weights), X)
    with config_context(enable_metadata_routing=True):
        asking = clone(estimator).set_fit_request(sample_weight=True)
        asking.set_score_request(sample_weight=True)
        pipeline = make_pipeline(asking)
        grid = {f"{pipeline.steps[0][0]}__n_estimators": [estimator.n_estimators]}
        search = GridSearchCV(pipeline, grid, cv=2, error_score="raise")
        search.fit(X, y > 1, sample_weight=weights)
        np.testing.assert_array_equal(answer(search.best_estimator_, X), expected)


def test_several_targets_through_a_wrapper(regressor, make_frame):
    X, y = make_frame()
    targets = np.stack([y, -3.0 * y], 1)
    with pytest.raises(TabTransferError, match="MultiOutputRegressor"):
        regressor.fit(X, targets)
    assert MultiOutputRegressor(regressor).fit(X, targets).predict(X).shape == (60, 2)
