"""Tune a method on the training rows, under the same limit whatever the method.

1. Try the method as it is, then settings that Optuna draws from its search space.
2. Score each by the error of its predictions for rows held out in turn (cross-validation).
   Boosted trees stop by the rows held out, and keep the mean number of trees.
3. Stop at the most trials or when the seconds are up, whichever comes first.
4. Fit the best settings on all rows.
"""

from __future__ import annotations

import time
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.boosting import BoostedModel
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.study import TrialLog, name_study
from tabtransfer.folder_lock import alone_with

if TYPE_CHECKING:
    import optuna

__all__ = ["N_TRIALS", "SECONDS", "TunedClassifier", "TunedRegressor"]

N_TRIALS = 100
SECONDS = 30.0
N_FOLDS = 3


class _OutOfTime(Exception):
    """Raised where the next fold would end after the time limit."""


@dataclass(frozen=True)
class _Rows:
    """Training rows; `codes` number the classes and are None for a regression."""

    frame: pd.DataFrame
    y: np.ndarray
    codes: np.ndarray | None

    def folds(self, n_folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Split the rows into folds; none where a fold would leave a single class to train on."""
        if self.codes is None:
            n_folds = min(n_folds, len(self.y))
            kind = KFold
        else:
            counts = np.sort(np.bincount(self.codes))
            n_folds = min(n_folds, counts[-1]) if len(counts) > 1 and counts[-2] > 1 else 0
            kind = StratifiedKFold
        if n_folds < 2:
            return []
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            folds = kind(n_folds, shuffle=True, random_state=seed)
            return list(folds.split(self.frame, self.codes))

    def error(self, predictions: np.ndarray) -> float:
        """Score predictions for all rows: what TabArena minimises on each kind of task."""
        if self.codes is None:
            return float(root_mean_squared_error(self.y, predictions))
        if predictions.shape[1] == 2:
            return 1.0 - float(roc_auc_score(self.codes, predictions[:, 1]))
        totals = predictions.sum(axis=1, keepdims=True)
        return float(log_loss(self.codes, predictions / totals))


class _Tuned(BaseEstimator):
    def __init__(
        self,
        method: Method,
        n_trials: int = N_TRIALS,
        seconds: float | None = SECONDS,
        n_folds: int = N_FOLDS,
        study_path: str | Path | None = None,
        n_threads: int = 1,
        random_state: int = 0,
        refit: Method | None = None,
    ) -> None:
        self.method = method
        self.n_trials = n_trials
        self.seconds = seconds
        self.n_folds = n_folds
        self.study_path = study_path
        self.n_threads = n_threads
        self.random_state = random_state
        self.refit = refit

    def _search(self, X: Any, y: np.ndarray, codes: np.ndarray | None) -> None:
        """Find the best settings and fit them on all rows."""
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
        rows = _Rows(frame, y, codes)
        name = name_study(
            frame, y, self.method.packages, self.method.name, self.n_folds, self.random_state
        )
        path = self.study_path
        with nullcontext() if path is None else alone_with(Path(path)):
            log = TrialLog(path, name, self.random_state)
            self.earlier_seconds_ = log.seconds_spent
            self._run_trials(log, rows)
        self.errors_ = log.errors
        self.best_error_ = min(self.errors_, default=None)
        best = log.best()
        self.best_settings_ = {} if best is None else self._settings(best)
        self.best_estimator_ = self._make_best().fit(frame, y)

    def _run_trials(self, log: TrialLog, rows: _Rows) -> None:
        folds = rows.folds(self.n_folds, self.random_state)
        while folds and log.n_tried < self.n_trials:
            left = np.inf if self.seconds is None else self.seconds - log.seconds_spent
            if left <= 0:
                return
            deadline = time.monotonic() + left
            trial = log.start()
            try:
                predictions = self._cross_validate(trial, rows, folds, deadline)
                error = rows.error(predictions)
            except _OutOfTime:
                log.end(trial, "no time was left")
                return
            except Exception as problem:
                if not self._settings(trial):  # the method fails as it is
                    raise
                log.end(trial, f"{type(problem).__name__}: {problem}")
            else:
                log.finish(trial, error)

    def _cross_validate(
        self,
        trial: optuna.Trial,
        rows: _Rows,
        folds: list[tuple[np.ndarray, np.ndarray]],
        deadline: float,
    ) -> np.ndarray:
        """Predict every row by a model that didn't see it: numbers, or class probabilities."""
        settings = self._settings(trial)
        classes = () if rows.codes is None else (rows.codes.max() + 1,)
        predictions = np.zeros((len(rows.y), *classes))
        n_trees: list[int] = []
        longest = 0.0
        for train, test in folds:
            started = time.monotonic()
            if started + longest > deadline:
                raise _OutOfTime
            model, held_out = self._make(settings), rows.frame.iloc[test]
            if settings and isinstance(model, BoostedModel):
                model.fit(rows.frame.iloc[train], rows.y[train], (held_out, rows.y[test]))
                n_trees.append(model.n_trees_)
            else:
                model.fit(rows.frame.iloc[train], rows.y[train])
            if rows.codes is None:
                predictions[test] = model.predict(held_out)
            else:
                known = np.unique(rows.codes[train])
                predictions[np.ix_(test, known)] = model.predict_proba(held_out)
            longest = max(longest, time.monotonic() - started)
        if n_trees:
            trial.set_user_attr("n_trees", max(1, round(np.mean(n_trees))))
        return predictions

    def _settings(self, trial: optuna.trial.BaseTrial) -> dict[str, Any]:
        """Return what a trial sets: nothing for the first, which tries the method as it is."""
        if trial.user_attrs["index"] == 0:
            return {}
        n_trees = trial.user_attrs.get("n_trees")
        trees = {} if n_trees is None else {"n_trees": n_trees}
        return {**self.method.search_space(trial), **trees}

    def _make(self, settings: dict[str, Any]) -> BaseEstimator:
        return self._make_default().set_params(**settings)

    def _make_best(self) -> BaseEstimator:
        if self.refit is None:
            return self._make(self.best_settings_)
        model = self.refit.make_for(self._task, self.random_state, self.n_threads)
        known = model.get_params(deep=False)
        return model.set_params(**{k: v for k, v in self.best_settings_.items() if k in known})

    @property
    def _task(self) -> str:
        return "regression" if isinstance(self, RegressorMixin) else "multiclass"

    def _make_default(self) -> BaseEstimator:
        return self.method.make_for(self._task, self.random_state, self.n_threads)


class TunedClassifier(ClassifierMixin, _Tuned):
    """Search the settings of a method by cross-validation, then classify with the best ones.

    Parameters
    ----------
    method : Method
        What is tuned; it needs a search space.
    n_trials : int, default=100
        Most settings that are tried.
    seconds : float or None, default=30.0
        Time for the search, the last fit left out. A trial is given up between two folds when
        the next fold would end too late, a fold taking as long as the trial's longest so far.
    n_folds : int, default=3
        Folds of the cross-validation; fewer where there are fewer rows.
    study_path : path-like, optional
        File that keeps the trials (an Optuna journal). Fitted again on the same rows with the
        same settings, the search goes on where it was, the time spent counted; other rows
        start a study of their own in the same file.
    n_threads : int, default=1
        Threads of the method.
    random_state : int, default=0
        Seed of the folds, the search and the method.
    refit : Method, optional
        What the best settings are fitted by, those that it has; by default the method itself.

    Attributes
    ----------
    best_estimator_ : BaseEstimator
        The method with the best settings, fitted on all rows.
    best_settings_ : dict
        What was set for it; empty where the method did best as it is.
    best_error_ : float or None
        Its cross-validated error: 1 - ROC AUC for two classes, log-loss for more, root mean
        squared error for numbers. None where no trial was finished.
    errors_ : list of float
        The errors of all finished trials, in their order; the first is that of the method as
        it is.
    earlier_seconds_ : float
        Seconds that the trials took that the file held already.
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.

    Examples
    --------
    >>> from tabtransfer.baselines.linear import LINEAR
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("wine")
    >>> model = TunedClassifier(LINEAR, n_trials=5).fit(table.X, table.y)
    >>> len(model.errors_), model.best_error_ <= model.errors_[0]
    (5, True)
    """

    def fit(self, X: Any, y: Any) -> TunedClassifier:
        """Search, and fit the best settings on all rows.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        TunedClassifier
            The fitted classifier.
        """
        labels = np.asarray(y)
        encoder = LabelEncoder().fit(labels)
        self.classes_ = encoder.classes_
        self._search(X, labels, encoder.transform(labels))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class TunedRegressor(RegressorMixin, _Tuned):
    """Search the settings of a method by cross-validation, then predict with the best ones.

    See `TunedClassifier`; the method needs a regressor.

    Examples
    --------
    >>> from tabtransfer.baselines.linear import LINEAR
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = TunedRegressor(LINEAR, n_trials=5).fit(table.X, table.y)
    >>> bool(model.score(table.X, table.y) > 0.4)
    True
    """

    def fit(self, X: Any, y: Any) -> TunedRegressor:
        """Search, and fit the best settings on all rows.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.

        Returns
        -------
        TunedRegressor
            The fitted regressor.
        """
        self._search(X, np.asarray(y, dtype=np.float64), None)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Numbers.
        """
        check_is_fitted(self)
        return self.best_estimator_.predict(X)
