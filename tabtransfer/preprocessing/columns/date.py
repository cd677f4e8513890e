"""Columns of dates and times, as parts of the calendar and seconds since 1970."""

from __future__ import annotations

import datetime
import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind
from tabtransfer.preprocessing.columns.number import NumberColumn
from tabtransfer.preprocessing.columns.skrub_import import import_skrub

if TYPE_CHECKING:
    from skrub import DatetimeEncoder

__all__ = ["DateColumn", "date_format"]

# A year of four digits and two more parts. Without them pandas also takes "10.5", "2020", "3-4-5"
# and "12:30" for dates.
_YEAR = r"(1[5-9]|2[01])\d\d"
_LOOKS_LIKE_DATE = re.compile(
    rf"\s*({_YEAR}[-/. ]\w{{1,9}}[-/. ]\d{{1,2}}|\w{{1,9}}[-/. ,]+\w{{1,9}}[-/. ,]+{_YEAR})"
)
_UTC = datetime.timezone.utc


@dataclass(frozen=True)
class DateColumn:
    """Take dates as seconds since 1970, year, month, day, hour and day of the week.

    All are in the time zone of the training rows, whatever zone later rows come in; dates
    without a time zone count as UTC where the others have one. The hour is left out if the
    training rows are whole days.

    Parameters
    ----------
    zone : tzinfo or None
        Time zone of the training rows; None if they had none.
    format : str or None
        How dates are written, if they came as strings.
    seconds : NumberColumn
        What was learned of the seconds since 1970. They are counted in double precision:
        skrub's are float32, which is good to two minutes only.
    parts : skrub.DatetimeEncoder
        Gives the parts of the calendar.
    """

    zone: datetime.tzinfo | None
    format: str | None
    seconds: NumberColumn
    parts: DatetimeEncoder

    @classmethod
    def learn(
        cls,
        column: pd.Series,
        name: Hashable,
        format: str | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> DateColumn:
        """Choose time zone and parts by the cells that are there.

        Parameters
        ----------
        column : Series, (n_rows,)
            Dates, or strings in the format.
        name : Hashable
            Name of the column, for errors.
        format : str, optional
            How the strings are written, as `date_format` tells.
        weights : ndarray of float64, (n_rows,), optional
            Weights of the rows.
        """
        zone = _zone(column) if format is None else (_UTC if "%z" in format else None)
        dates = _to_dates(column, name, format, zone)
        parts = import_skrub().DatetimeEncoder(
            resolution="hour", add_weekday=True, add_total_seconds=False
        )
        parts.fit(dates)
        return cls(zone, format, NumberColumn.of(_seconds_since_1970(dates), weights), parts)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """A zero for each value: all are numbers."""
        return (0,) * (1 + len(self.parts.extracted_features_))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Take dates apart."""
        if kind_of(column, name) is Kind.NOTHING:
            return np.full((len(column), len(self.n_categories)), np.nan)
        dates = _to_dates(column, name, self.format, self.zone)
        seconds = self.seconds.standardise(_seconds_since_1970(dates))
        return np.hstack([seconds, self.parts.transform(dates).to_numpy(dtype=np.float64)])


def date_format(column: pd.Series) -> str | None:
    """Tell how the strings of a column write dates.

    Parameters
    ----------
    column : Series of str, (n_rows,)
        The cells; at least one is not missing.

    Returns
    -------
    str or None
        The format, such as ``"%Y-%m-%d"``; None unless all strings are dates of one format
        that have a year of four digits.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.date import date_format
    >>> date_format(pd.Series(["2024-05-13", None, "2023-12-24"]))
    '%Y-%m-%d'
    >>> date_format(pd.Series(["1.5", "2.5"])) is None
    True
    """
    strings = column.dropna().unique()
    if not all(_LOOKS_LIKE_DATE.match(string) for string in strings):
        return None
    skrub = import_skrub()
    try:
        return skrub.ToDatetime().fit(pd.Series(strings, dtype="str")).format_
    except skrub.core.RejectColumn:
        return None


def _zone(column: pd.Series) -> datetime.tzinfo | None:
    """Give the time zone of dates: UTC if they have several."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dtype.tz
    if column.dtype.kind == "M" and isinstance(column.dtype, np.dtype):
        return None
    zones = {getattr(cell, "tzinfo", None) for cell in column.dropna().astype(object)} - {None}
    return next(iter(zones)) if len(zones) == 1 else (_UTC if zones else None)


def _to_dates(
    column: pd.Series, name: Hashable, format: str | None, zone: datetime.tzinfo | None
) -> pd.Series:
    """Convert cells to dates of one time zone, NaT where missing."""
    kind = kind_of(column, name)
    try:
        if kind is Kind.STRINGS:
            dates = _parse(column, name, format)
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


def _parse(column: pd.Series, name: Hashable, format: str | None) -> pd.Series:
    # Only formats that need no look at other rows, or a row alone could be another date.
    dates = pd.to_datetime(
        column.astype(object), format=format or "ISO8601", errors="coerce", utc=True
    )
    unread = (dates.isna() & column.notna()).to_numpy()
    if unread.any():
        place = unread.argmax()
        raise TabTransferError(
            f"Column {name!r} held dates in fit, but {column.iloc[place]!r} (row "
            f"{column.index[place]}) is no date written as "
            f"{format or 'YYYY-MM-DD or YYYY-MM-DD HH:MM:SS'}: write dates as in fit, or pass "
            f"pandas.to_datetime(X[{name!r}], errors='coerce')."
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
