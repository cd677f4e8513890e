from importlib import metadata

import numpy as np
import optuna
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tabtransfer.baselines.registry import METHODS, get_method
from tabtransfer.errors import TabTransferError

TREES_AND_LINES = ["catboost", "random-forest", "logistic-regression"]


def quick(name):
    """Make a method; with few trees where it grows trees."""
    estimator = get_method(name).make(random_state=0, n_threads=1)
    return estimator.set_params(iterations=50) if name == "catboost" else estimator


@pytest.mark.parametrize("name", TREES_AND_LINES)
def test_any_frame_is_taken_and_learned_from(name, messy):
    X, y = messy
    model = quick(name).fit(X.iloc[:80], y.iloc[:80])
    probabilities = model.predict_proba(X.iloc[80:])
    assert list(model.classes_) == ["no", "yes"]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert roc_auc_score(y.iloc[80:] == "yes", probabilities[:, 1]) > 0.9


@pytest.mark.parametrize("name", TREES_AND_LINES)
def test_rows_with_news_are_taken(name, messy):
    X, y = messy
    model = quick(name).fit(X, y)
    news = X.iloc[:4].assign(string=["sideways", None, "up", "down"])
    news["int"] = [np.nan, np.inf, 3.0, -np.inf]
    assert np.isfinite(model.predict_proba(news)).all()


@pytest.mark.parametrize("name", TREES_AND_LINES)
def test_the_seed_settles_the_result(name, messy):
    X, y = messy
    first, second = (clone(quick(name)).fit(X, y).predict_proba(X) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("name", TREES_AND_LINES)
@pytest.mark.parametrize("seed", range(3))
def test_searched_settings_can_be_set_and_fitted(name, seed, messy):
    X, y = messy
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    settings = get_method(name).search_space(study.ask())
    assert settings
    if name == "catboost":
        settings["iterations"] = 20
    estimator = get_method(name).make(random_state=0, n_threads=1).set_params(**settings)
    assert np.isfinite(estimator.fit(X, y).predict_proba(X)).all()


def test_methods_go_by_their_names_and_name_installed_packages():
    ours = {"tabtransfer", "tabtransfer-finetuned", "tabtransfer-scratch"}
    assert set(METHODS) == {*ours, *TREES_AND_LINES, "tabpfn"}
    for name, method in METHODS.items():
        assert method.name == name
        assert get_method(name) is method
        assert all(metadata.version(package) for package in method.packages)


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(
        TabTransferError, match=r"'xgboost'; the methods are tabtransfer, .*catboost, "
    ):
        get_method("xgboost")
