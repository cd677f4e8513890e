"""Forests of extremely randomised trees (Geurts, Ernst and Wehenkel 2006), by scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FittedForest", "ForestSettings"]


@dataclass(frozen=True)
class ForestSettings:
    """The settings of a forest.

    Parameters
    ----------
    n_trees : int
        Trees.
    least_rows : int
        Fewest rows of a leaf.
    column_share : float, default=0.5
        Share of the columns that a split may use.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.forest import ForestSettings
    >>> X, y = np.arange(100, dtype=np.float32)[:, None], np.arange(100) // 50
    >>> forest = ForestSettings(n_trees=10, least_rows=2).fit(X, y, np.ones(100), 2, seed=0)
    >>> forest.predict(X[[5, 95]]).round()
    array([[1., 0.],
           [0., 1.]])
    """

    n_trees: int
    least_rows: int
    column_share: float = 0.5

    def fit(
        self,
        cells: NDArray[np.float32],
        labels: NDArray[Any],
        weights: NDArray[np.float64],
        n_classes: int,
        seed: int,
    ) -> FittedForest:
        """Grow the forest on rows.

        Parameters
        ----------
        cells : ndarray of float32, (n_rows, n_columns)
            Numbers and category codes; NaN where missing.
        labels : ndarray of int64 or float64, (n_rows,)
            Class indices, or targets of about unit scale.
        weights : ndarray of float64, (n_rows,)
            Weights of the rows.
        n_classes : int
            Number of classes; 0 for numbers.
        seed : int
            Same seed, same trees.
        """
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        kind = ExtraTreesClassifier if n_classes else ExtraTreesRegressor
        forest = kind(
            self.n_trees,
            min_samples_leaf=self.least_rows,
            max_features=self.column_share,
            n_jobs=1,
            random_state=seed,
        ).fit(cells, labels, sample_weight=weights)
        known = forest.classes_ if n_classes else np.zeros(0, np.int64)
        return FittedForest(tuple(tree.tree_ for tree in forest.estimators_), known, n_classes)


@dataclass(frozen=True)
class FittedForest:
    """Predict classes or numbers.

    Parameters
    ----------
    trees : tuple
        The ``tree_`` of each of scikit-learn's trees.
    known : ndarray of int64
        Classes that the trees know.
    n_classes : int
        Number of classes; 0 for numbers.
    """

    trees: tuple[Any, ...]
    known: NDArray[np.int64]
    n_classes: int

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predict rows (n_rows, n_columns): probabilities (n_rows, n_classes), or (n_rows, 1)."""
        cells = np.ascontiguousarray(cells)
        total = np.zeros((len(cells), len(self.known) or 1))
        for tree in self.trees:
            total += tree.predict(cells).reshape(total.shape)
        total /= len(self.trees)
        if not self.n_classes:
            return total
        probabilities = np.zeros((len(cells), self.n_classes))
        probabilities[:, self.known] = total
        return probabilities
