"""The formats in which strings write dates."""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable

import pandas as pd

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.missing_words import few_strays, is_missing_word
from tabtransfer.preprocessing.columns.skrub_import import import_skrub

__all__ = ["date_format", "is_no_date"]

# A year of four digits and two more parts. Without them pandas also takes "10.5", "2020", "3-4-5"
# and "12:30" for dates.
_YEAR = r"(1[5-9]|2[01])\d\d"
_LOOKS_LIKE_DATE = re.compile(
    rf"\s*({_YEAR}[-/. ]\w{{1,9}}[-/. ]\d{{1,2}}|\w{{1,9}}[-/. ,]+\w{{1,9}}[-/. ,]+{_YEAR})"
)
# The years that databases and spreadsheets write for no date: 0000, 0001, 9999.
_NO_DATE = re.compile(
    r"\s*((0000|0001|9999)[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ](0000|0001|9999))\b"
)
_HALF_DAYS = re.compile(r"\s*(.*\d)( +)\d{1,2}:\d\d(:\d\d)?( ?)[AP]M\s*", re.IGNORECASE)


def date_format(column: pd.Series, name: Hashable = "") -> str | None:
    """Return the format of a column's dates; warn where day and month can't be told apart.

    Parameters
    ----------
    column : Series of str, (n_rows,)
        The cells; at least one is not missing.
    name : Hashable, optional
        Name of the column, for the warning.

    Returns
    -------
    str or None
        The format, such as ``"%Y-%m-%d"``; None unless all strings are dates of one format
        that have a year of four digits, but for words that stand for a missing cell, years such
        as 9999, and a few strays.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.date_format import date_format
    >>> date_format(pd.Series(["2024-05-13", None, "2023-12-24", "-"]))
    '%Y-%m-%d'
    >>> date_format(pd.Series(["1.5", "2.5"])) is None
    True
    """
    strings = [string for string in column.dropna().unique() if not is_no_date(string)]
    dates = [string for string in strings if _LOOKS_LIKE_DATE.match(string)]
    if not dates or not few_strays(len(strings) - len(dates), len(strings)):
        return None
    format = _format_of(dates)
    return None if format is None else _told_apart(dates, format, name)


def is_no_date(string: str) -> bool:
    """Return whether a string among dates says that there is none.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.date_format import is_no_date
    >>> is_no_date("9999-12-31"), is_no_date("-"), is_no_date("2024-05-13")
    (True, True, False)
    """
    return is_missing_word(string) or _NO_DATE.match(string) is not None


def _format_of(dates: list[str]) -> str | None:
    halves = [_HALF_DAYS.fullmatch(date) for date in dates]
    if all(halves):
        forms = {(half[2], half[3] is None, half[4]) for half in halves if half is not None}
        days = _format_of([half[1] for half in halves if half is not None])
        if len(forms) > 1 or days is None:
            return None
        before, whole_minutes, after = forms.pop()
        return f"{days}{before}%I:%M{'' if whole_minutes else ':%S'}{after}%p"
    skrub = import_skrub()
    try:
        return skrub.ToDatetime().fit(pd.Series(dates, dtype="str")).format_
    except skrub.core.RejectColumn:
        return None


def _told_apart(dates: list[str], format: str, name: Hashable) -> str:
    """Choose between day first and month first where all dates can be read either way.

    One month of many years is unlikelier than the same day of many months, such as the first.
    """
    swapped = re.sub("%[dm]", lambda part: "%m" if part[0] == "%d" else "%d", format)
    if format.startswith("%Y") or not {"%d", "%m"} <= {*re.findall("%[dm]", format)}:
        return format
    other = pd.to_datetime(pd.Series(dates), format=swapped, errors="coerce", utc=True)
    own = pd.to_datetime(pd.Series(dates), format=format, errors="coerce", utc=True)
    if other.isna().any() or (own == other).all():
        return format
    if own.dt.month.nunique() == 1 and own.dt.day.nunique() > 1 and own.dt.year.nunique() > 1:
        format, swapped = swapped, format
    order = "day first" if format.index("%d") < format.index("%m") else "month first"
    warnings.warn(
        f"Column {name!r} can be read day first or month first, such as {dates[0]!r}; it is read "
        f"{order}. Where that is wrong, pass pandas.to_datetime(X[{name!r}], "
        f"format={swapped!r}) in fit and predict.",
        ColumnWarning,
        stacklevel=2,
    )
    return format
