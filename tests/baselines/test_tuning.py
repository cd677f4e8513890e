import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

from tabtransfer.baselines import tuning
from tabtransfer.baselines.catboost import FrameCatBoostClassifier
from tabtransfer.baselines.catboost_bag import CATBOOST_BAG
from tabtransfer.baselines.lightgbm import LIGHTGBM
from tabtransfer.baselines.linear import LINEAR
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.neighbors import NEIGHBORS
from tabtransfer.baselines.study import TrialLog
from tabtransfer.baselines.tabpfn import TABPFN
from tabtransfer.baselines.tuned_method import make_tuned
from tabtransfer.baselines.tuning import TunedClassifier, TunedRegressor
from tabtransfer.bench.metrics import ranking_error, score_numbers, score_probabilities
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError

X, Y = np.random.default_rng(0).normal(size=(2, 60, 3))
LABELS = np.where(X[:, 0] + Y[:, 0] > 0, "yes", "no")


class Watched(LogisticRegression):
    """A logistic regression that writes down its fits, and may be slow, fail or be killed."""

    fits: ClassVar[list[tuple[float, int]]] = []
    wait: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    killed_at = None
    unlucky = (0.0, 0.0)

    def fit(self, X, y):
        self.fits.append((self.C, len(X)))
        if len(self.fits) == self.killed_at:
            raise KeyboardInterrupt
        self.wait()
        if self.unlucky[0] < self.C < self.unlucky[1]:
            raise ValueError("C is unlucky")
        return super().fit(X, y)


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(Watched, "fits", [])
    return Method(
        name="watched",
        make=lambda random_state, n_threads: Watched(),
        search_space=lambda trial: {"C": trial.suggest_float("C", 0.01, 1.0)},
    )


@pytest.mark.parametrize("name", ["breast_cancer", "wine"])
def test_errors_of_classes_are_those_of_cross_validation_by_hand(name):
    table = load_table(name)
    model = TunedClassifier(LINEAR, n_trials=6, seconds=None, random_state=3)
    model.fit(table.X, table.y)
    folds = StratifiedKFold(3, shuffle=True, random_state=3)
    by_hand = []
    for settings in ({}, model.best_settings_):
        estimator = LINEAR.make(3, 1).set_params(**settings)
        p = cross_val_predict(estimator, table.X, table.y, cv=folds, method="predict_proba")
        scores = score_probabilities(list(table.y), p, list(model.classes_), list(model.classes_))
        by_hand.append(ranking_error(table.task, scores))
    assert [model.errors_[0], model.best_error_] == pytest.approx(by_hand)
    assert len(model.errors_) == 6 and model.best_error_ == min(model.errors_)


def test_errors_of_numbers_are_those_of_cross_validation_by_hand():
    table = load_table("diabetes")
    model = TunedRegressor(LINEAR, n_trials=1, random_state=3).fit(table.X, table.y)
    folds = KFold(3, shuffle=True, random_state=3)
    predicted = cross_val_predict(LINEAR.make_regressor(3, 1), table.X, table.y, cv=folds)
    expected = ranking_error("regression", score_numbers(list(table.y), predicted))
    assert model.errors_ == pytest.approx([expected]) and model.best_settings_ == {}


@pytest.mark.slow
def test_the_best_settings_are_fitted_on_all_rows():
    table = load_table("penguins")
    tuned = TunedClassifier(NEIGHBORS, n_trials=8, random_state=1).fit(table.X, table.y)
    assert tuned.best_error_ < tuned.errors_[0]
    direct = NEIGHBORS.make(1, 1).set_params(**tuned.best_settings_).fit(table.X, table.y)
    assert np.array_equal(tuned.predict_proba(table.X), direct.predict_proba(table.X))
    assert (tuned.predict(table.X) == direct.predict(table.X)).all()


def test_tuning_helps_a_method_whose_default_is_poor():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 20))
    y = noise[:, 0] * 2 + rng.normal(scale=5, size=300)
    tuned = make_tuned(LIGHTGBM, n_trials=6, seconds=None).make_regressor(0, 1)
    tuned.fit(noise[:150], y[:150])
    default = LIGHTGBM.make_regressor(0, 1).fit(noise[:150], y[:150])
    gain = tuned.score(noise[150:], y[150:]) - default.score(noise[150:], y[150:])
    assert gain > 0.05
    assert tuned.best_settings_["n_trees"] == tuned.best_estimator_.n_trees_ < 500


def test_a_search_ends_with_the_trials(watched):
    TunedClassifier(watched, n_trials=1).fit(X, LABELS)
    assert Watched.fits == [(1.0, 40)] * 3 + [(1.0, 60)]


@pytest.fixture
def slow(watched, monkeypatch):
    """Let every fit take two seconds of a clock that stands still otherwise."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(tuning, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(TrialLog, "seconds_spent", property(lambda log: clock.now))
    monkeypatch.setattr(Watched, "wait", lambda self: setattr(clock, "now", clock.now + 2.0))
    return watched


def test_a_search_ends_with_the_seconds_between_two_folds(slow):
    model = TunedClassifier(slow, seconds=9.0).fit(X, LABELS)
    assert len(model.errors_) == 1  # three folds at 2 s, and the second trial was given up
    assert [rows for _, rows in Watched.fits].count(40) == 4


def test_no_time_for_the_first_trial_leaves_the_method_as_it_is(slow):
    model = TunedClassifier(slow, seconds=0.1).fit(X, LABELS)
    assert model.best_error_ is None and model.best_settings_ == {} and model.errors_ == []
    assert model.best_estimator_.C == 1.0


def test_settings_that_fail_are_passed_over(watched, monkeypatch):
    monkeypatch.setattr(Watched, "unlucky", (0.5, 0.999))
    model = TunedClassifier(watched, n_trials=12).fit(X, LABELS)
    tried = {c for c, rows in Watched.fits if rows == 40}
    n_unlucky = sum(0.5 < c < 0.999 for c in tried)
    assert n_unlucky and len(tried) == 12 and len(model.errors_) == 12 - n_unlucky


def test_a_method_that_fails_as_it_is_fails(watched):
    broken = make_tuned(watched)
    with pytest.raises(ValueError, match="could not convert string"):
        broken.make(0, 1).fit(X.astype(str) + "?", LABELS)


def test_a_killed_search_goes_on_without_repeating_a_trial(watched, monkeypatch, tmp_path):
    whole = TunedClassifier(watched, n_trials=9, seconds=None).fit(X, LABELS)
    every_fit = Watched.fits.copy()
    settings = {"n_trials": 9, "seconds": None, "study_path": tmp_path / "study.journal"}
    Watched.fits.clear()
    monkeypatch.setattr(Watched, "killed_at", 8)
    with pytest.raises(KeyboardInterrupt):
        TunedClassifier(watched, **settings).fit(X, LABELS)
    monkeypatch.setattr(Watched, "killed_at", None)
    resumed = TunedClassifier(watched, **settings).fit(X, LABELS)
    # The third trial was killed at its second fold, and starts anew.
    assert Watched.fits == every_fit[:8] + every_fit[6:]
    assert resumed.errors_ == whole.errors_ and resumed.best_settings_ == whole.best_settings_
    Watched.fits.clear()
    again = TunedClassifier(watched, **settings).fit(X, LABELS)
    assert len(Watched.fits) == 1 and again.errors_ == whole.errors_
    TunedClassifier(watched, **settings).fit(X, LABELS[::-1])  # other rows: a study of its own
    assert len(Watched.fits) > 20


KILLED = """
import os, signal, sys
import numpy as np
from tabtransfer.baselines.linear import LINEAR
from tabtransfer.baselines.study import TrialLog
from tabtransfer.baselines.tuning import TunedClassifier

finish = TrialLog.finish

def finish_and_die(log, trial, error):
    finish(log, trial, error)
    if trial.number == 2:
        os.kill(os.getpid(), signal.SIGKILL)

TrialLog.finish = finish_and_die
X, labels = np.load(sys.argv[1] + "/X.npy"), np.load(sys.argv[1] + "/labels.npy")
TunedClassifier(LINEAR, n_trials=5, seconds=None, study_path=sys.argv[1] + "/study").fit(X, labels)
"""


@pytest.mark.slow
def test_a_killed_process_loses_no_finished_trial(tmp_path):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "labels.npy", LABELS)
    killed = subprocess.run([sys.executable, "-P", "-c", KILLED, str(tmp_path)])
    assert killed.returncode == -9
    settings = {"n_trials": 5, "seconds": None}
    resumed = TunedClassifier(LINEAR, study_path=tmp_path / "study", **settings).fit(X, LABELS)
    assert resumed.errors_ == TunedClassifier(LINEAR, **settings).fit(X, LABELS).errors_


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 6])
def test_few_rows_are_taken(n_rows):
    labels = np.array(["a", "b", "b", "a", "a", "b"])[:n_rows]
    tuned = TunedClassifier(NEIGHBORS, n_trials=3).fit(X[:n_rows], labels)
    assert tuned.predict_proba(X).shape == (60, len(set(labels)))
    numbers = TunedRegressor(NEIGHBORS, n_trials=3).fit(X[:n_rows], Y[:n_rows, 0])
    assert np.isfinite(numbers.predict(X)).all()


def test_a_class_that_some_folds_lack_is_no_hindrance():
    labels = np.array(["a", "b", "c"])[np.arange(60) % 2]
    labels[7] = "c"
    tuned = TunedClassifier(LINEAR, n_trials=2).fit(X, labels)
    assert len(tuned.errors_) == 2 and list(tuned.classes_) == ["a", "b", "c"]


def test_the_tuned_form_is_a_method_of_its_own():
    tuned = make_tuned(LINEAR, n_trials=7, seconds=2.0)
    assert tuned.name == "linear-tuned" and tuned.packages == ("scikit-learn", "optuna")
    for make, kind in ((tuned.make, TunedClassifier), (tuned.make_regressor, TunedRegressor)):
        model = make(5, 2)
        assert type(model) is kind and clone(model).get_params() == model.get_params()
        assert (model.random_state, model.n_threads, model.n_trials) == (5, 2, 7)
    assert make_tuned(Method("any", Ridge, search_space=LINEAR.search_space)).make_regressor is None
    with pytest.raises(TabTransferError, match="tabpfn has no settings to search"):
        make_tuned(TABPFN)


def test_the_best_settings_of_one_method_can_be_fitted_by_another():
    iris = load_table("iris")
    stump = Method("stump", lambda random_state, n_threads: FrameCatBoostClassifier(n_trees=1))
    stump = replace(stump, search_space=lambda trial: {"options": {"depth": 2}})
    tuned = make_tuned(stump, n_trials=2, seconds=None, refit=CATBOOST_BAG)
    assert tuned.name == "catboost-bag-tuned"
    model = tuned.make(0, 1).fit(iris.X, iris.y)
    assert model.best_settings_["n_trees"] > 1
    trees = [one.model_ for one in model.best_estimator_.models_]
    assert [one.get_all_params()["depth"] for one in trees] == [2] * 5
    assert model.score(iris.X, iris.y) > 0.9
