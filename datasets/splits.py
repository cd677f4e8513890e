"""Seeded stratified splits, the same for every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tabtransfer.errors import TabTransferError

__all__ = [
    "N_FOLDS",
    "Split",
    "count_repeats",
    "list_classes",
    "share_rows",
    "stratified_sample",
    "stratified_splits",
    "tabarena_splits",
    "target_bins",
    "thin_rows",
]

N_FOLDS = 3


@dataclass(frozen=True)
class Split:
    """The row numbers of one split.

    Parameters
    ----------
    index : int
        Number of the split, from 0.
    train : ndarray of shape (n_train,)
        Positions of the training rows, shuffled.
    test : ndarray of shape (n_test,)
        Positions of the test rows, shuffled; none is in ``train``.

    Examples
    --------
    >>> split = stratified_splits(["a", "b"] * 10, n_splits=1)[0]
    >>> len(split.train), len(split.test)
    (10, 10)
    """

    index: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def stratified_splits(
    y: ArrayLike,
    *,
    n_splits: int = 3,
    seed: int = 0,
    test_size: float = 0.5,
    max_train: int | None = None,
    max_test: int | None = None,
) -> list[Split]:
    """Draw random splits in which each class has its share of both halves.

    Each half has at least one row of every class, however rare; a class with a single row
    can't be both learned and scored, so that row is left out of all splits. A split depends on
    ``y``, the seed, its number and the sizes alone: asking for more splits leaves the earlier
    ones as they were, and every method gets the same rows.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values.
    n_splits : int, default=3
        Number of splits.
    seed : int, default=0
        Seed of the draws.
    test_size : float, default=0.5
        Share of the rows in the test half, strictly between 0 and 1.
    max_train, max_test : int, optional
        Most rows of a half; a larger half is thinned class by class.

    Returns
    -------
    list of Split
        ``n_splits`` splits.

    Raises
    ------
    TabTransferError
        If a label is missing, fewer than two classes have two rows, ``test_size`` is out of
        range, or a half is too small to hold a row of every class.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array(["common"] * 18 + ["rare"] * 2)
    >>> split = stratified_splits(y, n_splits=1, test_size=0.25)[0]
    >>> sorted(y[split.test].tolist())
    ['common', 'common', 'common', 'common', 'rare']
    """
    if not 0 < test_size < 1:
        raise TabTransferError(f"test_size must be between 0 and 1, not {test_size}.")
    rows_of_class = list_classes(y)
    counts = np.array([len(rows) for rows in rows_of_class])
    n_test = round(counts.sum() * test_size)
    n_train = int(counts.sum()) - n_test
    test_quotas = share_rows(counts, min(n_test, max_test or n_test), counts - 1)
    train_quotas = share_rows(counts, min(n_train, max_train or n_train), counts - test_quotas)
    return [
        _draw(index, rows_of_class, train_quotas, test_quotas, np.random.default_rng([seed, index]))
        for index in range(n_splits)
    ]


def tabarena_splits(
    y: ArrayLike,
    *,
    seed: int = 0,
    max_train: int | None = None,
    max_test: int | None = None,
) -> list[Split]:
    """Draw repeated stratified folds, as many as TabArena takes for a table of this size.

    Each repeat cuts the rows into three folds, each of which is the test half once: 10 repeats
    below 2,500 training rows, 3 up to 250,000, 1 above (Erickson et al. 2025,
    arXiv:2506.16791). A class with fewer rows than folds is left out. Repeat ``r`` and fold
    ``f`` are split ``3 r + f``; it depends on ``y``, the seed, its number and the sizes alone.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values.
    seed : int, default=0
        Seed of the draws.
    max_train, max_test : int, optional
        Most rows of a half; a larger half is thinned class by class. The number of repeats
        goes by the rows before that.

    Returns
    -------
    list of Split
        30, 9 or 3 splits.

    Raises
    ------
    TabTransferError
        If a label is missing, fewer than two classes have three rows, or a half is too small
        to hold a row of every class.

    Examples
    --------
    >>> splits = tabarena_splits(["a", "b"] * 30)
    >>> len(splits), len(splits[0].train), len(splits[0].test)
    (30, 40, 20)
    """
    from sklearn.model_selection import StratifiedKFold

    codes = _codes(y)
    rows = np.flatnonzero(np.bincount(codes, minlength=1)[codes] >= N_FOLDS)
    if len(np.unique(codes[rows])) < 2:
        raise TabTransferError(
            f"{N_FOLDS} folds need two or more classes with {N_FOLDS} or more rows each; "
            f"the labels have {len(np.unique(codes[rows]))}."
        )
    splits: list[Split] = []
    for repeat in range(count_repeats(len(rows) * (N_FOLDS - 1) // N_FOLDS)):
        rng = np.random.default_rng([seed, repeat])
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=int(rng.integers(2**31)))
        for train, test in folds.split(rows, codes[rows]):
            train, test = rng.permutation(rows[train]), rng.permutation(rows[test])
            splits.append(
                Split(
                    len(splits),
                    thin_rows(train, codes, max_train),
                    thin_rows(test, codes, max_test),
                )
            )
    return splits


def stratified_sample(y: ArrayLike, max_rows: int, *, seed: int = 0) -> NDArray[np.intp]:
    """Draw rows so that each class keeps its share, however rare it is.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values; of a numeric target, its `target_bins`.
    max_rows : int
        Most rows; no fewer than there are classes.
    seed : int, default=0
        Seed of the draw.

    Returns
    -------
    ndarray of shape (n_drawn,)
        Positions of the rows, ascending; all of them where they are no more than ``max_rows``.

    Raises
    ------
    TabTransferError
        If there are more classes than ``max_rows``, or a label is missing.

    Examples
    --------
    >>> rows = stratified_sample(["a"] * 90 + ["b"] * 10, 20)
    >>> len(rows), int((rows >= 90).sum())
    (20, 2)
    """
    codes = _codes(y)
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    return np.sort(thin_rows(shuffled, codes, max_rows))


def target_bins(y: ArrayLike, n_bins: int = 10) -> NDArray[np.intp]:
    """Return the bin of each number, of bins of the same size, to stratify by.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Numbers without missing values.
    n_bins : int, default=10
        Most bins; fewer where a bin would have fewer than ten rows, two at least.

    Returns
    -------
    ndarray of shape (n_rows,)
        Numbers of the bins, from 0. Equal values may lie in neighbouring bins.

    Raises
    ------
    TabTransferError
        If a value is missing.

    Examples
    --------
    >>> target_bins([5.0, 1.0, 3.0, 9.0]).tolist()
    [1, 0, 0, 1]
    """
    values = np.asarray(y, dtype=np.float64)
    if np.isnan(values).any():
        raise TabTransferError(
            f"{int(np.isnan(values).sum())} rows have no target; drop them before splitting."
        )
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return ranks * max(2, min(n_bins, len(values) // 10)) // max(len(values), 1)


def count_repeats(n_train: int) -> int:
    """Return how often three folds are repeated for so many training rows, as TabArena does.

    Examples
    --------
    >>> [count_repeats(n_train) for n_train in (1_000, 10_000, 1_000_000)]
    [10, 3, 1]
    """
    if n_train < 2_500:
        return 10
    return 3 if n_train <= 250_000 else 1


def _codes(y: ArrayLike) -> NDArray[np.intp]:
    codes, _ = pd.factorize(np.asarray(y, dtype=object), sort=False)
    if (codes < 0).any():
        raise TabTransferError(
            f"{int((codes < 0).sum())} rows have no label; drop them before splitting."
        )
    return codes


def list_classes(y: ArrayLike) -> list[NDArray[np.intp]]:
    """Return the rows of each class that has two or more.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values.

    Returns
    -------
    list of ndarray
        Positions of the rows, ascending, class by class in the order of appearance.

    Raises
    ------
    TabTransferError
        If a label is missing or fewer than two classes have two rows.

    Examples
    --------
    >>> [rows.tolist() for rows in list_classes(["a", "b", "a", "c", "b"])]
    [[0, 2], [1, 4]]
    """
    codes = _codes(y)
    rows_of_class = [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]
    rows_of_class = [rows for rows in rows_of_class if len(rows) > 1]
    if len(rows_of_class) < 2:
        raise TabTransferError(
            "A split needs two or more classes with two or more rows each; "
            f"the labels have {len(rows_of_class)}."
        )
    return rows_of_class


def thin_rows(rows: NDArray[np.intp], codes: NDArray[np.intp], cap: int | None) -> NDArray[np.intp]:
    """Keep the first rows of each class up to its share of a cap, in the order they have.

    Parameters
    ----------
    rows : ndarray of shape (n_rows,)
        Positions of rows.
    codes : ndarray of shape (n_all_rows,)
        Class of every row of the table, as a number.
    cap : int or None
        Most rows; None for all.

    Examples
    --------
    >>> thin_rows(np.array([3, 0, 1, 2]), np.array([0, 0, 1, 1]), 2).tolist()
    [3, 0]
    """
    if cap is None or len(rows) <= cap:
        return rows
    _, classes, counts = np.unique(codes[rows], return_inverse=True, return_counts=True)
    quotas = share_rows(counts, cap, counts)
    kept = [np.flatnonzero(classes == k)[:quota] for k, quota in enumerate(quotas)]
    return rows[np.sort(np.concatenate(kept))]


def share_rows(
    counts: NDArray[np.intp], total: int, capacity: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Share rows among classes by their counts: at least 1, at most the capacity.

    Parameters
    ----------
    counts : ndarray of shape (n_classes,)
        Rows of each class.
    total : int
        Rows to share.
    capacity : ndarray of shape (n_classes,)
        Most rows of each class.

    Returns
    -------
    ndarray of shape (n_classes,)
        Rows of each class's share; they sum to ``total``, or to the capacity where that is less.

    Raises
    ------
    TabTransferError
        If there are more classes than rows to share.

    Examples
    --------
    >>> share_rows(np.array([90, 9, 1]), 10, np.array([90, 9, 1])).tolist()
    [8, 1, 1]
    """
    if total < len(counts):
        raise TabTransferError(
            f"A half of {total} rows can't hold a row of each of {len(counts)} classes; "
            "raise max_train, max_test or test_size."
        )
    ideal = counts * total / counts.sum()
    quotas = np.clip(np.floor(ideal).astype(np.intp), 1, capacity)
    while quotas.sum() < min(total, capacity.sum()):
        quotas[np.argmax(np.where(quotas < capacity, ideal - quotas, -np.inf))] += 1
    while quotas.sum() > total:
        quotas[np.argmax(np.where(quotas > 1, quotas - ideal, -np.inf))] -= 1
    return quotas


def _draw(
    index: int,
    rows_of_class: list[NDArray[np.intp]],
    train_quotas: NDArray[np.intp],
    test_quotas: NDArray[np.intp],
    rng: np.random.Generator,
) -> Split:
    train, test = [], []
    for rows, n_train, n_test in zip(rows_of_class, train_quotas, test_quotas, strict=True):
        shuffled = rng.permutation(rows)
        test.append(shuffled[:n_test])
        train.append(shuffled[n_test : n_test + n_train])
    return Split(
        index=index,
        train=rng.permutation(np.concatenate(train)),
        test=rng.permutation(np.concatenate(test)),
    )
