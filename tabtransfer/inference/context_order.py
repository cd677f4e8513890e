"""The order of a context's rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabtransfer.network.ridge import BLOCK_ROWS, deal_together
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["copies_together"]


def copies_together(training: LabelledTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return rows in an order in which the network leaves out all copies of a row with it.

    In large contexts, its kernels are fitted to blocks of rows (`tabtransfer.network.ridge`), and
    a copy in another block would tell the label.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    rows : ndarray of int64
        Places of those in a context.

    Returns
    -------
    ndarray of int64
        The same places; in the same order where no rows are left out together.
    """
    copies = training.copies_of(rows) if len(rows) > BLOCK_ROWS else None
    return rows if copies is None else rows[deal_together(copies)]
