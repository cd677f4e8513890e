"""Class labels of any type as class indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from tabtransfer.errors import TabTransferError

__all__ = ["encode_labels"]


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
    >>> from tabtransfer.target import encode_labels
    >>> encode_labels(["yes", "no", "yes"])
    (array(['no', 'yes'], dtype='<U3'), array([1, 0, 1]))
    """
    if y is None:
        raise TabTransferError("fit requires y to be passed, but the target y is None.")
    labels = column_or_1d(_plain(y), warn=True)
    missing = pd.isna(labels)
    if missing.any():
        raise TabTransferError(
            f"Input y contains NaN: {int(missing.sum())} labels are missing, the first in row "
            f"{int(missing.argmax())}. Drop those rows: X, y = X[y.notna()], y[y.notna()]."
        )
    if labels.dtype == object:
        labels = _one_type(labels)
    try:
        check_classification_targets(labels)
    except ValueError as error:
        if "Unknown label type" not in str(error):
            raise
        raise TabTransferError(
            f"{error} To predict ranges of a number, cut it first, for example with "
            "pandas.qcut(y, 5, labels=False)."
        ) from error
    return np.unique(labels, return_inverse=True)


def _plain(y: Any) -> Any:
    """Take nullable and categorical pandas labels out of their extension types."""
    is_extension = isinstance(getattr(y, "dtype", None), pd.api.extensions.ExtensionDtype)
    return np.asarray(y, dtype=object) if is_extension else y


def _one_type(labels: NDArray[Any]) -> NDArray[Any]:
    """Give objects the type that they all have, if numpy has it."""
    types = {type(label) for label in labels}
    if str in types and len(types) > 1:
        names = ", ".join(sorted(t.__name__ for t in types))
        raise TabTransferError(
            f"The labels mix the types {names}: make them all strings, y.astype(str)."
        )
    return pd.Series(labels, dtype=object).infer_objects().to_numpy()
