"""Splits of rows that depend on each other: groups stay together, the past comes before the future.

Plain folds put rows of one customer, or of one week, on both sides. Where the question is what a
method does on new customers or next week, they flatter it (Roberts et al. 2017, "Cross-validation
strategies for data with temporal, spatial, hierarchical, or phylogenetic structure").
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tabtransfer.datasets.fold_column import FoldColumn
from tabtransfer.datasets.splits import N_FOLDS, Split, count_repeats, thin_rows
from tabtransfer.errors import TabTransferError

__all__ = ["dependent_splits"]

_MOST_TIMES = 6
_FEWEST_TESTED = 10  # rows of a stretch of time, where there are enough

Parts = tuple[NDArray[np.intp], NDArray[np.intp]]


def dependent_splits(
    y: ArrayLike,
    folds_by: FoldColumn,
    *,
    are_classes: bool = True,
    seed: int = 0,
    max_train: int | None = None,
    max_test: int | None = None,
) -> list[Split]:
    """Split rows by a column that they depend on each other by.

    By groups: three folds without a group in two of them, classes stratified as far as that goes
    (scikit-learn's ``StratifiedGroupKFold``), repeated as in `tabarena_splits` as long as a repeat
    differs from the others. By time: the second half of the rows in up to six stretches, each
    tested on what is learned from all rows before it (``TimeSeriesSplit``); rows of the moment at
    which a stretch begins aren't learned from. Test rows of a class without a training row are left
    out, and so are splits with a single class in a part.

    Parameters
    ----------
    y : array-like of shape (n_rows,)
        Class labels without missing values; of a numeric target, its `target_bins`.
    folds_by : FoldColumn
        The groups, or the times, without missing values.
    are_classes : bool, default=True
        Whether ``y`` holds classes, and not bins of a number, which needn't be in both parts.
    seed : int, default=0
        Seed of the draws.
    max_train, max_test : int, optional
        Most rows of a part; a larger part is thinned class by class.

    Returns
    -------
    list of Split
        The splits; by time, the earliest first.

    Raises
    ------
    TabTransferError
        If there are fewer than three groups, or fewer than two moments, or no split has two classes
        in both parts.

    Examples
    --------
    >>> import pandas as pd
    >>> years = FoldColumn("temporal", pd.Series([*range(2000, 2060)], name="year"))
    >>> splits = dependent_splits(["a", "b"] * 30, years)
    >>> [(len(split.train), int(split.test.min())) for split in splits]
    [(30, 30), (40, 40), (50, 50)]
    """
    codes, _ = pd.factorize(np.asarray(y, dtype=object), sort=False)
    by_kind = {"grouped": _by_group, "temporal": _by_time}
    splits: list[Split] = []
    for number, (train, test) in enumerate(by_kind[folds_by.kind](codes, folds_by, seed)):
        if are_classes:
            test = test[np.isin(codes[test], codes[train])]
            if min(len(np.unique(codes[part])) for part in (train, test)) < 2:
                continue
        rng = np.random.default_rng([seed, number])
        parts = (rng.permutation(train), max_train), (rng.permutation(test), max_test)
        splits.append(Split(len(splits), *(thin_rows(rows, codes, cap) for rows, cap in parts)))
    if not splits:
        raise TabTransferError(
            f"No split by the column {folds_by.name!r} has two classes to learn from and two to "
            "test on: choose another column, or leave it to plain folds."
        )
    return splits


def _by_group(codes: NDArray[np.intp], folds_by: FoldColumn, seed: int) -> Iterator[Parts]:
    from sklearn.model_selection import StratifiedGroupKFold

    groups, names = pd.factorize(folds_by.values, use_na_sentinel=False)
    if len(names) < N_FOLDS:
        raise TabTransferError(
            f"The column {folds_by.name!r} has {len(names)} different values, and {N_FOLDS} folds "
            f"need {N_FOLDS} groups or more."
        )
    # Without enough rows of a class, scikit-learn refuses to stratify by it.
    counts = np.bincount(codes)
    strata = codes if counts.max() >= N_FOLDS else np.zeros_like(codes)
    known: set[frozenset[bytes]] = set()
    for repeat in range(count_repeats(len(codes) * (N_FOLDS - 1) // N_FOLDS)):
        state = int(np.random.default_rng([seed, repeat]).integers(2**31))
        folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=state)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # on classes rarer than the folds
            parts = list(folds.split(codes, strata, groups))
        partition = frozenset(test.tobytes() for _, test in parts)
        if partition not in known:
            known.add(partition)
            yield from _filled(parts)


def _by_time(codes: NDArray[np.intp], folds_by: FoldColumn, seed: int) -> Iterator[Parts]:
    from sklearn.model_selection import TimeSeriesSplit

    times = folds_by.values.to_numpy(dtype=np.float64)
    if len(np.unique(times)) < 2:
        raise TabTransferError(f"All rows have the same time in the column {folds_by.name!r}.")
    order = np.argsort(times, kind="stable")
    later = len(order) // 2
    n_stretches = int(np.clip(later // _FEWEST_TESTED, 2, _MOST_TIMES))
    folds = TimeSeriesSplit(n_stretches, test_size=later // n_stretches)
    for train, test in _filled(folds.split(order)):
        past, future = order[train], order[test]
        past = past[times[past] < times[future].min()]
        if len(past):
            yield past, future


def _filled(parts: Iterable[Parts]) -> Iterator[Parts]:
    """Yield the splits whose parts both have rows; few groups may leave a fold empty."""
    return ((train, test) for train, test in parts if len(train) and len(test))
