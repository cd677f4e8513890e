"""CatBoost fitted on five folds and averaged, to show what bagging alone gains.

Each model stops by the rows that it hasn't seen, as those of AutoGluon's bags do (Erickson et al.
2020, arXiv:2003.06505).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.catboost import FrameCatBoostClassifier, FrameCatBoostRegressor
from tabtransfer.baselines.method import Method, make_estimator

__all__ = ["CATBOOST_BAG", "CatBoostBagClassifier", "CatBoostBagRegressor"]

N_FOLDS = 5

Rows = NDArray[np.int64]


class _CatBoostBag(BaseEstimator):
    """Fit CatBoost once for each fold, on the other folds; the fold left out is for early stopping.

    Parameters
    ----------
    options : dict, optional
        Settings of CatBoost that replace its defaults, by its names.
    n_threads : int, default=1
        Threads for fit and predict.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    models_ : list of FrameCatBoostClassifier or FrameCatBoostRegressor
        One a fold; a single one, of all rows, where these are fewer than the folds.
    """

    models_: list[Any]

    def __init__(
        self, options: dict[str, Any] | None = None, n_threads: int = 1, random_state: int = 0
    ) -> None:
        self.options = options
        self.n_threads = n_threads
        self.random_state = random_state

    def _fit_folds(
        self,
        kind: type[FrameCatBoostClassifier | FrameCatBoostRegressor],
        X: Any,
        y: NDArray[Any],
        folds: list[tuple[Rows, Rows]],
    ) -> None:
        frame = pd.DataFrame(X)
        # CatBoost refuses targets that are all equal.
        folds = [(seen, held) for seen, held in folds if (y[seen] != y[seen[0]]).any()]
        self.models_ = []
        for seen, held in folds or [(np.arange(len(y)), np.arange(0))]:
            if kind is FrameCatBoostClassifier:
                held = held[np.isin(y[held], y[seen])]
            model = kind(
                options=self.options, n_threads=self.n_threads, random_state=self.random_state
            )
            validation = (frame.iloc[held], y[held]) if len(held) else None
            self.models_.append(model.fit(frame.iloc[seen], y[seen], validation))

    def _plain_folds(self, y: NDArray[Any]) -> list[tuple[Rows, Rows]]:
        if len(y) < N_FOLDS:
            return []
        return list(KFold(N_FOLDS, shuffle=True, random_state=self.random_state).split(y))


class CatBoostBagClassifier(ClassifierMixin, _CatBoostBag):
    """Average the probabilities of five `FrameCatBoostClassifier`, each fitted to four folds.

    The fifth says when to stop, at most 1,000 trees. Folds are stratified where every class has
    five rows. See `FrameCatBoostClassifier` for the frames that are taken, and `_CatBoostBag` for
    the parameters.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = CatBoostBagClassifier().fit(table.X, table.y)
    >>> len(model.models_), float(model.score(table.X, table.y)) > 0.95
    (5, True)
    """

    def fit(self, X: Any, y: Any) -> CatBoostBagClassifier:
        """Fit the models.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        CatBoostBagClassifier
            The fitted classifier.
        """
        labels = np.asarray(y)
        self.classes_, counts = np.unique(labels, return_counts=True)
        folds = self._plain_folds(labels)
        if counts.min() >= N_FOLDS:
            splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=self.random_state)
            folds = list(splitter.split(labels, labels))
        self._fit_folds(FrameCatBoostClassifier, X, labels, folds)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Mean over the models, in the order of ``classes_``.
        """
        check_is_fitted(self)
        frame = pd.DataFrame(X)
        total = np.zeros((len(frame), len(self.classes_)))
        for model in self.models_:
            known = np.searchsorted(self.classes_, model.classes_)
            total[:, known] += model.predict_proba(frame)
        return total / len(self.models_)

    def predict(self, X: Any) -> NDArray[Any]:
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


class CatBoostBagRegressor(RegressorMixin, _CatBoostBag):
    """Average the predictions of five `FrameCatBoostRegressor`, each fitted to four folds.

    See `CatBoostBagClassifier`.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = CatBoostBagRegressor().fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """

    def fit(self, X: Any, y: Any) -> CatBoostBagRegressor:
        """Fit the models.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.

        Returns
        -------
        CatBoostBagRegressor
            The fitted regressor.
        """
        target = np.asarray(y, dtype=np.float64)
        self._fit_folds(FrameCatBoostRegressor, X, target, self._plain_folds(target))
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Mean over the models.
        """
        check_is_fitted(self)
        frame = pd.DataFrame(X)
        return np.mean([model.predict(frame) for model in self.models_], axis=0)


CATBOOST_BAG = Method(
    name="catboost-bag",
    make=partial(make_estimator, CatBoostBagClassifier),
    make_regressor=partial(make_estimator, CatBoostBagRegressor),
    packages=("catboost",),
)
