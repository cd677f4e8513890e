"""Copies among rows: rows of equal cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "distinct",
    "held_out_together",
    "left_out_together",
    "of_first_copy",
    "recur_by_nature",
]

_SINGLE = 0.25  # share of single rows, of rows that differ, from which on rows recur by nature
_LESS_SINGLE = 0.5  # of that share in another class: a class that was repeated to balance them
_DOUBT = 2.0  # rows taken to be single in each class beforehand
_DIFFERENT = 0.5  # share of rows with copies, whose copies have several labels: so it is by nature
_MOST_COPIES = 0.05  # of all rows; rows of more copies are held out one by one


def distinct(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place of a copy of each distinct row, in ascending order, and which one each is.

    Parameters
    ----------
    rows : ndarray, (n_rows, n_columns)
        Numbers; NaN equals NaN, and is the largest.

    Returns
    -------
    first : ndarray of int64, (n_distinct,)
    inverse : ndarray of int64, (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.copies import distinct
    >>> distinct(np.array([[2, 0], [1, 0], [2, 0]]))
    (array([1, 0]), array([1, 0, 1]))
    """
    rows = np.where(np.isnan(rows), np.inf, rows)
    order = np.lexsort(rows.T[::-1]) if rows.shape[1] else np.arange(len(rows))
    ascending = rows[order]
    starts = np.append(True, (ascending[1:] != ascending[:-1]).any(1))
    inverse = np.empty(len(rows), np.int64)
    inverse[order] = np.cumsum(starts) - 1
    return order[starts], inverse


def left_out_together(
    cells: NDArray[np.floating],
    weights: NDArray[np.float64] | None,
    labels: NDArray[Any] | None = None,
) -> NDArray[np.int64] | None:
    """Return which training rows are left out together where one is predicted without its label.

    A row of weight 2 is the row twice, and either would tell the other's label: what is predicted
    of training rows would be too good, and be trusted too much. But where rows recur by nature, as
    those of few categories do, new rows have copies among the training rows as well, and one is
    left out at a time. So it is where weights and numbers of copies are whole, and copies mostly
    have several labels, or many rows are single in each class: where one class alone has copies, or
    weights above 1, it was given them to balance the classes, and new rows have none.

    Parameters
    ----------
    cells : ndarray, (n_rows, n_columns)
        Numbers; NaN equals NaN.
    weights : ndarray of float64, (n_rows,), or None
        Weights of the rows; None stands for ones.
    labels : ndarray of int64 or float64, (n_rows,), optional
        Class, or target, of each row.

    Returns
    -------
    ndarray of int64, (n_rows,), or None
        The same number for rows of equal cells, which are left out together; None where one
        copy is left out.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.copies import left_out_together
    >>> X = np.array([[2.0], [3.0]])
    >>> left_out_together(X, np.array([0.5, 1.5])).tolist()
    [0, 1]
    >>> left_out_together(np.repeat(X, 2, 0), None).tolist()
    [0, 0, 1, 1]
    >>> left_out_together(X, None) is None
    True
    """
    _, copies = distinct(cells)
    return None if recur_by_nature(copies, weights, labels) else copies


def recur_by_nature(
    copies: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
    labels: NDArray[Any] | None = None,
) -> bool:
    """Return whether new rows may be expected to have copies as well; see `left_out_together`.

    Parameters
    ----------
    copies : ndarray of int64, (n_rows,)
        The same number, from 0 on, for rows of equal cells.
    weights, labels
        As there.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.copies import recur_by_nature
    >>> recur_by_nature(np.array([0, 1, 1, 2]), None), recur_by_nature(np.arange(6) // 2, None)
    (True, False)
    """
    times = np.bincount(copies, weights)
    if (times != times.round()).any():
        return False
    if labels is not None and (times > 1.0).any():
        if _share_with_several_labels(copies, times, labels) >= _DIFFERENT:
            return True
        if np.issubdtype(labels.dtype, np.integer) and _is_balanced(copies, weights, labels):
            return False
    return bool((times == 1.0).mean() >= _SINGLE)


def held_out_together(copies: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """Return which rows are held out together: those left out together, or None if each by itself.

    So it is, too, where a row has more copies than a twentieth of all rows, as in tables of a few
    categories: a hold-out would be a few different rows.

    Parameters
    ----------
    copies : ndarray of int64, (n_rows,), or None
        From `left_out_together`.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.copies import held_out_together
    >>> held_out_together(np.array([0, 0, 1, 1])) is None
    True
    >>> held_out_together(np.arange(40) // 2)[:4].tolist()
    [0, 0, 1, 1]
    """
    few = copies is None or np.bincount(copies).max() <= _MOST_COPIES * len(copies)
    return copies if few else None


def of_first_copy(values: NDArray[Any], copies: NDArray[np.int64]) -> NDArray[Any]:
    """Return values of rows, all copies of a row with that of the first one.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.copies import of_first_copy
    >>> of_first_copy(np.array([5, 6, 7]), np.array([0, 1, 0]))
    array([5, 6, 5])
    """
    return values[np.unique(copies, return_index=True)[1]][copies]


def _share_with_several_labels(
    copies: NDArray[np.int64], times: NDArray[Any], labels: NDArray[Any]
) -> float:
    """Return of how many rows with copies, as a share, the copies have several labels."""
    first, _ = distinct(np.column_stack([copies, labels.astype(np.float64)]))
    n_labels = np.bincount(copies[first])
    return float((n_labels[times > 1.0] > 1).mean())


def _is_balanced(
    copies: NDArray[np.int64], weights: NDArray[np.float64] | None, classes: NDArray[np.int64]
) -> bool:
    """Return whether rows of a class are much less often single than those of another."""
    n_classes = int(classes.max()) + 1
    rows, row = np.unique(copies * n_classes + classes, return_inverse=True)
    is_single = np.bincount(row, weights) == 1.0
    n_rows = np.bincount(rows % n_classes, minlength=n_classes)
    n_single = np.bincount(rows % n_classes, is_single, n_classes)
    shares = ((n_single + _DOUBT) / (n_rows + _DOUBT))[n_rows > 0]
    return bool(shares.min() < _LESS_SINGLE * shares.max())
