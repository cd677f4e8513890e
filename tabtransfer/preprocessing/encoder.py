"""Turn tables as users have them into numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from tabtransfer.errors import ColumnWarning, TabTransferError, name_list
from tabtransfer.preprocessing.columns import Column, learn_column
from tabtransfer.preprocessing.columns.category import ENOUGH_TO_WARN, CategoryColumn
from tabtransfer.preprocessing.columns.learned import UnreadColumn
from tabtransfer.preprocessing.columns.sparse import dense, unread_columns
from tabtransfer.preprocessing.columns.text import share_topics
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["TableEncoder", "read_table"]


class TableEncoder:
    """Turn frames and arrays into numbers, in a way learned from the training rows.

    - Numbers are centred on their median and scaled by their spread in double precision
      before they become float32; durations likewise, as seconds.
    - Dates become seconds, year, month, day, hour and day of the week; so do strings that
      are all dates of one format.
    - Strings, booleans, mixed columns and unordered categoricals become category codes;
      categories that the training rows did not have are missing. Ordered categoricals become
      their ranks.
    - Strings of more than 40 distinct values become numbers as well, by the pieces of words
      that they share; each keeps its category code.
    - Sparse columns are read as dense ones, at most 2,000 of them: see
      `tabtransfer.preprocessing.columns.sparse.unread_columns`.

    Missing is missing however it is written: None, NaN, pandas.NA, NaT. Each row is encoded
    on its own.

    Attributes
    ----------
    feature_names_in_ : list of str or None
        Names of the columns, if all were strings; then columns are matched by name, in any
        order. Otherwise they are matched by position.
    n_features_in_ : int
        Number of columns.
    columns_ : list of Column
        What was learned of each column.
    sources_ : ndarray of int64, (n_encoded,)
        Position in ``columns_`` of the column behind each encoded one.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = pd.DataFrame({"size": [1.0, 2.0, None], "colour": ["red", "blue", "red"]})
    >>> table = TableEncoder().fit(X).transform(X)
    >>> table.values
    array([[-1.,  1.],
           [ 1.,  0.],
           [ 0.,  1.]], dtype=float32)
    >>> table.missing[2].tolist(), table.categorical.tolist()
    ([True, False], [False, True])
    >>> dates = pd.DataFrame({"size": [1.0, 2.0], "sold": pd.to_datetime(["2024-05-13"] * 2)})
    >>> TableEncoder().fit(dates).sources_
    array([0, 1, 1, 1, 1, 1])
    """

    feature_names_in_: list[str] | None
    n_features_in_: int
    columns_: list[Column]
    sources_: NDArray[np.int64]

    def fit(self, X: Any, sample_weight: NDArray[np.float64] | None = None) -> TableEncoder:
        """Learn the columns of the training rows.

        Parameters
        ----------
        X : array-like, sparse or DataFrame, (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        sample_weight : ndarray of float64, (n_rows,), optional
            Weights above 0; a row of weight 2 counts as the row twice.

        Returns
        -------
        TableEncoder
            Itself.

        Raises
        ------
        TabTransferError
            If the table is empty, a column name occurs twice, or a column holds infinite
            values or something other than numbers, strings, booleans, dates and durations.
        ValueError
            scikit-learn's, if ``X`` is not a table: wrong dimensions, complex.
        """
        frame = read_table(X)
        names = list(frame.columns)
        self.feature_names_in_ = names if all(isinstance(name, str) for name in names) else None
        self.n_features_in_ = len(names)
        unread = set(unread_columns(frame).tolist())
        columns = [
            UnreadColumn()
            if index in unread
            else learn_column(dense(frame.iloc[:, index]), name, sample_weight)
            for index, name in enumerate(names)
        ]
        self.columns_ = share_topics(columns)
        n_values = [len(column.n_categories) for column in self.columns_]
        self.sources_ = np.repeat(np.arange(len(names)), n_values)
        return self

    def transform(self, X: Any) -> EncodedTable:
        """Turn rows into numbers.

        Parameters
        ----------
        X : array-like or DataFrame, (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        EncodedTable

        Raises
        ------
        TabTransferError
            As in `fit`, and if columns are missing or new, or a column that held numbers
            now holds words.
        """
        frame = self.align(X)
        if frame.shape[1] != self.n_features_in_:
            raise TabTransferError(
                f"X has {frame.shape[1]} features, but TableEncoder is expecting "
                f"{self.n_features_in_} features as input."
            )
        values = np.empty((len(frame), len(self.sources_)), np.float32)
        for index, column in enumerate(self.columns_):
            first, last = np.searchsorted(self.sources_, (index, index + 1))
            if first < last:
                cells = dense(frame.iloc[:, index])
                values[:, first:last] = column.encode(cells, frame.columns[index])
        if len(frame) < ENOUGH_TO_WARN:
            self._warn_of_unknown(frame)
        missing = np.isnan(values)
        values[missing] = 0.0
        n_categories = np.array([n for c in self.columns_ for n in c.n_categories], np.int64)
        return EncodedTable(values, missing, n_categories > 0, n_categories)

    def _warn_of_unknown(self, frame: pd.DataFrame) -> None:
        """Warn of few rows in which most columns of categories hold nothing that is known.

        One cell may be new by chance; columns of more rows warn themselves.
        """
        present = {
            frame.columns[index]: column.knows_none(dense(frame.iloc[:, index]))
            for index, column in enumerate(self.columns_)
            if isinstance(column, CategoryColumn) and frame.iloc[:, index].notna().any()
        }
        unknown = [name for name, knows_none in present.items() if knows_none]
        if len(unknown) > max(1, len(present) / 2):
            first = frame[unknown[0]].dropna().iloc[0]
            warnings.warn(
                f"{len(unknown)} of {len(present)} columns of categories hold none that fit had "
                f"({name_list(unknown)}), such as {first!r} in {unknown[0]!r}: these are missing. "
                "Write them as in fit.",
                ColumnWarning,
                stacklevel=3,
            )

    def align(self, X: Any) -> pd.DataFrame:
        """Read a table and bring its columns into the order of `fit`.

        Raises
        ------
        TabTransferError
            If named columns are missing or new.
        """
        frame = read_table(X)
        if self.feature_names_in_ is None or not all(isinstance(c, str) for c in frame.columns):
            return frame
        missing = [name for name in self.feature_names_in_ if name not in frame.columns]
        extra = [name for name in frame.columns if name not in set(self.feature_names_in_)]
        if missing or extra:
            found = [f"missing {name_list(missing)}"] if missing else []
            found += [f"not seen in fit: {name_list(extra)}"] if extra else []
            raise TabTransferError(
                f"The columns of X differ from those of fit: {'; '.join(found)}. Pass the "
                f"{len(self.feature_names_in_)} columns of fit, in any order "
                "(feature_names_in_ lists them)."
            )
        return frame[self.feature_names_in_]


def read_table(X: Any) -> pd.DataFrame:
    """Read a table of any kind as a pandas frame, without changing its cells.

    Parameters
    ----------
    X : DataFrame, array-like of two dimensions, sparse, or anything with ``to_pandas``
        The table. Columns of arrays are named 0, 1, 2, …; an array of strings is read cell
        by cell, since numpy turns numbers beside strings into strings. Masked cells of a
        masked array are missing.

    Returns
    -------
    DataFrame

    Raises
    ------
    TabTransferError
        If there are no rows or no columns, or a column name occurs twice or isn't valid
        Unicode, or the table has to be collected or made a frame first.
    ValueError
        scikit-learn's, if ``X`` is not a table: wrong dimensions, complex.

    Examples
    --------
    >>> from tabtransfer.preprocessing.encoder import read_table
    >>> read_table([["a", 1.5], ["b", None]]).shape
    (2, 2)
    """
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        return _read_array(X)
    if not X.columns.is_unique:
        twice = list(X.columns[X.columns.duplicated()].unique())
        raise TabTransferError(
            f"Column names must be unique, but X has several columns named {name_list(twice)}: "
            "rename them or drop the copies."
        )
    broken = [name for name in X.columns if isinstance(name, str) and not _is_unicode(name)]
    if broken:
        raise TabTransferError(
            f"Column names must be valid Unicode, but {name_list(broken)} can't be encoded: rename "
            "them, and read the file with the encoding that it was written in."
        )
    for axis, what in enumerate(("sample", "feature")):
        if not X.shape[axis]:
            raise TabTransferError(
                f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is required."
            )
    return X


def _read_array(X: Any) -> pd.DataFrame:
    if hasattr(X, "collect"):
        raise TabTransferError(f"A {type(X).__name__} has not been computed yet: pass X.collect().")
    if isinstance(X, np.ndarray) and X.dtype.names:
        raise TabTransferError(
            f"X is a structured array with the fields {name_list(list(X.dtype.names))}: pass "
            "pandas.DataFrame(X), which makes each field a column."
        )
    array = check_array(X, accept_sparse="csc", dtype=None, ensure_all_finite=False, input_name="X")
    if sparse.issparse(array):
        return pd.DataFrame.sparse.from_spmatrix(array)
    if isinstance(X, np.ma.MaskedArray):
        return pd.DataFrame(X)
    frame = pd.DataFrame(array)
    return _numbers_among_strings(frame) if array.dtype.kind in "US" else frame


def _numbers_among_strings(frame: pd.DataFrame) -> pd.DataFrame:
    """Undo numpy's turning of numbers and NaN into strings, column by column."""
    frame = frame.astype(object).replace({"nan": None})
    for name in frame:
        numbers = pd.to_numeric(frame[name], errors="coerce")
        if numbers.notna().equals(frame[name].notna()):
            frame[name] = numbers
    return frame


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, of bytes decoded wrongly
        return False
    return True
