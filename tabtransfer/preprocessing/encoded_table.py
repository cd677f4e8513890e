"""The encoded table: what the encoder makes of a table, and what all other modules read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EncodedTable"]


@dataclass(frozen=True)
class EncodedTable:
    """A table as numbers.

    Parameters
    ----------
    values : ndarray of float32, (n_rows, n_features)
        Standardised numbers, or category codes 0, 1, 2, …; 0 where missing.
    missing : ndarray of bool, (n_rows, n_features)
        True where the cell is missing.
    categorical : ndarray of bool, (n_features,)
        True where the column holds category codes.
    n_categories : ndarray of int64, (n_features,)
        Number of categories in the training rows; 0 for numbers.
    learners : ndarray of float64, (n_rows, n_learners, n_values), optional
        What other models predict of each row: see `tabtransfer.learners.FittedLearners`.
    """

    values: NDArray[np.float32]
    missing: NDArray[np.bool_]
    categorical: NDArray[np.bool_]
    n_categories: NDArray[np.int64]
    learners: NDArray[np.float64] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.values)

    @property
    def cells(self) -> NDArray[np.float32]:
        """Values, NaN where missing."""
        return np.where(self.missing, np.float32(np.nan), self.values)

    def take(self, rows: NDArray[np.int64] | slice) -> EncodedTable:
        """Return some rows, in the order given."""
        learners = None if self.learners is None else self.learners[rows]
        return EncodedTable(
            self.values[rows], self.missing[rows], self.categorical, self.n_categories, learners
        )
