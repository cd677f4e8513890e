"""Find columns that are near-copies of each other, so that none may help to predict another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAME_ORDER = 0.999  # rank correlation, up or down


def find_copies(cells: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number columns so that near-copies of each other have the same number.

    Columns are copies when their ranks correlate above 0.999 or below -0.999, or when their
    distinct values are one-to-one and come more than twice on average. Columns whose values
    hardly repeat are one-to-one with any other, more so where both miss the same rows or some
    rows are there twice.

    Parameters
    ----------
    cells : ndarray of float, (n_rows, n_columns)
        Numbers or codes, NaN where missing.

    Returns
    -------
    ndarray of int64, (n_columns,)

    Examples
    --------
    >>> codes = np.array([0, 1, 2, 0, 2, 1, 1, 0])
    >>> find_copies(np.stack([codes, (codes + 1) % 3, codes == 0], axis=1).astype(np.float32))
    array([0, 0, 2])
    """
    ranks = np.stack([_ranks(column) for column in cells.T], axis=1)
    correlated = np.abs(ranks.T @ ranks) > _SAME_ORDER
    codes = [np.unique(column, return_inverse=True)[1] for column in cells.T]
    counts = [tuple(np.sort(np.bincount(column))) for column in codes]
    n_known = (~np.isnan(cells)).sum(0)
    copies = np.arange(cells.shape[1])
    for later in range(1, cells.shape[1]):
        for earlier in range(later):
            # One-to-one columns have equal counts, which are quick to compare.
            one_to_one = counts[earlier] == counts[later] and len(counts[later]) == len(
                np.unique(codes[earlier] * len(counts[later]) + codes[later])
            )
            repeated = 2 * len(counts[later]) < n_known[later]
            if correlated[earlier, later] or (one_to_one and repeated):
                copies[copies == copies[later]] = copies[earlier]
    return copies.astype(np.int64)


def _ranks(column: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rank the known cells; centred, of length one, 0 where missing."""
    from scipy.stats import rankdata

    known = ~np.isnan(column)
    ranks = np.zeros(len(column))
    if not known.any():
        return ranks
    ranks[known] = rankdata(column[known])
    ranks[known] -= ranks[known].mean()
    return ranks / max(float(np.linalg.norm(ranks)), 1e-12)
