"""Rows that a tuned network hasn't learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.network.transformer import TabularTransformer

__all__ = ["Untaught"]


@dataclass(frozen=True, eq=False)
class Untaught:
    """A network that was tuned on a table, and rows of the table that it hasn't learned from.

    What it predicts for them says how good its predictions of new rows are; of the rows that it was
    tuned on, it knows the labels.

    Parameters
    ----------
    network : TabularTransformer
        The network, tuned like the one that predicts.
    rows : ndarray of int64
        Places of the training rows, with all copies.
    """

    network: TabularTransformer
    rows: NDArray[np.int64]
