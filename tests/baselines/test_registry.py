from importlib import metadata

import numpy as np
import optuna
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_score

from tabtransfer.baselines.registry import GROUPS, METHODS, get_method, resolve_methods
from tabtransfer.baselines.study import TrialLog
from tabtransfer.errors import TabTransferError

OURS = ["tabtransfer", "tabtransfer-finetuned", "tabtransfer-scratch", "tabtransfer-no-trees"]
COMBINED = ["stack", "catboost-bag"]
QUICK = {
    "catboost": {"n_trees": 50},
    "lightgbm": {},
    "xgboost": {},
    "random-forest": {"model__n_estimators": 50},
    "extra-trees": {"model__n_estimators": 50},
    "histogram-boosting": {},
    "linear": {},
    "nearest-neighbors": {},
    "mlp": {},
    "realmlp": {"options": {"n_epochs": 20}},
    "tabm": {"options": {"n_epochs": 3, "tabm_k": 4, "d_block": 32, "lr": 0.02}},
}
TREES = ["catboost", "lightgbm", "xgboost"]


def quick(name, regression=False, **settings):
    """Make a method that takes little time: few trees, few epochs."""
    estimator = get_method(name).make_for("regression" if regression else "binary", 0, 1)
    return estimator.set_params(**{**QUICK[name], **settings})


@pytest.mark.parametrize("name", QUICK)
def test_any_frame_is_taken_and_learned_from(name, messy):
    X, y = messy
    model = quick(name).fit(X.iloc[:80], y.iloc[:80])
    probabilities = model.predict_proba(X.iloc[80:])
    assert list(model.classes_) == ["no", "yes"]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert roc_auc_score(y.iloc[80:] == "yes", probabilities[:, 1]) > 0.85
    assert (model.predict(X.iloc[80:]) == model.classes_[probabilities.argmax(axis=1)]).all()


@pytest.mark.parametrize("name", QUICK)
def test_numbers_are_learned_and_rows_with_news_taken(name, messy):
    X, _ = messy
    target = 100 + 10 * X["float"].fillna(0.0).to_numpy()
    model = quick(name, regression=True).fit(X, target)
    assert model.score(X, target) > 0.3
    news = X.iloc[:4].assign(string=["sideways", None, "up", "down"])
    news["int"] = [np.nan, np.inf, 3.0, -np.inf]
    assert np.isfinite(model.predict(news)).all()


def test_methods_come_in_their_known_order_on_the_diabetes_table():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    folds = KFold(3, shuffle=True, random_state=0)
    scores = [
        cross_val_score(quick(name, regression=True), X, y, cv=folds, scoring="r2").mean()
        for name in ("linear", "random-forest", "nearest-neighbors", "xgboost")
    ]
    # 442 rows, mostly noise: a straight line does best (R² about 0.48 by cross-validation),
    # and trees without a brake worst.
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(0.48, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_the_seed_settles_the_result(name, messy):
    X, y = messy
    first, second = (clone(quick(name)).fit(X, y).predict_proba(X) for _ in range(2))
    assert (first == second).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("seed", range(2))
def test_searched_settings_can_be_set_and_fitted(name, seed, messy):
    X, y = messy
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    settings = get_method(name).search_space(study.ask())
    assert settings
    if name in TREES:
        settings["n_trees"] = 20
    elif name == "mlp":
        settings["options"] |= {"max_iter": 3}
    elif name in ("realmlp", "tabm"):
        settings["options"] |= {"n_epochs": 1}
    if name == "tabm":
        settings["options"] |= {"tabm_k": 4, "d_block": 128}
    target = (y == "yes").astype(float)
    for regression in (False, True):
        model = quick(name, regression, **settings).fit(X, target if regression else y)
        assert np.isfinite(model.predict(X) == y).all()


@pytest.mark.parametrize("name", [name for name in QUICK if name not in ("realmlp", "tabm")])
@pytest.mark.parametrize("n_rows", [2, 5])
def test_few_rows_are_taken(name, n_rows, messy):
    X, _ = messy
    if name == "catboost":
        X = X.assign(int=range(len(X)))  # CatBoost refuses a table whose columns don't vary
    model = quick(name).fit(X[:n_rows], np.array(["a", "b", "a", "b", "c"])[:n_rows])
    assert np.isfinite(model.predict_proba(X)).all()
    numbers = quick(name, regression=True).fit(X[:n_rows], np.arange(n_rows))
    assert np.isfinite(numbers.predict(X)).all()


def test_methods_go_by_their_names_and_name_installed_packages():
    assert list(METHODS) == [*OURS, *COMBINED, *QUICK, "tabpfn", "tabicl"]
    for name, method in METHODS.items():
        assert method.name == name
        assert get_method(name) is method
        assert method.make_regressor is not None
        assert all(metadata.version(package) for package in method.packages)


@pytest.mark.parametrize(("arguments", "seconds"), [((), 30.0), ((7.5,), 7.5)])
def test_tuned_forms_have_one_limit(arguments, seconds):
    limits = set()
    tuned = resolve_methods("tuned", *arguments)
    for method in tuned:
        model = method.make(random_state=0, n_threads=1)
        assert method.name == f"{model.method.name}-tuned" and model.method.name in QUICK
        assert method.search_seconds == model.seconds == seconds
        limits.add((model.n_trials, model.n_folds))
    assert len(tuned) == len(QUICK) and len(limits) == 1
    assert all(method.search_seconds is None for method in resolve_methods("all", *arguments))


def test_a_list_names_methods_and_groups():
    assert [m.name for m in resolve_methods(" linear ,, xgboost-tuned,linear")] == [
        "linear",
        "xgboost-tuned",
    ]
    assert [m.name for m in resolve_methods("all")] == list(METHODS)
    offline = [m.name for m in resolve_methods("all-offline")]
    assert offline[:7] == [*OURS, *COMBINED, "catboost"] and "catboost-tuned" in offline
    assert not any(name.startswith(("tabpfn", "tabicl")) for name in offline)
    mixed = [m.name for m in resolve_methods("tabm,all-offline,catboost")]
    assert mixed == ["tabm", *offline]
    assert [m.name for m in resolve_methods("tabpfn-versions")][::4] == ["tabpfn-v2", "tabpfn-v3.5"]
    assert [m.name for m in resolve_methods("transfer-gain")] == [
        *("tabtransfer-scratch", "tabtransfer", "tabtransfer-finetuned", "tabtransfer-synthetic"),
        *("stack", "catboost", "catboost-tuned", "tabpfn"),
    ]
    known = {"all", "short", "all-offline", "opponents", "ladder", "transfer-gain"}
    known |= {"tuned", "tabpfn-versions"}
    assert set(GROUPS) == known
    for name in (*GROUPS["opponents"], *GROUPS["ladder"]):
        assert get_method(name).name == name


@pytest.mark.parametrize("text", ["", " , "])
def test_an_empty_list_is_refused(text):
    with pytest.raises(TabTransferError, match="No method given; the methods are tabtransfer, "):
        resolve_methods(text)


def test_an_unknown_method_is_refused_with_the_known_ones():
    known = r"'c45'; the methods are tabtransfer, .*catboost, .*linear-tuned.* groups all, "
    with pytest.raises(TabTransferError, match=known):
        resolve_methods("linear,c45")


@pytest.mark.parametrize("name", QUICK)
def test_trials_can_be_drawn_again_from_the_study(name):
    log = TrialLog(None, name, seed=0)
    trial = log.start()
    settings = get_method(name).search_space(trial)
    log.finish(trial, 0.5)
    assert get_method(name).search_space(log.best()) == settings
