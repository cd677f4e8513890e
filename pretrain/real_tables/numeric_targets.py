"""Draw rows of a real table whose target is a number, and standardise the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.target_scale import TargetScale

if TYPE_CHECKING:
    from tabtransfer.pretrain.real_tables.real_table import RealTable


def draw_numbers(
    table: RealTable, max_rows: int, train_share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], int]:
    """Draw rows with a finite target, training rows first.

    Parameters
    ----------
    table : RealTable
        Table with numbers as target.
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
    targets : ndarray of float64, (n,)
        Their targets, standardised by the training rows; those of the training rows are clipped
        as in training (see `TargetScale`).
    n_train : int
        Number of training rows.

    Raises
    ------
    TabTransferError
        If there is no training or no query row, or the training rows' targets are all equal.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.real_table import RealTable
    >>> y = pd.Series([1.0, 3.0, None, 2.0, 8.0])
    >>> table = RealTable("toy", pd.DataFrame({"a": range(5)}), y)
    >>> rows, targets, n_train = draw_numbers(table, 4, 0.5, seed=0)
    >>> sorted(rows.tolist()), targets[:n_train].mean().item()
    ([0, 1, 3, 4], 0.0)
    """
    targets = table.y.to_numpy(dtype=np.float64, na_value=np.nan)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(np.isfinite(targets)))[:max_rows]
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
