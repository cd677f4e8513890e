"""The training rows by which shares of network and learners are found.

Of a large table, the network reads a sample of the rows, and what it makes of the learners'
predictions is decided there; learners have learned from all rows. Some rows that no member reads
say how much of each belongs in the prediction.

In a table that the network reads as a whole, an ensemble is asked that doesn't read a third of the
rows; the one that predicts reads all. Of numbers that pays from the first rows on (record 026), of
up to ten classes from some 3,000 rows on (record 037).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabtransfer.learners.choice import MOST_CLASSES
from tabtransfer.learners.folds import DistinctRows
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["rows_to_ask_about", "rows_to_keep_back", "rows_untaught"]

_FEWEST_ROWS = 300
_MOST_ROWS = 1000
_FEWEST_OF_CLASS = 20  # of fewer rows of a class, none is kept from the network
_FEWEST_OF_CLASSES = 3 * _MOST_ROWS  # distinct rows; below, asking takes time and gains nothing


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
    return _draw(training, free, n_rows, seed)


def rows_to_ask_about(training: LabelledTable, seed: int) -> NDArray[np.int64]:
    """Choose rows to find shares by, where the network reads all rows.

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
        with all copies, and with their share of each class, or of high and low targets; none of
        many or rare classes, of classes in small tables, where fewer rows differ in their cells, or
        without learners.
    """
    none = np.zeros(0, np.int64)
    if training.table.learners is None or training.n_classes > MOST_CLASSES:
        return none
    own = training.own
    cells, labels = training.table.cells[own], training.labels[own]
    rows = DistinctRows.of(cells, labels, training.weights_of(own))
    if not training.is_regression and rows.n_rows < _FEWEST_OF_CLASSES:
        return none
    n_folds = max(3, -(-rows.n_rows // _MOST_ROWS))
    if rows.n_groups < n_folds:  # copies of one row are asked about together: all rows, it may be
        return none
    folds = rows.folds(labels[rows.first], n_folds, np.random.default_rng([seed, n_folds]))
    asked = folds[rows.inverse] == 0
    if not training.is_regression:
        counts = np.bincount(labels[rows.first], minlength=training.n_classes)
        asked &= counts[labels] >= _FEWEST_OF_CLASS
    return own[asked]


def rows_untaught(
    training: LabelledTable, untaught: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Choose rows to find shares by, of those that a tuned network hasn't learned from.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    untaught : ndarray of int64
        Places of these rows, with all copies.
    seed : int
        Same seed, same rows.

    Returns
    -------
    ndarray of int64
        Places of 1,000 of them at most, with all copies, ascending.
    """
    return _draw(training, untaught, min(_MOST_ROWS, len(untaught)), seed)


def _draw(
    training: LabelledTable, rows: NDArray[np.int64], n_rows: int, seed: int
) -> NDArray[np.int64]:
    """Draw so many of the rows at most, with all copies, ascending."""
    drawn = np.random.default_rng([seed, n_rows]).choice(rows, n_rows, replace=False)
    return training.own_with_copies(drawn)
