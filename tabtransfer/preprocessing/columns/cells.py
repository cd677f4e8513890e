"""The kinds of cells: numbers, strings, categories, dates or durations."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Hashable
from decimal import Decimal
from enum import Enum
from typing import NoReturn

import numpy as np
import pandas as pd

from tabtransfer.errors import TabTransferError

__all__ = ["Kind", "UnsupportedColumnError", "kind_of", "refuse_kind"]

_OTHER_REMEDY = "turn it into numbers or strings in columns of its own, or leave it out"
_PLAIN = (str, numbers.Number, np.bool_, Decimal)
_DATES = (datetime.date, np.datetime64, pd.Period)  # a datetime or a Timestamp is a date too
_DURATIONS = (datetime.timedelta, np.timedelta64, datetime.time)


class UnsupportedColumnError(TabTransferError, TypeError):
    """A column holds something of no known kind."""


class Kind(Enum):
    """What the cells of a column are, apart from missing ones."""

    NOTHING = "no cell at all"
    NUMBERS = "numbers"
    STRINGS = "strings"
    CATEGORIES = "categories"  # categoricals, booleans, intervals, strings beside numbers
    DATES = "dates"
    DURATIONS = "durations"  # times of the day too: the time since midnight


def kind_of(column: pd.Series, name: Hashable) -> Kind:
    """Return what the cells of a column are.

    Parameters
    ----------
    column : Series, (n_rows,)
        The cells, of any dtype but sparse ones.
    name : Hashable
        Name of the column, for errors.

    Returns
    -------
    Kind

    Raises
    ------
    UnsupportedColumnError
        If there are cells of another type, or dates beside strings or numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.cells import kind_of
    >>> kind_of(pd.Series(["a", None]), "name"), kind_of(pd.Series([True, False]), "flag")
    (<Kind.STRINGS: 'strings'>, <Kind.CATEGORIES: 'categories'>)
    """
    dtype, types = column.dtype, pd.api.types
    if types.is_complex_dtype(dtype):
        _refuse_complex(name)
    try:
        empty = column.isna().all()
    except ArithmeticError:  # pandas compares the cell with itself, which such NaNs forbid
        _refuse(name, "signalling NaN decimals", "replace them, for example by None")
    if empty:
        return Kind.NOTHING
    if isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype)) or types.is_bool_dtype(dtype):
        return Kind.CATEGORIES
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return Kind.DATES
    if types.is_timedelta64_dtype(dtype):
        return Kind.DURATIONS
    if types.is_numeric_dtype(dtype):
        return Kind.NUMBERS
    if isinstance(dtype, pd.StringDtype):
        return Kind.STRINGS
    return _kind_of_objects(column.astype(object), name)


def refuse_kind(name: Hashable, held: Kind, now: Kind) -> NoReturn:
    """Raise since a column holds another kind of cells than in `fit`."""
    raise UnsupportedColumnError(
        f"Column {name!r} held {held.value} in fit, but now holds {now.value}: convert it to "
        "what it was in fit, or fit again on such cells."
    )


def _kind_of_objects(cells: pd.Series, name: Hashable) -> Kind:
    present = cells[cells.notna()]
    cell_types = present.map(type)
    first = (~cell_types.duplicated()).to_numpy().nonzero()[0]
    found = [cell_types.iloc[place] for place in first]
    for place, cell_type in zip(first, found, strict=True):
        if issubclass(cell_type, (complex, np.complexfloating)):
            _refuse_complex(name)
        if not issubclass(cell_type, (*_PLAIN, *_DATES, *_DURATIONS)):
            what = f"{cell_type.__name__} values (row {present.index[place]})"
            remedy = _OTHER_REMEDY
            if issubclass(cell_type, bytes):
                remedy = f"decode it: X[{name!r}].str.decode('utf-8')"
            _refuse(name, what, remedy)
    for kind, accepted, convert in (
        (Kind.DATES, _DATES, "to_datetime"),
        (Kind.DURATIONS, _DURATIONS, "to_timedelta"),
    ):
        among = [issubclass(cell_type, accepted) for cell_type in found]
        if all(among):
            return kind
        if any(among):
            odd = first[among.index(False)]
            what = f"{kind.value} beside {found[among.index(False)].__name__} values"
            where = f"(row {present.index[odd]})"
            remedy = f"make all of them alike: pandas.{convert}(X[{name!r}], errors='coerce')"
            _refuse(name, f"{what} {where}", remedy)
    n_strings = sum(issubclass(cell_type, str) for cell_type in found)
    if n_strings:
        return Kind.STRINGS if n_strings == len(found) else Kind.CATEGORIES
    booleans = all(issubclass(cell_type, (bool, np.bool_)) for cell_type in found)
    return Kind.CATEGORIES if booleans else Kind.NUMBERS


def _refuse(name: Hashable, what: str, remedy: str) -> NoReturn:
    raise UnsupportedColumnError(
        f"The X argument must be a table of strings, numbers or dates, but column {name!r} holds "
        f"{what}: {remedy}."
    )


def _refuse_complex(name: Hashable) -> NoReturn:
    raise UnsupportedColumnError(
        f"Complex data not supported, but column {name!r} holds complex numbers: pass their "
        "real and imaginary parts as two columns."
    )
