"""Convert Python values to JSON and back, with their types."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from tabtransfer.errors import TabTransferError

__all__ = ["from_json", "to_json"]

_PLAIN = (bool, int, str)
_TIMES64 = (np.datetime64, np.timedelta64)
_TAGS: tuple[tuple[str, type, Callable[[Any], Any], Callable[[Any], Any]], ...] = (
    # subclasses before the classes that they derive from
    ("datetime64", np.datetime64, lambda v: [str(v), *np.datetime_data(v)], lambda v: _time64(*v)),
    (
        "timedelta64",
        np.timedelta64,
        lambda v: [int(v.astype(np.int64)), *np.datetime_data(v)],
        lambda v: np.timedelta64(v[0], (v[1], v[2])),
    ),
    ("timestamp", pd.Timestamp, lambda v: v.isoformat(), pd.Timestamp),
    ("datetime", datetime.datetime, lambda v: v.isoformat(), datetime.datetime.fromisoformat),
    ("date", datetime.date, lambda v: v.isoformat(), datetime.date.fromisoformat),
    ("time", datetime.time, lambda v: v.isoformat(), datetime.time.fromisoformat),
    ("timedelta", datetime.timedelta, lambda v: pd.Timedelta(v).isoformat(), pd.Timedelta),
    ("period", pd.Period, lambda v: [str(v), v.freqstr], lambda v: pd.Period(*v)),
    ("decimal", Decimal, str, Decimal),
    ("fraction", Fraction, str, Fraction),
    ("bytes", bytes, bytes.hex, bytes.fromhex),
    ("float", float, repr, float),  # those that JSON has no word for
    (
        "interval",
        pd.Interval,
        lambda v: [to_json(v.left), to_json(v.right), v.closed],
        lambda v: pd.Interval(from_json(v[0]), from_json(v[1]), v[2]),
    ),
    (
        "tuple",
        tuple,
        lambda v: [to_json(item) for item in v],
        lambda v: tuple(from_json(item) for item in v),
    ),
    (
        "dict",
        dict,
        lambda v: [[to_json(key), to_json(item)] for key, item in v.items()],
        lambda v: {from_json(key): from_json(item) for key, item in v},
    ),
)
_READERS = {tag: read for tag, _, _, read in _TAGS}
_ZONED = "zoned"  # dates in a time zone that has a name, which ISO 8601 lacks
_READERS[_ZONED] = lambda v: pd.Timestamp(v[0]).tz_convert(v[1])


def to_json(value: Any) -> Any:
    """Turn a value into what `json.dumps` takes.

    Parameters
    ----------
    value : object
        None, a number, string, boolean, date, time span, interval or period, of Python, numpy or
        pandas, or a list, tuple or dict of these; keys of a dict may have any of the types.

    Returns
    -------
    object
        The value itself where JSON has its type, else a dict of one key, which names the type.

    Raises
    ------
    TabTransferError
        If it is something else.

    Examples
    --------
    >>> from tabtransfer.saving.tagged_json import from_json, to_json
    >>> to_json([1, float("inf"), {2: "two"}])
    [1, {'float': 'inf'}, {'dict': [[2, 'two']]}]
    >>> from_json(to_json((1, {2: "two"})))
    (1, {2: 'two'})
    """
    if isinstance(value, np.generic) and not isinstance(value, _TIMES64):
        value = value.item()
    if value is None or type(value) in _PLAIN:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, datetime.datetime) and isinstance(value.tzinfo, ZoneInfo):
        date = pd.Timestamp(value)
        return {_ZONED: [date.tz_convert("UTC").isoformat(), value.tzinfo.key]}
    for tag, kind, write, _ in _TAGS:
        if isinstance(value, kind) and value is not pd.NaT:
            return {tag: write(value)}
    raise TabTransferError(f"{value!r} of type {type(value).__name__} can't be written as JSON.")


def from_json(value: Any) -> Any:
    """Return the value that `to_json` was given; numpy's scalars come back as Python's."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    return _READERS[tag](content)


def _time64(string: str, unit: str, step: int) -> Any:
    kind = unit if step == 1 else f"{step}{unit}"
    return np.array(string, dtype=f"datetime64[{kind}]")[()]
