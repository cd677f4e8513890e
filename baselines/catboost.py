"""CatBoost, with its own treatment of categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = ["CATBOOST", "FrameCatBoostClassifier", "make_catboost", "search_catboost"]


class FrameCatBoostClassifier(ClassifierMixin, BaseEstimator):
    """Run ``catboost.CatBoostClassifier`` on frames of any columns.

    Categories, strings and booleans are given to CatBoost by name as categorical, with
    ``__missing__`` for missing ones; missing numbers stay NaN, which CatBoost handles.

    Parameters
    ----------
    iterations : int, default=1000
        Number of trees; 1,000 is CatBoost's own default.
    options : dict, optional
        CatBoost settings that replace its defaults.
    n_threads : int, default=1
        Threads for fit and predict.
    random_state : int, default=0
        Seed; CatBoost's own default is 0.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    model_ : catboost.CatBoostClassifier
        The fitted model; its classes are the positions in ``classes_``.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameCatBoostClassifier(iterations=20).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.95
    True
    """

    def __init__(
        self,
        iterations: int = 1000,
        options: dict[str, Any] | None = None,
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.iterations = iterations
        self.options = options
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> FrameCatBoostClassifier:
        """Fit the trees.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        FrameCatBoostClassifier
            The fitted classifier.
        """
        from catboost import CatBoostClassifier

        self.columns_ = ColumnPreparer().fit(X)
        labels = LabelEncoder().fit(np.asarray(y))
        self.classes_ = labels.classes_
        self.model_ = CatBoostClassifier(
            iterations=self.iterations,
            cat_features=self.columns_.categorical_,
            thread_count=self.n_threads,
            random_seed=self.random_state,
            allow_writing_files=False,
            verbose=False,
            **(self.options or {}),
        )
        self.model_.fit(self.columns_.transform(X), labels.transform(np.asarray(y)))
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
        return self.model_.predict_proba(self.columns_.transform(X), thread_count=self.n_threads)

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


def make_catboost(random_state: int, n_threads: int) -> FrameCatBoostClassifier:
    """Make CatBoost with its own defaults: 1,000 trees, automatic learning rate.

    Parameters
    ----------
    random_state : int
        Seed.
    n_threads : int
        Threads for fit and predict.

    Returns
    -------
    FrameCatBoostClassifier
        Unfitted classifier.

    Examples
    --------
    >>> make_catboost(random_state=0, n_threads=1).iterations
    1000
    """
    return FrameCatBoostClassifier(n_threads=n_threads, random_state=random_state)


def search_catboost(trial: optuna.Trial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    TabArena finds the number of trees by early stopping; here it is drawn, from 100 to 2,000.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameCatBoostClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> sorted(search_catboost(study.ask()))
    ['iterations', 'options']
    """
    options = {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.1, log=True),
        "bootstrap_type": "Bernoulli",
        "subsample": trial.suggest_float("subsample", 0.7, 1.0),
        "grow_policy": trial.suggest_categorical("grow_policy", ["SymmetricTree", "Depthwise"]),
        "depth": trial.suggest_int("depth", 4, 8),
        "colsample_bylevel": trial.suggest_float("colsample_bylevel", 0.85, 1.0),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1e-4, 5.0, log=True),
        "leaf_estimation_iterations": trial.suggest_int(
            "leaf_estimation_iterations", 1, 20, log=True
        ),
        "one_hot_max_size": trial.suggest_int("one_hot_max_size", 8, 100, log=True),
        "model_size_reg": trial.suggest_float("model_size_reg", 0.1, 1.5, log=True),
        "max_ctr_complexity": trial.suggest_int("max_ctr_complexity", 2, 5),
        "boosting_type": "Plain",
    }
    return {"iterations": trial.suggest_int("iterations", 100, 2000, log=True), "options": options}


CATBOOST = Method(
    name="catboost",
    make=make_catboost,
    search_space=search_catboost,
    packages=("catboost",),
)
