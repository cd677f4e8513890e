"""Turn any frame into plain text and float columns: the start of every opponent's fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from tabtransfer.datasets.table import categorical_columns
from tabtransfer.errors import TabTransferError

__all__ = ["MISSING", "ColumnPreparer"]

MISSING = "__missing__"
"""The category that stands for a missing value."""


class ColumnPreparer(TransformerMixin, BaseEstimator):
    """Turn categories, strings and booleans into text, and all else into floats.

    Missing values of every kind (None, NaN, pd.NA, NaT) become the category ``__missing__`` in
    text columns and NaN in float columns. Infinite values become NaN too, since scikit-learn's
    estimators refuse them. Which columns are text is settled when fitted.

    Attributes
    ----------
    categorical_ : list
        Names of the text columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of all columns.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.baselines.columns import ColumnPreparer
    >>> X = pd.DataFrame({"age": [31, pd.NA], "member": [True, None]}, dtype=object)
    >>> ColumnPreparer().fit_transform(X)
        age       member
    0  31.0         True
    1   NaN  __missing__
    """

    def fit(self, X: Any, y: Any = None) -> ColumnPreparer:
        """Settle which columns are text.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : ignored
            Taken for scikit-learn's sake.

        Returns
        -------
        ColumnPreparer
            The fitted preparer.

        Raises
        ------
        TabTransferError
            If column names repeat, or a column holds dates, durations or complex numbers.
        """
        frame = _as_frame(X)
        _check_columns(frame)
        self.categorical_ = categorical_columns(frame)
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the columns as text (``object``) and ``float64``.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns, in any order.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_features)
            Columns in the order of the training input.

        Raises
        ------
        TabTransferError
            If columns are absent, or a column of numbers holds something else.
        """
        check_is_fitted(self)
        frame = _as_frame(X)
        absent = [name for name in self.feature_names_in_ if name not in frame.columns]
        if absent:
            raise TabTransferError(f"Columns {absent} were there in fit and are absent now.")
        text = set(self.categorical_)
        columns = {
            name: _as_text(frame[name]) if name in text else _as_floats(frame[name])
            for name in self.feature_names_in_
        }
        return pd.DataFrame(columns, index=frame.index)


def _as_frame(X: Any) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))


def _check_columns(frame: pd.DataFrame) -> None:
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        raise TabTransferError(f"Column names must differ; {repeated} occur more than once.")
    unsupported = [name for name in frame.columns if frame[name].dtype.kind in "mMc"]
    if unsupported:
        raise TabTransferError(
            f"Columns {unsupported} hold dates, durations or complex numbers; turn them into "
            "numbers first, for example with .dt.year or .dt.total_seconds()."
        )


def _as_text(column: pd.Series) -> pd.Series:
    plain = column.astype(object)
    return plain.where(column.notna(), MISSING).map(str).astype(object)


def _as_floats(column: pd.Series) -> np.ndarray:
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise TabTransferError(
            f"Column {column.name!r} held numbers in fit and holds something else now: {error}"
        ) from error
    return np.where(np.isinf(values), np.nan, values)
