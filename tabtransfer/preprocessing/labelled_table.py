"""An encoded table with the labels and weights of its rows, from which everything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.copies import held_out_together, left_out_together, of_first_copy
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["LabelledTable"]


@dataclass(frozen=True)
class LabelledTable:
    """An encoded table, its labels and the weights of its rows.

    Parameters
    ----------
    table : EncodedTable
        The rows.
    labels : ndarray of int64 or float64, (n_rows,)
        Class index of each, or its target as it is.
    n_classes : int
        Number of classes; 0 if the target is a number.
    weights : ndarray of float64, (n_rows,), or None
        Weight of each row; a row of weight 2 counts as the row twice. None: all one.
    related : ndarray of bool, (n_rows,), or None
        Which rows are those of related tables, by which nothing is judged. None: none is.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> X = np.arange(4.0)[:, None]
    >>> table = LabelledTable(TableEncoder().fit(X).transform(X), np.array([0, 0, 1, 1]), 2)
    >>> table.take(np.array([3, 0])).labels.tolist(), table.is_regression
    ([1, 0], False)
    """

    table: EncodedTable
    labels: NDArray[Any]
    n_classes: int
    weights: NDArray[np.float64] | None = None
    related: NDArray[np.bool_] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.labels)

    @property
    def own(self) -> NDArray[np.int64]:
        """Places of the rows that aren't related ones."""
        return np.arange(self.n_rows) if self.related is None else np.flatnonzero(~self.related)

    @property
    def is_regression(self) -> bool:
        """Whether the target is a number."""
        return self.n_classes == 0

    @property
    def strata(self) -> NDArray[np.int64]:
        """The class of each row, as samples keep its share; all the same for numbers."""
        return np.zeros(self.n_rows, np.int64) if self.is_regression else self.labels

    @property
    def total_weight(self) -> float:
        """The sum of the weights: the number of rows that they stand for."""
        return float(self.n_rows) if self.weights is None else float(self.weights.sum())

    @cached_property
    def copies(self) -> NDArray[np.int64] | None:
        """Which rows are left out together (n_rows,); see `left_out_together`."""
        return left_out_together(self.table.cells, self.weights, self.labels)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "copies"}

    def copies_of(self, rows: NDArray[np.int64] | slice) -> NDArray[np.int64] | None:
        """Return which of some rows are left out together, as `TaskBatch.copies` has it."""
        return None if self.copies is None else np.unique(self.copies[rows], return_inverse=True)[1]

    def folds_with_copies(self, folds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the folds of rows (n_rows,), with rows that are held out together in one."""
        together = held_out_together(self.copies)
        return folds if together is None else of_first_copy(folds, together)

    def deal_folds(
        self, values: NDArray[Any], n_folds: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return folds of the rows, each with its share of small and large values.

        Rows that are held out together are in one. Related rows are in none (-1), or in that of a
        row that they are held out together with.
        """
        order = rng.permutation(self.own)
        folds = np.full(self.n_rows, -1)
        folds[order[values[order].argsort(kind="stable")]] = np.arange(len(order)) % n_folds
        return self.folds_with_copies(folds)

    def own_with_copies(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return no more rows than these, with whatever is held out together with any of them.

        Parameters
        ----------
        rows : ndarray of int64
            Places of rows; those that come first are preferred.

        Returns
        -------
        ndarray of int64
            Places, ascending, of rows that aren't related ones.
        """
        together = held_out_together(self.copies)
        if together is None:
            return np.sort(rows)
        named, first = np.unique(together[rows], return_index=True)
        named = named[first.argsort()]
        sizes = np.bincount(together[self.own], minlength=together.max() + 1)
        fitting = named[sizes[named].cumsum() <= len(rows)]
        return self.own[np.isin(together[self.own], fitting)]

    def with_related_copies(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places, ascending, of rows and of related rows held out together with any."""
        together = held_out_together(self.copies)
        if together is None or self.related is None:
            return np.sort(rows)
        return np.union1d(rows, np.flatnonzero(self.related & np.isin(together, together[rows])))

    def others_than(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places, ascending, of what is left when rows are held out."""
        return np.setdiff1d(np.arange(self.n_rows), self.with_related_copies(rows))

    def weights_of(self, rows: NDArray[np.int64] | slice) -> NDArray[np.float64] | None:
        """Return the weights of some rows, or None where all are one."""
        return None if self.weights is None else self.weights[rows]

    def take(self, rows: NDArray[np.int64] | slice) -> LabelledTable:
        """Return some rows, in the order given."""
        related = None if self.related is None else self.related[rows]
        return LabelledTable(
            *(self.table.take(rows), self.labels[rows], self.n_classes),
            *(self.weights_of(rows), related),
        )
