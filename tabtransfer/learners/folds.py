"""Distinct rows of a table, and folds of them that keep the copies of a row together.

What is fitted to distinct rows with the sum of their copies' weights can't tell a row of weight
2 from the row twice, nor one order of the rows from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.copies import distinct

__all__ = ["DistinctRows"]


@dataclass(frozen=True)
class DistinctRows:
    """The distinct rows of a table with labels, in an order that depends on them alone.

    Parameters
    ----------
    first : ndarray of int64, (n_distinct,)
        Place of one copy of each in the table.
    inverse : ndarray of int64, (n_rows,)
        Which of them each row of the table is.
    group : ndarray of int64, (n_distinct,)
        The same number for rows of equal cells, whatever their labels.
    weights : ndarray of float64, (n_distinct,)
        Sum of the copies' weights.
    """

    first: NDArray[np.int64]
    inverse: NDArray[np.int64]
    group: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def n_rows(self) -> int:
        """How many distinct rows there are."""
        return len(self.first)

    @property
    def n_groups(self) -> int:
        """How many rows differ in their cells."""
        return len(np.unique(self.group))

    @classmethod
    def of(
        cls, cells: NDArray[Any], labels: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> DistinctRows:
        """Find the distinct rows.

        Parameters
        ----------
        cells : ndarray, (n_rows, n_columns)
            Numbers; NaN equals NaN.
        labels : ndarray, (n_rows,)
            Class indices or targets.
        weights : ndarray of float64, (n_rows,), or None
            Weights of the rows; None stands for ones.

        Examples
        --------
        >>> import numpy as np
        >>> rows = DistinctRows.of(np.array([[1.0], [1.0], [1.0]]), np.array([0, 1, 0]), None)
        >>> rows.first, rows.group, rows.weights
        (array([0, 1]), array([0, 0]), array([2., 1.]))
        """
        _, same_cells = distinct(cells)
        first, inverse = distinct(np.column_stack([same_cells, labels.astype(np.float64)]))
        total = np.bincount(inverse, weights).astype(np.float64)
        return cls(first, inverse, same_cells[first], total)

    def folds(
        self, labels: NDArray[Any], n_folds: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Assign the distinct rows to folds, each with its share of every class or target.

        Parameters
        ----------
        labels : ndarray, (n_distinct,)
            Their labels.
        n_folds : int
            How many folds.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        ndarray of int64, (n_distinct,)
            The fold of each.
        """
        groups, one_row = np.unique(self.group, return_index=True)
        order = np.lexsort([rng.random(len(groups)), labels[one_row]])
        fold = np.empty(len(groups), np.int64)
        fold[order] = np.arange(len(groups)) % n_folds
        return fold[np.searchsorted(groups, self.group)]
