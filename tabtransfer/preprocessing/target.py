"""Read targets as users have them: labels of any type as class indices, numbers as floats."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from tabtransfer.errors import ColumnWarning, TabTransferError

__all__ = ["encode_labels", "read_numbers", "read_target"]

_LARGEST = 1e300  # with room for quantiles on both sides


def encode_labels(y: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Turn labels into classes and class indices.

    Parameters
    ----------
    y : array-like or Series, (n_rows,)
        Strings, integers, booleans, categories, or whole numbers as floats.

    Returns
    -------
    classes : ndarray, (n_classes,)
        The distinct labels, sorted.
    codes : ndarray of int64, (n_rows,)
        Index of each label in ``classes``.

    Raises
    ------
    TabTransferError
        If labels are missing, of types that can't be sorted together, or look continuous.
    ValueError
        scikit-learn's, if ``y`` has several columns or holds infinite values.

    Examples
    --------
    >>> from tabtransfer.preprocessing.target import encode_labels
    >>> encode_labels(["yes", "no", "yes"])
    (array(['no', 'yes'], dtype='<U3'), array([1, 0, 1]))
    """
    labels = read_target(y)
    if labels.dtype == object:
        labels = _one_type(labels)
    if labels.dtype.kind not in "biufUT" and not isinstance(labels[0], str):
        raise TabTransferError(
            f"Unknown label type: the labels are {_type_name(labels[0])} values, the first of them "
            f"{str(labels[0])!r}. Pass them as strings, [str(label) for label in y], to predict "
            "which of them it is, or as numbers to TabTransferRegressor to predict how much."
        )
    try:
        check_classification_targets(labels)
    except ValueError as error:
        if "Unknown label type" not in str(error):
            raise
        raise TabTransferError(
            f"{error} Use TabTransferRegressor to predict a number, or cut it into ranges first, "
            "for example with pandas.qcut(y, 5, labels=False)."
        ) from error
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        warnings.warn(
            f"All {len(codes)} labels are {str(classes[0])!r}, and so will be every prediction. "
            "Check that the target was read as it is meant.",
            ColumnWarning,
            stacklevel=2,
        )
    return classes, codes


def read_numbers(y: Any) -> NDArray[np.float64]:
    """Check that a target holds finite numbers.

    Parameters
    ----------
    y : array-like or Series, (n_rows,)
        Numbers or booleans.

    Returns
    -------
    ndarray of float64, (n_rows,)

    Raises
    ------
    TabTransferError
        If numbers are missing, infinite or beyond 1e300, or the target holds something else.
    ValueError
        scikit-learn's, if ``y`` has several columns.

    Examples
    --------
    >>> from tabtransfer.preprocessing.target import read_numbers
    >>> read_numbers([1, 2.5])
    array([1. , 2.5])
    """
    values = read_target(y)
    if values.dtype == object:
        values = pd.Series(values, dtype=object).infer_objects().to_numpy()
    if all(isinstance(value, (Decimal, Fraction)) for value in values):
        values = values.astype(np.float64)
    if values.dtype.kind not in "biuf":
        raise TabTransferError(
            "A regressor needs numbers, but the target holds "
            f"{_type_name(values[0])} values, the first of them "
            f"{str(values[0])!r}: use TabTransferClassifier for classes, or turn "
            f"them into numbers first, for example with {_to_numbers(values)}."
        )
    numbers = values.astype(np.float64)
    infinite = ~np.isfinite(numbers)
    if infinite.any():
        raise TabTransferError(
            f"Input y contains infinity: {int(infinite.sum())} targets are not finite, the first "
            f"in row {int(infinite.argmax())}. Drop those rows: keep = np.isfinite(y); "
            "X, y = X[keep], y[keep]."
        )
    largest = np.abs(numbers).max(initial=0.0)
    if largest > _LARGEST:
        raise TabTransferError(
            f"The target holds {largest:g}, and predictions of targets beyond {_LARGEST:g} would "
            "be infinite: predict y / 1e100 and multiply what is predicted, or drop those rows."
        )
    return numbers


def read_target(y: Any) -> NDArray[Any]:
    """Read a target as a plain array, none of it missing.

    Parameters
    ----------
    y : array-like or Series, (n_rows,)
        Labels or numbers.

    Returns
    -------
    ndarray, (n_rows,)

    Raises
    ------
    TabTransferError
        If there is none, it has several columns, or some are missing.
    """
    if y is None:
        raise TabTransferError("fit requires y to be passed, but the target y is None.")
    try:
        labels = column_or_1d(_plain(y), warn=True)
    except ValueError as error:
        raise TabTransferError(
            f"{error} To predict several targets, wrap the estimator in "
            "sklearn.multioutput.MultiOutputClassifier or MultiOutputRegressor."
        ) from error
    missing = pd.isna(labels)
    known = "~numpy.ma.getmaskarray(y)" if np.ma.isMaskedArray(y) else "pandas.notna(y)"
    if missing.any():
        raise TabTransferError(
            f"Input y contains NaN: {int(missing.sum())} labels are missing, the first in row "
            f"{int(missing.argmax())}. Drop those rows: keep = {known}; X, y = X[keep], y[keep]."
        )
    return labels


def _plain(y: Any) -> Any:
    """Return nullable and categorical labels of pandas as plain arrays."""
    if np.ma.isMaskedArray(y):
        cells = y.data.astype(object)
        cells[np.ma.getmaskarray(y)] = None
        return cells if np.ma.is_masked(y) else y.data
    is_extension = isinstance(getattr(y, "dtype", None), pd.api.extensions.ExtensionDtype)
    return np.asarray(y, dtype=object) if is_extension else y


def _one_type(labels: NDArray[Any]) -> NDArray[Any]:
    """Convert objects to the type that they all have, if numpy has it."""
    plain = [label.item() if isinstance(label, (np.str_, np.bool_)) else label for label in labels]
    types = {type(label) for label in plain}
    if str in types and len(types) > 1:
        names = ", ".join(sorted(t.__name__ for t in types))
        raise TabTransferError(
            f"The labels mix the types {names}: make them all strings, [str(label) for label in y]."
        )
    return pd.Series(plain, dtype=object).infer_objects().to_numpy()


def _type_name(value: Any) -> str:
    return type(value).__name__.rstrip("_")


def _to_numbers(values: NDArray[Any]) -> str:
    """Return advice on how to make numbers of dates, durations or strings."""
    if values.dtype.kind == "M":
        return "(y - y.min()) / pandas.Timedelta(days=1)"
    if values.dtype.kind == "m":
        return "y / pandas.Timedelta(days=1)"
    return "pandas.to_numeric(y)"
