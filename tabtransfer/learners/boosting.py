"""Boosted trees, by CatBoost (Prokhorenkova et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from catboost import CatBoost

__all__ = ["BoostingSettings", "FittedBoosting"]


@dataclass(frozen=True)
class BoostingSettings:
    """Say which trees to boost.

    Parameters
    ----------
    n_trees : int
        Trees.
    depth : int
        Splits above each leaf.
    learning_rate : float
        How far each tree goes.
    n_borders : int, default=64
        Places at which a column can be split.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.boosting import BoostingSettings
    >>> X, y = np.arange(100, dtype=np.float32)[:, None], np.arange(100) // 50
    >>> settings = BoostingSettings(n_trees=30, depth=2, learning_rate=0.2)
    >>> settings.fit(X, y, np.ones(100), 2, seed=0).predict(X[[5, 95]]).round()
    array([[1., 0.],
           [0., 1.]])
    """

    n_trees: int
    depth: int
    learning_rate: float
    n_borders: int = 64

    def fit(
        self,
        cells: NDArray[np.float32],
        labels: NDArray[Any],
        weights: NDArray[np.float64],
        n_classes: int,
        seed: int,
    ) -> FittedBoosting:
        """Boost trees on rows; see `ForestSettings.fit`."""
        from catboost import CatBoost, Pool

        known = np.unique(labels) if n_classes else np.zeros(0, np.int64)
        constant = np.array([np.average(labels, weights=weights)])
        varies = (cells != cells[:1]).any(0) & ~np.isnan(cells).all(0)
        if not varies.any() or (labels == labels[0]).all():  # which CatBoost refuses
            if n_classes:
                constant = np.bincount(labels, weights, n_classes) / weights.sum()
            return FittedBoosting(None, constant, known, n_classes)
        if n_classes:
            labels = np.searchsorted(known, labels)
        loss = {0: "RMSE", 2: "Logloss"}.get(len(known), "MultiClass")
        booster = CatBoost(
            {
                "loss_function": loss,
                "iterations": self.n_trees,
                "depth": self.depth,
                "learning_rate": self.learning_rate,
                "border_count": self.n_borders,
                "random_seed": seed,
                "thread_count": 1,
                "verbose": 0,
                "allow_writing_files": False,
            }
        )
        booster.fit(Pool(cells, labels, weight=weights))
        return FittedBoosting(booster, constant, known, n_classes)


@dataclass(frozen=True)
class FittedBoosting:
    """Predict classes or numbers.

    Parameters
    ----------
    booster : CatBoost or None
        Fitted; None where there was nothing to tell rows apart by.
    constant : ndarray of float64, (n_classes,) or (1,)
        What is predicted then.
    known : ndarray of int64
        Classes that the booster knows.
    n_classes : int
        Number of classes; 0 for numbers.
    """

    booster: CatBoost | None
    constant: NDArray[np.float64]
    known: NDArray[np.int64]
    n_classes: int

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predict rows (n_rows, n_columns): probabilities (n_rows, n_classes), or (n_rows, 1)."""
        if self.booster is None or not len(cells):
            return np.tile(self.constant, (len(cells), 1))
        if not self.n_classes:
            return np.asarray(self.booster.predict(cells, thread_count=1))[:, None]
        probabilities = np.zeros((len(cells), self.n_classes))
        found = self.booster.predict(cells, prediction_type="Probability", thread_count=1)
        probabilities[:, self.known] = found
        return probabilities
