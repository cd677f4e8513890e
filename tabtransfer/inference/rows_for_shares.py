"""The training rows by which shares of network and learners are found.

Of a large table, the network reads a sample of the rows, and what it makes of the learners'
predictions is decided there; learners have learned from all rows. Some rows that no member reads
say how much of each belongs in the prediction.

Of numbers in a table that the network reads as a whole, an ensemble is asked that doesn't read a
third of the rows; the one that predicts reads all (record 026). Of classes, nothing is gained by
that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabtransfer.learners.folds import DistinctRows
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["rows_to_ask_about", "rows_to_keep_back"]

_FEWEST_ROWS = 300
_MOST_ROWS = 1000
_FEWEST_OF_CLASS = 20  # of fewer rows of a class, none is kept from the network


def rows_to_keep_back(
    training: LabelledTable, max_context_rows: int, seed: int
) -> NDArray[np.int64]:
    """Choose training rows to keep back from all members of an ensemble, to find shares by.

    Parameters
    ----------
    training : LabelledTable
        The training rows, with what learners predict.
    max_context_rows : int
        Most rows that a member reads: only rows beyond them are kept back.
    seed : int
        Same seed, same rows.

    Returns
    -------
    ndarray of int64
        Places of the rows, ascending; none where there are no learners or too few rows.
    """
    none = np.zeros(0, np.int64)
    if training.table.learners is None:
        return none
    free = training.own
    if not training.is_regression:
        counts = np.bincount(training.labels, minlength=training.n_classes)
        free = free[counts[training.labels[free]] >= _FEWEST_OF_CLASS]
    n_rows = min(_MOST_ROWS, training.n_rows - max_context_rows, len(free) // 2)
    if n_rows < _FEWEST_ROWS:
        return none
    drawn = np.random.default_rng([seed, n_rows]).choice(free, n_rows, replace=False)
    return training.own_with_copies(drawn)


def rows_to_ask_about(training: LabelledTable, seed: int) -> NDArray[np.int64]:
    """Choose rows to find shares of numbers by, where the network reads all rows.

    Parameters
    ----------
    training : LabelledTable
        The training rows, with what learners predict.
    seed : int
        Same seed, same rows.

    Returns
    -------
    ndarray of int64
        Places of the rows, ascending: a third of those that differ, or some 1,000 if that is less,
        with all copies, and with their share of high and low targets; none of classes, or without
        learners.
    """
    if not training.is_regression or training.table.learners is None:
        return np.zeros(0, np.int64)
    own = training.own
    cells, labels = training.table.cells[own], training.labels[own]
    rows = DistinctRows.of(cells, labels, training.weights_of(own))
    n_folds = max(3, -(-rows.n_rows // _MOST_ROWS))
    folds = rows.folds(labels[rows.first], n_folds, np.random.default_rng([seed, n_folds]))
    return own[folds[rows.inverse] == 0]
