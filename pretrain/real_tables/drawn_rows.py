"""Draw rows of a real table for one task, with class indices or standardised numbers as labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.stratified import stratified_order
from tabtransfer.preprocessing.target_scale import TargetScale

if TYPE_CHECKING:
    from tabtransfer.pretrain.real_tables.real_table import RealTable

MAX_CLASSES = 10


def draw_rows(
    table: RealTable,
    task: str,
    max_rows: int,
    train_share: float,
    seed: int,
) -> tuple[NDArray[np.int64], NDArray[Any], int]:
    """Draw rows with a label, training rows first.

    Classes are drawn in proportion; rows of classes without a training row, and of others than
    the 10 most frequent ones, are left out. Numbers are standardised by the training rows, whose
    own are clipped as in training (see `TargetScale`).

    Parameters
    ----------
    table : RealTable
        The table.
    task : {"classification", "regression"}
        Whether its target is a class or a number.
    max_rows : int
        Most rows to draw.
    train_share : float
        Share of the drawn rows that are training rows.
    seed : int
        Same seed, same rows.

    Returns
    -------
    rows : ndarray of int64, (n,)
        Row indices.
    labels : ndarray of int64 or float64, (n,)
        Their class indices, or their standardised numbers.
    n_train : int
        Number of training rows.

    Raises
    ------
    TabTransferError
        If fewer than two classes are left, the training rows' numbers are all equal, or there is
        no training or no query row.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.real_table import RealTable
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> rows, labels, n_train = draw_rows(table, "classification", 8, 0.5, seed=0)
    >>> labels.tolist() == (rows % 2).tolist(), n_train
    (True, 4)
    >>> table = RealTable("toy", table.X[:5], pd.Series([1.0, 3.0, None, 2.0, 8.0]))
    >>> rows, targets, n_train = draw_rows(table, "regression", 4, 0.5, seed=0)
    >>> sorted(rows.tolist()), targets[:n_train].mean().item()
    ([0, 1, 3, 4], 0.0)
    """
    draw = _draw_numbers if task == "regression" else _draw_classes
    return draw(table, max_rows, train_share, np.random.default_rng(seed))


def _draw_classes(
    table: RealTable, max_rows: int, train_share: float, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    counts = table.y.value_counts()
    kept = counts[counts > 1].index[:MAX_CLASSES]
    rows = np.flatnonzero(table.y.isin(kept))
    names = table.y.iloc[rows].astype(str).to_numpy()
    order = stratified_order(names, random)[:max_rows]
    rows, names = rows[order], names[order]
    n_train = round(train_share * len(rows))
    classes = np.unique(names[:n_train])
    seen = np.isin(names, classes)
    rows = rows[seen]
    if n_train == len(rows) or len(classes) < 2:
        raise TabTransferError(
            f"table {table.name!r} leaves fewer than two classes or no query row of {len(rows)} "
            "rows; leave it out or draw more rows"
        )
    return rows, np.searchsorted(classes, names[seen]).astype(np.int64), n_train


def _draw_numbers(
    table: RealTable, max_rows: int, train_share: float, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    targets = table.y.to_numpy(dtype=np.float64, na_value=np.nan)
    rows = random.permutation(np.flatnonzero(np.isfinite(targets)))[:max_rows]
    n_train = int(train_share * len(rows))
    train, query = np.split(targets[rows], [n_train])
    if n_train == 0 or len(query) == 0 or np.ptp(train) == 0.0:
        raise TabTransferError(
            f"table {table.name!r} has {len(rows)} rows with a target, of which the {n_train} "
            f"for training hold no two different ones or none is left to predict: leave it out."
        )
    scale = TargetScale.of(train)
    standardised = [scale.standardise(train), (query - scale.mean) / scale.deviation]
    return rows, np.concatenate(standardised), n_train
