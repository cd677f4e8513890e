"""Distinct rows of a table, and folds of them.

What is fitted to distinct rows with the sum of their copies' weights can't tell a row of weight
2 from the row twice, nor one order of the rows from another. Copies are in one fold, as they would
tell each other's labels. Only where rows recur by nature, and new rows have copies as well, they
are dealt to several (`tabtransfer.preprocessing.copies.left_out_together`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.copies import distinct, recur_by_nature

__all__ = ["DistinctRows", "RowsInFolds"]


@dataclass(frozen=True)
class RowsInFolds:
    """Distinct rows, dealt to folds in one part or several.

    Parameters
    ----------
    row : ndarray of int64, (n_parts,)
        Which row each part is, ascending.
    weights : ndarray of float64, (n_parts,)
        Weights of the parts.
    folds : ndarray of int64, (n_parts,)
        Their folds; the parts of a row are in different ones.
    """

    row: NDArray[np.int64]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each row over the values of its parts (n_parts, ...)."""
        starts = np.flatnonzero(np.diff(self.row, prepend=-1))
        if len(starts) == len(self.row):
            return values
        weights = self.weights.reshape(-1, *(1,) * (values.ndim - 1))
        return np.add.reduceat(weights * values, starts) / np.add.reduceat(weights, starts)


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
    recur : bool, default=False
        Whether copies, if there are any, are there by nature, each of weight 1.
    """

    first: NDArray[np.int64]
    inverse: NDArray[np.int64]
    group: NDArray[np.int64]
    weights: NDArray[np.float64]
    recur: bool = False

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
        >>> rows.first, rows.group, rows.weights, rows.recur
        (array([0, 1]), array([0, 0]), array([2., 1.]), True)
        """
        _, same_cells = distinct(cells)
        first, inverse = distinct(np.column_stack([same_cells, labels.astype(np.float64)]))
        total = np.bincount(inverse, weights).astype(np.float64)
        is_whole = bool((total == total.round()).all())
        recur = is_whole and recur_by_nature(same_cells, weights, labels)
        return cls(first, inverse, same_cells[first], total, recur)

    def folds(
        self, labels: NDArray[Any], n_folds: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Assign the distinct rows to folds, each with its share of every class or target.

        Rows of equal cells are in one fold.

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
        fold = _deal(labels[one_row], rng.random(len(groups)), n_folds)
        return fold[np.searchsorted(groups, self.group)]

    def in_folds(self, labels: NDArray[Any], n_folds: int, rng: np.random.Generator) -> RowsInFolds:
        """Deal the distinct rows to folds, copies to different ones where rows recur by nature.

        Parameters
        ----------
        labels, n_folds, rng
            As of `folds`.

        Returns
        -------
        RowsInFolds

        Examples
        --------
        >>> import numpy as np
        >>> X, y = np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([0, 1, 0, 0])
        >>> rows = DistinctRows.of(X, y, None)
        >>> dealt = rows.in_folds(y[rows.first], 2, np.random.default_rng(0))
        >>> dealt.row, dealt.weights, bool(dealt.folds[2] != dealt.folds[3])
        (array([0, 1, 2, 2]), array([1., 1., 1., 1.]), True)
        """
        rows = np.arange(self.n_rows)
        if not self.recur:
            return RowsInFolds(rows, self.weights, self.folds(labels, n_folds, rng))
        n_parts = np.minimum(self.weights, n_folds).astype(np.int64)
        row = rows.repeat(n_parts)
        part = np.arange(len(row)) - (n_parts.cumsum() - n_parts)[row]
        weights = self.weights[row] // n_parts[row] + (part < self.weights[row] % n_parts[row])
        folds = _deal(labels[row], rng.random(self.n_rows)[row], n_folds)
        return RowsInFolds(row, weights, folds)


def _deal(labels: NDArray[Any], places: NDArray[np.float64], n_folds: int) -> NDArray[np.int64]:
    """Return folds in turn, by label and, of equal ones, by place; of one place in their order."""
    folds = np.empty(len(labels), np.int64)
    folds[np.lexsort([places, labels])] = np.arange(len(labels)) % n_folds
    return folds
