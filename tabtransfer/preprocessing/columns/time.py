"""The test for columns of dates or durations."""

from __future__ import annotations

import warnings

import pandas as pd

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.cells import Kind, UnsupportedColumnError, kind_of
from tabtransfer.preprocessing.columns.date_format import date_format

__all__ = ["holds_times"]


def holds_times(column: pd.Series) -> bool:
    """Return whether a column holds dates or durations, or strings that write dates.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> holds_times(pd.Series(["2024-05-13", None])), holds_times(pd.Series(["13", "b"]))
    (True, False)
    """
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype == "category":
        return False
    try:
        kind = kind_of(column, column.name)
    except UnsupportedColumnError:
        return False
    if kind is Kind.STRINGS:
        with warnings.catch_warnings():  # whoever reads the dates says what can't be told of them
            warnings.simplefilter("ignore", ColumnWarning)
            return date_format(column) is not None
    return kind in (Kind.DATES, Kind.DURATIONS)
