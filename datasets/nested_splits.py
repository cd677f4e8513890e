"""Training sets of growing size, each within the next, and the same test rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabtransfer.datasets.splits import Split, list_classes, share_rows

__all__ = ["nested_splits"]


def nested_splits(
    y: ArrayLike,
    sizes: Sequence[int],
    *,
    n_splits: int = 3,
    seed: int = 0,
    max_test: int | None = None,
) -> dict[int, list[Split]]:
    """Draw training sets of several sizes, each within the next, with the same test rows.

    The test half is drawn as `stratified_splits` draws it. The other rows are put in an order of
    which every beginning keeps the class shares: a row of each class first, then by the divisor
    method of Sainte-Laguë, which never takes a row back when more are asked for. So a size's rows
    depend on ``y``, the seed and the split's number alone, not on the other sizes.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values; of a numeric target, its `target_bins`.
    sizes : sequence of int
        Numbers of training rows.
    n_splits : int, default=3
        Number of splits.
    seed : int, default=0
        Seed of the draws.
    max_test : int, optional
        Most test rows; a larger half is thinned class by class.

    Returns
    -------
    dict of int to list of Split
        ``n_splits`` splits for each size, ascending. Sizes of more rows than half the table, or
        of fewer than it has classes, are left out.

    Raises
    ------
    TabTransferError
        If a label is missing or fewer than two classes have two rows.

    Examples
    --------
    >>> splits = nested_splits(["a"] * 30 + ["b"] * 10, [16, 8, 64], n_splits=1)
    >>> list(splits), set(splits[8][0].train) < set(splits[16][0].train)
    ([8, 16], True)
    """
    rows_of_class = list_classes(y)
    counts = np.array([len(rows) for rows in rows_of_class])
    n_test = round(counts.sum() / 2)
    n_train = int(counts.sum()) - n_test
    quotas = share_rows(counts, min(n_test, max_test or n_test), counts - 1)
    splits: dict[int, list[Split]] = {
        size: [] for size in sorted(set(sizes)) if len(counts) <= size <= n_train
    }
    for index in range(n_splits):
        rng = np.random.default_rng([seed, index])
        shuffled = [rng.permutation(rows) for rows in rows_of_class]
        test = rng.permutation(
            np.concatenate([rows[:quota] for rows, quota in zip(shuffled, quotas, strict=True)])
        )
        ordered = _by_shares([rows[n:] for rows, n in zip(shuffled, quotas, strict=True)])
        for size, of_size in splits.items():
            train = np.random.default_rng([seed, index, size]).permutation(ordered[:size])
            of_size.append(Split(index, train, test))
    return splits


def _by_shares(rows_of_class: list[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Order rows so that every beginning has each class, at its share (Sainte-Laguë)."""
    places = np.concatenate([np.arange(len(rows)) for rows in rows_of_class])
    counts = np.repeat([len(rows) for rows in rows_of_class], [len(rows) for rows in rows_of_class])
    order = np.lexsort(((places + 0.5) / counts, places > 0))
    return np.concatenate(rows_of_class)[order]
