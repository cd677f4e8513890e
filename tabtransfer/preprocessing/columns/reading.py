"""What a column of people's tables is read as: the one rule for all that read them."""

from __future__ import annotations

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.cells import Kind, UnsupportedColumnError, kind_of
from tabtransfer.preprocessing.columns.date_format import DateFormat, date_format
from tabtransfer.preprocessing.columns.text import is_text
from tabtransfer.preprocessing.columns.written_number import NumberFormat, number_format

__all__ = ["Reading", "holds_made_numbers", "holds_text", "read_as"]


@dataclass(frozen=True)
class Reading:
    """What a column is read as.

    Parameters
    ----------
    kind : str
        "nothing", "numbers", "written numbers", "dates", "durations", "text" or "categories".
    dates : DateFormat, optional
        How strings write dates.
    numbers : NumberFormat, optional
        How strings write numbers.
    """

    kind: Literal[
        "nothing", "numbers", "written numbers", "dates", "durations", "text", "categories"
    ]
    dates: DateFormat | None = None
    numbers: NumberFormat | None = None

    @property
    def makes_numbers(self) -> bool:
        """Whether numbers are made of cells that aren't plainly numbers."""
        return self.kind in ("written numbers", "dates", "durations")


_PLAIN = {
    Kind.NOTHING: Reading("nothing"),
    Kind.NUMBERS: Reading("numbers"),
    Kind.DURATIONS: Reading("durations"),
    Kind.DATES: Reading("dates"),
}


def read_as(column: pd.Series, name: Hashable) -> Reading:
    """Return what a column is read as; warn where dates can be read in two ways.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.
    name : Hashable
        Name of the column, for errors and warnings.

    Raises
    ------
    UnsupportedColumnError
        If the column holds something that no kind of column stands for.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.reading import read_as
    >>> read_as(pd.Series(["low", None, "high"]), "level").kind
    'categories'
    >>> read_as(pd.Series([f"{price}.50 €" for price in range(20)] + ["?"]), "price").kind
    'written numbers'
    """
    kind = kind_of(column, name)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is Kind.STRINGS:
        dates = date_format(column, name)
        if dates is not None:
            return Reading("dates", dates=dates)
    if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
        numbers = number_format(column)
        if numbers is not None:
            return Reading("written numbers", numbers=numbers)
    return Reading("text" if kind is Kind.STRINGS and is_text(column) else "categories")


def holds_made_numbers(column: pd.Series) -> bool:
    """Return whether a column holds dates, durations, or strings that write dates or numbers.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.reading import holds_made_numbers
    >>> [holds_made_numbers(pd.Series(cells)) for cells in (["2024-05-13", None], ["13", "b"])]
    [True, False]
    """
    reading = _reading_of(column)
    return reading is not None and reading.makes_numbers


def holds_text(column: pd.Series) -> bool:
    """Return whether a column holds strings that are read as text, by the pieces they share.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.reading import holds_text
    >>> holds_text(pd.Series([f"product {number}" for number in range(50)]))
    True
    """
    reading = _reading_of(column)
    return reading is not None and reading.kind == "text"


def _reading_of(column: pd.Series) -> Reading | None:
    """Return what strings, dates and durations are read as; None for others."""
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype == "category":
        return None
    with warnings.catch_warnings():  # whoever reads the dates says what can't be told of them
        warnings.simplefilter("ignore", ColumnWarning)
        try:
            return read_as(column, column.name)
        except UnsupportedColumnError:
            return None
