"""Columns of dates and times, as parts of the calendar and seconds since 1970."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind
from tabtransfer.preprocessing.columns.date_format import DateFormat, is_no_date
from tabtransfer.preprocessing.columns.number import NumberColumn
from tabtransfer.preprocessing.columns.skrub_import import import_skrub

if TYPE_CHECKING:
    from skrub import DatetimeEncoder

__all__ = ["DateColumn"]

_UTC = datetime.timezone.utc


@dataclass(frozen=True)
class DateColumn:
    """A column of dates, read as seconds since 1970, year, month, day, hour and day of the week.

    All are in the time zone of the training rows, whatever zone later rows come in; dates
    without a time zone count as UTC where the others have one. The hour is left out if the
    training rows are whole days.

    Parameters
    ----------
    zone : tzinfo or None
        Time zone of the training rows; None if they had none.
    format : DateFormat or None
        How dates are written, if they came as strings.
    seconds : NumberColumn
        What was learned of the seconds since 1970. They are counted in double precision:
        skrub's are float32, which is good to two minutes only.
    parts : skrub.DatetimeEncoder
        Gives the parts of the calendar.
    strays : frozenset of str
        Strings of the training rows that are no dates: they are missing without a warning.
    """

    zone: datetime.tzinfo | None
    format: DateFormat | None
    seconds: NumberColumn
    parts: DatetimeEncoder
    strays: frozenset[str] = frozenset()

    @classmethod
    def learn(
        cls,
        column: pd.Series,
        name: Hashable,
        format: DateFormat | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> DateColumn:
        """Choose time zone and parts by the cells that are there.

        Parameters
        ----------
        column : Series, (n_rows,)
            Dates, or strings in the format.
        name : Hashable
            Name of the column, for errors.
        format : DateFormat, optional
            How the strings are written, as `date_format` tells.
        weights : ndarray of float64, (n_rows,), optional
            Weights of the rows.
        """
        zone = _zone(column) if format is None else (_UTC if format.has_zone else None)
        strays: frozenset[str] = frozenset()
        if format is not None:
            strings = pd.Series(column.dropna().unique(), dtype=object)
            strays = frozenset(strings[_parsed(strings, format).isna()])
        dates = _to_dates(column, name, format, zone, strays)
        words = [stray for stray in strays if not is_no_date(stray)]
        if words:
            warnings.warn(
                f"Column {name!r} is read as dates written as {format}, and cells such as "
                f"{min(words)!r} are none: they are missing.",
                ColumnWarning,
                stacklevel=2,
            )
        parts = import_skrub().DatetimeEncoder(
            resolution="hour", add_weekday=True, add_total_seconds=False
        )
        parts.fit(dates)
        seconds = NumberColumn.of(_seconds_since_1970(dates), weights)
        return cls(zone, format, seconds, parts, strays)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """A zero for each value: all are numbers."""
        return (0,) * (1 + len(self.parts.extracted_features_))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return the parts of each date."""
        if kind_of(column, name) is Kind.NOTHING:
            return np.full((len(column), len(self.n_categories)), np.nan)
        dates = _to_dates(column, name, self.format, self.zone, self.strays)
        seconds = self.seconds.standardise(_seconds_since_1970(dates))
        return np.hstack([seconds, self.parts.transform(dates).to_numpy(dtype=np.float64)])


def _zone(column: pd.Series) -> datetime.tzinfo | None:
    """Return the time zone of dates: UTC if they have several."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dtype.tz
    if column.dtype.kind == "M" and isinstance(column.dtype, np.dtype):
        return None
    zones = {getattr(cell, "tzinfo", None) for cell in column.dropna().astype(object)} - {None}
    return next(iter(zones)) if len(zones) == 1 else (_UTC if zones else None)


def _to_dates(
    column: pd.Series,
    name: Hashable,
    format: DateFormat | None,
    zone: datetime.tzinfo | None,
    strays: frozenset[str],
) -> pd.Series:
    """Convert cells to dates of one time zone, NaT where missing."""
    kind = kind_of(column, name)
    try:
        if kind is Kind.STRINGS:
            dates = _parse(column, name, format, strays)
        elif kind is not Kind.DATES:
            refuse_kind(name, Kind.DATES, kind)
        elif isinstance(column.dtype, pd.PeriodDtype):
            dates = column.dt.to_timestamp()
        elif pd.api.types.is_datetime64_any_dtype(column.dtype) and not isinstance(
            column.dtype, pd.ArrowDtype
        ):
            dates = column
        else:
            cells = [_in_utc(cell) for cell in column.astype(object)]
            dates = pd.Series(np.array(cells, "datetime64[us]"), column.index).dt.tz_localize(_UTC)
        dates = dates.dt.as_unit("us")
    except (ValueError, OverflowError) as error:
        if isinstance(error, TabTransferError):
            raise
        raise TabTransferError(
            f"Column {name!r} holds dates that pandas can't represent ({error}): replace those "
            "that stand for no date, such as the year 9999, by missing values."
        ) from error
    aware = dates if dates.dt.tz is not None else dates.dt.tz_localize(_UTC)
    return aware.dt.tz_localize(None) if zone is None else aware.dt.tz_convert(zone)


def _parsed(strings: pd.Series, format: DateFormat | None) -> pd.Series:
    """Return dates, NaT where a string is none or says that there is none."""
    # Only formats that need no look at other rows, or a row alone could be another date.
    if format is None:
        cells = strings.astype(object)
        dates = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    else:
        dates = format.read(strings)
    return dates.mask(_are(strings, is_no_date))


def _are(strings: pd.Series, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Apply a test to each distinct string; false for missing cells."""
    places, distinct = pd.factorize(strings.astype(object), use_na_sentinel=True)
    return np.array([*map(holds, distinct), False])[places]


def _parse(
    column: pd.Series, name: Hashable, format: DateFormat | None, strays: frozenset[str]
) -> pd.Series:
    dates = _parsed(column, format)
    known = _are(column, lambda string: string in strays or is_no_date(string))
    unread = (dates.isna() & column.notna()).to_numpy() & ~known
    if unread.any():
        place = unread.argmax()
        cell = (
            f"{column.iloc[place]!r} (row {column.index[place]}) is no date written as "
            f"{format or 'YYYY-MM-DD or YYYY-MM-DD HH:MM:SS'}"
        )
        if dates.isna().all():
            raise TabTransferError(
                f"Column {name!r} held dates in fit, but {cell}: write dates as in fit, or pass "
                f"pandas.to_datetime(X[{name!r}], errors='coerce')."
            )
        warnings.warn(
            f"Column {name!r} is read as dates, and {cell}: {int(unread.sum())} such cells are "
            "missing. Write dates as in fit.",
            ColumnWarning,
            stacklevel=2,
        )
    return dates


def _in_utc(cell: Any) -> Any:
    if pd.isna(cell):
        return np.datetime64("NaT")
    if isinstance(cell, pd.Period):
        return cell.start_time
    if getattr(cell, "tzinfo", None) is not None:
        return cell.astimezone(_UTC).replace(tzinfo=None)
    return cell


def _seconds_since_1970(dates: pd.Series) -> NDArray[np.float64]:
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert(None)
    microseconds = dates.to_numpy().astype("datetime64[us]")
    seconds = microseconds.astype(np.int64) / 1e6
    return np.where(np.isnat(microseconds), np.nan, seconds)
