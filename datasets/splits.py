"""Seeded stratified splits that every method meets alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tabtransfer.errors import TabTransferError

__all__ = ["Split", "stratified_splits"]


@dataclass(frozen=True)
class Split:
    """Hold the row numbers of one split.

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
    codes, _ = pd.factorize(np.asarray(y, dtype=object), sort=False)
    if (codes < 0).any():
        raise TabTransferError(
            f"{int((codes < 0).sum())} rows have no label; drop them before splitting."
        )
    rows_of_class = [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]
    rows_of_class = [rows for rows in rows_of_class if len(rows) > 1]
    if len(rows_of_class) < 2:
        raise TabTransferError(
            "A split needs two or more classes with two or more rows each; "
            f"the labels have {len(rows_of_class)}."
        )
    counts = np.array([len(rows) for rows in rows_of_class])
    n_test = round(counts.sum() * test_size)
    n_train = int(counts.sum()) - n_test
    test_quotas = _quotas(counts, min(n_test, max_test or n_test), counts - 1)
    train_quotas = _quotas(counts, min(n_train, max_train or n_train), counts - test_quotas)
    return [
        _draw(index, rows_of_class, train_quotas, test_quotas, np.random.default_rng([seed, index]))
        for index in range(n_splits)
    ]


def _quotas(counts: NDArray[np.intp], total: int, capacity: NDArray[np.intp]) -> NDArray[np.intp]:
    """Share ``total`` rows among classes by their counts: at least 1, at most the capacity."""
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
