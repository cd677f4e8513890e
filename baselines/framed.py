"""Base classes of the adapters of other packages, which take any frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.columns import categorical_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FramedClassifier", "FramedModel", "FramedRegressor"]


class FramedModel(ABC, BaseEstimator):
    """Prepare the columns of any frame for a model of another package.

    A subclass says how to train the model, and where needed how to prepare the columns and
    under which conditions the model runs. Packages are imported when a model is trained.
    """

    @abstractmethod
    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        """Return the package's own estimator, fitted on prepared columns."""

    def _make_columns(self) -> Any:
        """Return the transformer of the input; by default, to categories and floats."""
        return categorical_frame()

    def _running(self) -> AbstractContextManager[None]:
        """Return the conditions for fit and predict of the package's estimator."""
        return nullcontext()

    def _fit_model(self, X: Any, target: np.ndarray, **settings: Any) -> None:
        self.columns_ = self._make_columns().fit(X)
        with self._running():
            self.model_ = self._train(self.columns_.transform(X), target, **settings)

    def _ask_model(self, method: str, X: Any, **settings: Any) -> np.ndarray:
        check_is_fitted(self)
        with self._running():
            return np.asarray(getattr(self.model_, method)(self.columns_.transform(X), **settings))


class FramedClassifier(ClassifierMixin, FramedModel):
    """Classify with a model of another package.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    model_ : object
        The package's fitted model; its classes are the positions in ``classes_``.
    """

    def fit(self, X: Any, y: Any) -> FramedClassifier:
        """Fit the model.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        FramedClassifier
            The fitted classifier.
        """
        self._fit_model(X, self._number_labels(y))
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
        return self._ask_model("predict_proba", X)

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

    def _number_labels(self, y: Any) -> np.ndarray:
        labels = LabelEncoder()
        numbers = labels.fit_transform(np.asarray(y))
        self.classes_ = labels.classes_
        return numbers


class FramedRegressor(RegressorMixin, FramedModel):
    """Predict numbers with a model of another package.

    Attributes
    ----------
    model_ : object
        The package's fitted model.
    """

    def fit(self, X: Any, y: Any) -> FramedRegressor:
        """Fit the model.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.

        Returns
        -------
        FramedRegressor
            The fitted regressor.
        """
        self._fit_model(X, np.asarray(y, dtype=np.float64))
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
        return self._ask_model("predict", X)
