"""Sparse columns: which of them are read, and as what."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["dense", "unread_columns"]

MAX_SPARSE_COLUMNS = 2000  # ten views' worth
MAX_SPARSE_CELLS = 2**26  # 320 MiB of values and missing flags


def dense(column: pd.Series) -> pd.Series:
    """Return a column as a dense one, whether it was sparse or not."""
    return column.sparse.to_dense() if isinstance(column.dtype, pd.SparseDtype) else column


def unread_columns(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Choose the sparse columns to leave out of a table too wide for its cells to be held.

    Encoded cells are dense: 20,000 columns of 100,000 rows would take 10 GB, and a member of
    an ensemble looks at 200 columns anyway. So at most 2,000 sparse columns are read, fewer
    from about 33,000 rows on. Those with the most cells that differ from the common value
    (mostly 0) stay, as `sklearn.feature_extraction.text.CountVectorizer` keeps the most
    frequent terms: rare ones tell the fewest rows apart. Columns with no such cell go first,
    and of two columns with as many the one further right. Dense columns are all read.

    Parameters
    ----------
    frame : DataFrame, (n_rows, n_columns)
        The training rows.

    Returns
    -------
    ndarray of int64
        Positions of the columns left out; empty if there is room for all.

    Examples
    --------
    >>> import pandas as pd
    >>> from scipy import sparse
    >>> from tabtransfer.preprocessing.columns.sparse import unread_columns
    >>> table = sparse.eye_array(3000, format="csc")
    >>> unread_columns(pd.DataFrame.sparse.from_spmatrix(table)).tolist() == list(range(2000, 3000))
    True
    """
    is_sparse = [isinstance(dtype, pd.SparseDtype) for dtype in frame.dtypes]
    places = np.flatnonzero(is_sparse)
    room = min(MAX_SPARSE_COLUMNS, max(1, MAX_SPARSE_CELLS // len(frame)))
    if len(places) <= room:
        return places[:0]
    n_cells = np.array([frame.iloc[:, place].array.npoints for place in places])
    return places[np.argsort(-n_cells, kind="stable")[room:]]
