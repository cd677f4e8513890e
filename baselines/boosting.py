"""Base classes of the adapters of boosted trees: their settings and early stopping."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pandas as pd

from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor

__all__ = ["MOST_TREES", "PATIENCE", "BoostedClassifier", "BoostedModel", "BoostedRegressor"]

MOST_TREES = 1000
"""Maximum number of trees under early stopping."""

PATIENCE = 50
"""Trees without progress on the validation rows after which boosting stops."""

Validation = tuple[Any, Any]


class BoostedModel(FramedModel):
    """Fit boosted trees: a given number, or by early stopping on validation rows.

    Parameters
    ----------
    n_trees : int, optional
        Number of trees; by default the package's own.
    options : dict, optional
        Settings of the package that replace its defaults, by the names it gives them.
    n_threads : int, default=1
        Threads for fit and predict.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    n_trees_ : int
        Number of trees that predict.
    """

    def __init__(
        self,
        n_trees: int | None = None,
        options: dict[str, Any] | None = None,
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.n_trees = n_trees
        self.options = options
        self.n_threads = n_threads
        self.random_state = random_state

    @abstractmethod
    def _train(
        self, X: pd.DataFrame, target: np.ndarray, validation: Validation | None = None
    ) -> Any:
        """Return the package's model; with validation rows, stopped after `PATIENCE` trees."""

    @abstractmethod
    def _count_trees(self) -> int:
        """Return the number of trees of the fitted model that predict."""

    def _settings(self, trees: str, validation: Validation | None) -> dict[str, Any]:
        """Return the options, with the number of trees under the package's name for it."""
        n_trees = self.n_trees if validation is None else MOST_TREES
        return {**({} if n_trees is None else {trees: n_trees}), **(self.options or {})}

    def _fit_trees(self, X: Any, target: np.ndarray, validation: Validation | None) -> None:
        self._fit_model(X, target, validation=validation)
        self.n_trees_ = self._count_trees()


class BoostedClassifier(FramedClassifier, BoostedModel):
    """Classify with boosted trees; see `BoostedModel` for the parameters."""

    def fit(self, X: Any, y: Any, validation: Validation | None = None) -> BoostedClassifier:
        """Fit the trees.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.
        validation : tuple of (X, y), optional
            Rows that say when to stop; at most `MOST_TREES` trees are grown then, whatever
            ``n_trees`` says. Rows of classes that ``y`` lacks are left out.

        Returns
        -------
        BoostedClassifier
            The fitted classifier.
        """
        numbers = self._number_labels(y)
        if validation is not None:
            labels = np.asarray(validation[1])
            known = np.isin(labels, self.classes_)
            rows = pd.DataFrame(validation[0])[known]
            validation = rows, np.searchsorted(self.classes_, labels[known])
        self._fit_trees(X, numbers, validation)
        return self


class BoostedRegressor(FramedRegressor, BoostedModel):
    """Predict numbers with boosted trees; see `BoostedModel` for the parameters."""

    def fit(self, X: Any, y: Any, validation: Validation | None = None) -> BoostedRegressor:
        """Fit the trees.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.
        validation : tuple of (X, y), optional
            Rows that say when to stop; at most `MOST_TREES` trees are grown then, whatever
            ``n_trees`` says.

        Returns
        -------
        BoostedRegressor
            The fitted regressor.
        """
        self._fit_trees(X, np.asarray(y, dtype=np.float64), validation)
        return self
