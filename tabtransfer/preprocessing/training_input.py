"""Read and check what is given to `fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from tabtransfer.preprocessing.encoder import read_table
from tabtransfer.preprocessing.sample_weights import read_sample_weights
from tabtransfer.preprocessing.target import read_target

__all__ = ["TrainingInput", "read_training"]


@dataclass(frozen=True)
class TrainingInput:
    """What was given to `fit`.

    Parameters
    ----------
    frame : DataFrame, (n_rows, n_features)
        The rows.
    target : ndarray, (n_rows,)
        Their targets.
    weights : ndarray of float64, (n_rows,), or None
        Their weights, if some were given.
    related : ndarray of bool, (n_rows,), or None
        Which of them are rows of related tables; None: none is.
    """

    frame: pd.DataFrame
    target: NDArray[Any]
    weights: NDArray[np.float64] | None
    related: NDArray[np.bool_] | None = None


def read_training(estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any) -> TrainingInput:
    """Read training rows, their targets and weights; the estimator gets its columns' names.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_`` and, if columns have names, ``feature_names_in_``.
    X, y, sample_weight
        As `fit` takes them.

    Returns
    -------
    TrainingInput
        The rows whose weight isn't 0.
    """
    frame = read_table(X)
    validate_data(estimator, frame, skip_check_array=True)
    target = read_target(y)
    check_consistent_length(frame, target)
    if sample_weight is None:
        return TrainingInput(frame, target, None)
    weights = read_sample_weights(sample_weight, len(frame))
    kept = np.flatnonzero(weights)
    return TrainingInput(frame.iloc[kept], target[kept], weights[kept])
