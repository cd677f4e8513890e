"""The training rows of a model, as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["TrainingRows"]


@dataclass(frozen=True)
class TrainingRows:
    """The rows that a model was fitted to, as they were given.

    Parameters
    ----------
    X : DataFrame, (n_rows, n_features)
        The table.
    labels : ndarray of int64 or float64, (n_rows,)
        Class index of each row, or its target.
    weights : ndarray of float64, (n_rows,), or None
        Weight of each row, if it was given one.
    related : ndarray of bool, (n_rows,), or None
        Which rows are those of related tables; None: none is.
    """

    X: pd.DataFrame
    labels: NDArray[Any]
    weights: NDArray[np.float64] | None = None
    related: NDArray[np.bool_] | None = None
