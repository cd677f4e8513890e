"""The formats in which strings write dates."""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.missing_words import few_strays, is_missing_word

__all__ = ["DateFormat", "date_format", "is_no_date"]

# A year of four digits and two more parts, or a month or quarter. Without them pandas also takes
# "10.5", "2020", "3-4-5" and "12:30" for dates.
_YEAR = r"(?:1[5-9]|2[01])\d\d"
_NAME = r"[^\W\d_]{3,9}\.?"
_QUARTER = re.compile(rf"\s*(?:({_YEAR})[-/ ]?Q([1-4])|Q([1-4])[-/ ]?({_YEAR}))\s*", re.IGNORECASE)
_WEEK = re.compile(rf"\s*({_YEAR})-?W(\d\d)\s*")
_MONTH = rf"({_YEAR}[-/]\d\d?|\d\d?[-/]{_YEAR}|{_NAME}[-/ ]{_YEAR}|{_YEAR}[-/ ]{_NAME})\s*$"
_LOOKS_LIKE_DATE = re.compile(
    rf"\s*(?:{_NAME},? +)?"  # the day of the week
    rf"({_YEAR}[-/. ]\w{{1,9}}[-/. ]\d{{1,2}}|\w{{1,9}}[-/. ,]+\w{{1,9}}[-/. ,]+{_YEAR}"
    rf"|{_MONTH}|{_QUARTER.pattern}$|{_WEEK.pattern}$)",
    re.IGNORECASE,
)
# The years that databases and spreadsheets write for no date: 0000, 0001, 9999.
_NO_DATE = re.compile(
    r"\s*((0000|0001|9999)[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ](0000|0001|9999))\b"
)
_HALF_DAYS = re.compile(r"\s*(.*\d)( +)\d{1,2}:\d\d(:\d\d)?( ?)[AP]M\s*", re.IGNORECASE)
_QUARTERS = "%Y-Q%q"  # stands for all ways of writing quarters
_WEEKS = "%G-W%V"  # and this for those of ISO 8601
_NAMED_MONTHS = [
    form.format(month=month, sep=sep)
    for form in ("{month}{sep}%Y", "%Y{sep}{month}")
    for month in ("%b", "%B")
    for sep in " -/"
]
_MONTHS = ("%Y-%m", "%Y/%m", "%m-%Y", "%m/%Y", *_NAMED_MONTHS)
_PER_SHAPE = 30  # strings of a shape, such as 99/99/9999, that formats are guessed from
_MAX_SHAPES = 20
_MAX_FORMATS = 6


@dataclass(frozen=True)
class DateFormat:
    """Formats of dates written as strings.

    Parameters
    ----------
    formats : tuple of str
        Formats as of `datetime.datetime.strptime`, ``"%Y-Q%q"`` for quarters and ``"%G-W%V"`` for
        weeks. A string is read by the first that it fits.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.date_format import DateFormat
    >>> strings = pd.Series(["2024-05-13", "13.06.2024", "soon"])
    >>> DateFormat(("%Y-%m-%d", "%d.%m.%Y")).read(strings).dt.month.tolist()
    [5.0, 6.0, nan]
    """

    formats: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join(self.formats)

    @property
    def has_zone(self) -> bool:
        """Whether some dates have a time zone."""
        return any("%z" in format for format in self.formats)

    def read(self, strings: pd.Series) -> pd.Series:
        """Return the dates in UTC, (n_strings,); NaT where a string is none."""
        dates = pd.Series(pd.NaT, strings.index, dtype="datetime64[us, UTC]")
        for format in self.formats:
            unread = dates.isna() & strings.notna()
            if not unread.any():
                break
            dates[unread] = _read(strings[unread].astype(object), format)
        return dates


def date_format(column: pd.Series, name: Hashable = "") -> DateFormat | None:
    """Return the format of a column's dates; warn where day and month can't be told apart.

    Parameters
    ----------
    column : Series of str, (n_rows,)
        The cells; at least one is not missing.
    name : Hashable, optional
        Name of the column, for the warning.

    Returns
    -------
    DateFormat or None
        None unless all strings are dates, weeks, months or quarters with a year of four digits, but
        for words that stand for a missing cell, years such as 9999, and a few strays.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.date_format import date_format
    >>> date_format(pd.Series(["2024-05-13", None, "2023-12-24", "-"]))
    DateFormat(formats=('%Y-%m-%d',))
    >>> date_format(pd.Series(["1.5", "2.5"])) is None
    True
    """
    strings = [string for string in column.dropna().unique() if not is_no_date(string)]
    looks = [string for string in strings if _LOOKS_LIKE_DATE.match(string)]
    if not looks or not few_strays(len(strings) - len(looks), len(strings)):
        return None
    dates = pd.Series(looks, dtype=object)
    read = {format: _read(dates, format).notna().to_numpy() for format in _guesses(looks)}
    chosen: list[str] = []
    unread = np.ones(len(looks), bool)
    while read and len(chosen) < _MAX_FORMATS:  # the format that reads most of the rest
        best = max(read, key=lambda format: int((read[format] & unread).sum()))
        if not (read[best] & unread).any():
            break
        chosen.append(best)
        unread &= ~read[best]
    n_strays = len(strings) - len(looks) + int(unread.sum())
    if not chosen or not few_strays(n_strays, len(strings)):
        return None
    return DateFormat(_in_order(chosen, dates, name))


def is_no_date(string: str) -> bool:
    """Return whether a string among dates says that there is none.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.date_format import is_no_date
    >>> is_no_date("9999-12-31"), is_no_date("-"), is_no_date("2024-05-13")
    (True, True, False)
    """
    return is_missing_word(string) or _NO_DATE.match(string) is not None


def _read(strings: pd.Series, format: str) -> pd.Series:
    if format == _QUARTERS:
        strings, format = strings.map(_first_month), "%Y-%m"
    elif format == _WEEKS:
        strings, format = strings.map(_monday), "%G-W%V-%u"
    dates = pd.to_datetime(strings, format=format, errors="coerce", utc=True)
    return dates.dt.as_unit("us")


def _first_month(string: str) -> str | None:
    match = _QUARTER.fullmatch(string)
    if match is None:
        return None
    return f"{match[1] or match[4]}-{3 * int(match[2] or match[3]) - 2}"


def _monday(string: str) -> str | None:
    match = _WEEK.fullmatch(string)
    return None if match is None else f"{match[1]}-W{match[2]}-1"


def _guesses(strings: Iterable[str]) -> list[str]:
    """Guess the formats of some strings of each shape; month first comes before day first."""
    shapes: dict[str, list[str]] = {}
    for string in strings:
        shape = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d{1,2}(?!\d)", "9", string))
        if shape in shapes or len(shapes) < _MAX_SHAPES:
            own = shapes.setdefault(shape, [])
            if len(own) < _PER_SHAPE:
                own.append(string)
    some = [string for own in shapes.values() for string in own]
    formats = [_guess(string, day_first) for day_first in (False, True) for string in some]
    months = _MONTHS if any(re.match(rf"\s*{_MONTH}", string) for string in some) else ()
    quarters = (_QUARTERS,) if any(map(_QUARTER.fullmatch, some)) else ()
    weeks = (_WEEKS,) if any(map(_WEEK.fullmatch, some)) else ()
    return list(dict.fromkeys((*filter(None, formats), *months, *quarters, *weeks)))


def _guess(string: str, day_first: bool) -> str | None:
    halves = _HALF_DAYS.fullmatch(string)
    if halves is not None:
        days = _guess(halves[1], day_first)
        minutes = "%M" if halves[3] is None else "%M:%S"
        return None if days is None else f"{days}{halves[2]}%I:{minutes}{halves[4]}%p"
    with warnings.catch_warnings():  # of strings that are only one of both orders
        warnings.simplefilter("ignore")
        return pd.tseries.api.guess_datetime_format(string.strip(), dayfirst=day_first)


def _swapped(format: str) -> str:
    """Return the format with day and month exchanged; the same where they can't be confused."""
    if format.startswith("%Y") or not {"%d", "%m"} <= {*re.findall("%[dm]", format)}:
        return format
    return re.sub("%[dm]", lambda part: "%m" if part[0] == "%d" else "%d", format)


def _is_day_first(format: str) -> bool:
    return format.index("%d") < format.index("%m")


def _in_order(formats: list[str], dates: pd.Series, name: Hashable) -> tuple[str, ...]:
    """Choose between day first and month first where dates can be read either way.

    Dates that can't tell it of the others. Where there are none: one month of many years is
    unlikelier than the same day of many months, such as the first.
    """
    pairs = [format for format in formats if _swapped(format) != format]
    if not pairs:
        return tuple(formats)
    by_day = tuple(dict.fromkeys(f if _is_day_first(f) else _swapped(f) for f in pairs))
    by_month = tuple(map(_swapped, by_day))
    days, months = DateFormat(by_day).read(dates), DateFormat(by_month).read(dates)
    n_days = int((days.notna() & months.isna()).sum())
    n_months = int((months.notna() & days.isna()).sum())
    day_first = n_days > n_months or (n_days == n_months and _is_day_first(pairs[0]))
    if not n_days and not n_months:
        own = (days if day_first else months).dropna().dt
        if own.month.nunique() == 1 and own.day.nunique() > 1 and own.year.nunique() > 1:
            day_first = not day_first
    order, other = (by_day, by_month) if day_first else (by_month, by_day)
    chosen = (*order, *other) if n_days and n_months else order
    either = days.notna() & months.notna() & (days != months)
    if either.any() and bool(n_days) == bool(n_months):
        _say_guess(name, dates[either].iloc[0], chosen)
    return (*chosen, *(format for format in formats if format not in pairs))


def _say_guess(name: Hashable, date: str, chosen: tuple[str, ...]) -> None:
    what = "can be read day first or month first"
    remedy = f"pandas.to_datetime(X[{name!r}], format={_swapped(chosen[0])!r})"
    if len(chosen) > 1:
        what = "holds dates that can be read day first or month first beside others"
        remedy = "dates instead of strings"
    warnings.warn(
        f"Column {name!r} {what}, such as {date!r}; it is read "
        f"{'day' if _is_day_first(chosen[0]) else 'month'} first. Where that is wrong, pass "
        f"{remedy} in fit and predict.",
        ColumnWarning,
        stacklevel=2,
    )
