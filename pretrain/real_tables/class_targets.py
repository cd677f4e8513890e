"""Draw rows of a real table whose target is a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    from tabtransfer.pretrain.real_tables.real_table import RealTable

MAX_CLASSES = 10


def draw_classes(
    table: RealTable, max_rows: int, train_share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Draw rows in proportion to their classes, training rows first.

    Parameters
    ----------
    table : RealTable
        Table with classes as target.
    max_rows : int
        Most rows to draw.
    train_share : float
        Share of the drawn rows that are training rows.
    seed : int
        Same seed, same rows.

    Returns
    -------
    rows : ndarray of int64, (n,)
        Row indices; rows of classes without a training row, and of others than the 10 most
        frequent ones, are left out.
    labels : ndarray of int64, (n,)
        Their class indices.
    n_train : int
        Number of training rows.

    Raises
    ------
    TabTransferError
        If fewer than two classes or no query row are left.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.real_table import RealTable
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> rows, labels, n_train = draw_classes(table, 8, 0.5, seed=0)
    >>> labels.tolist() == (rows % 2).tolist(), n_train
    (True, 4)
    """
    counts = table.y.value_counts()
    kept = counts[counts > 1].index[:MAX_CLASSES]
    rows = np.flatnonzero(table.y.isin(kept))
    names = table.y.iloc[rows].astype(str).to_numpy()
    order = stratified_order(names, np.random.default_rng(seed))[:max_rows]
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


def stratified_order(labels: NDArray, generator: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle rows so that the start of the order, however long, holds each class in proportion.

    Parameters
    ----------
    labels : ndarray, (n,)
        Class of each row.
    generator : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int, (n,)
        Permutation of the row indices.

    Examples
    --------
    >>> order = stratified_order(np.array([0] * 90 + [1] * 10), np.random.default_rng(0))
    >>> int((order[:50] >= 90).sum())
    5
    """
    position = np.empty(len(labels))
    for name in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == name))
        position[members] = (np.arange(len(members)) + generator.random()) / len(members)
    return np.argsort(position, kind="stable")
