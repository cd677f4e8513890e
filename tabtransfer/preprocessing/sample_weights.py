"""Weights of training rows: their checks and their scale.

A row of weight 2 counts as the row twice, so the sum of the weights is how many rows there
seem to be. What reads them (`tabtransfer.network.cells`, `tabtransfer.network.kernels`, the
attention of `tabtransfer.network.transformer`, the scales of columns and targets) is exact under
that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError

__all__ = ["read_sample_weights", "scale_weights"]


def read_sample_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64]:
    """Check the weights of rows.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,)
        Numbers from 0 on.
    n_rows : int
        Rows that there are.

    Returns
    -------
    ndarray of float64, (n_rows,)
        A copy.

    Raises
    ------
    TabTransferError
        If there isn't one weight a row, a weight is negative, missing or infinite, or all are 0.

    Examples
    --------
    >>> from tabtransfer.preprocessing.sample_weights import read_sample_weights
    >>> read_sample_weights([1, 0, 2], n_rows=3)
    array([1., 0., 2.])
    """
    try:
        if np.ma.isMaskedArray(sample_weight):
            sample_weight = np.ma.filled(sample_weight.astype(np.float64), np.nan)
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TabTransferError(
            f"sample_weight must hold numbers ({error}): pass one number a row."
        ) from error
    if weights.shape != (n_rows,):
        raise TabTransferError(
            f"sample_weight has shape {weights.shape}, but X has {n_rows} rows: pass one weight "
            f"a row, of shape ({n_rows},)."
        )
    for wrong, what in ((~np.isfinite(weights), "missing or infinite"), (weights < 0, "negative")):
        if wrong.any():
            raise TabTransferError(
                f"sample_weight holds {int(wrong.sum())} {what} weights, the first in row "
                f"{int(wrong.argmax())}: weights are finite numbers from 0 on; 0 leaves a row out."
            )
    if not weights.any():
        raise TabTransferError(
            "sample_weight is zero for every row, which leaves none to learn from: give at least "
            "one row a weight above 0."
        )
    return weights


def scale_weights(
    weights: NDArray[np.float64] | None, max_total: int
) -> NDArray[np.float64] | None:
    """Scale weights so that their sum is a possible number of rows.

    Parameters
    ----------
    weights : ndarray of float64, (n_rows,), or None
        Weights above 0; None stands for ones.
    max_total : int
        Most rows that are read at once.

    Returns
    -------
    ndarray of float64, (n_rows,), or None
        Weights in the same proportions: as they are if their sum is between the number of
        rows and ``max_total``, otherwise with a sum of the nearer of the two. None if all
        are 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.sample_weights import scale_weights
    >>> scale_weights(np.array([1.0, 3.0]), max_total=4096)
    array([1., 3.])
    >>> scale_weights(np.array([0.1, 0.3]), max_total=4096)
    array([0.5, 1.5])
    """
    if weights is None:
        return None
    with np.errstate(over="ignore"):
        total = weights.sum()
    wanted = np.clip(total, len(weights), max(len(weights), max_total))
    if wanted != total:
        relative = weights / weights.max()
        weights = relative * (wanted / relative.sum())
    return None if (weights == 1.0).all() else weights
