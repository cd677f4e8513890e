"""The target of a table file: numbers to predict, or classes named as they are written."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.missing_words import is_missing_word
from tabtransfer.preprocessing.columns.written_number import NumberFormat, choose_format
from tabtransfer.table_files.task import choose_task
from tabtransfer.table_files.text import MISSING

__all__ = ["ReadTarget", "read_target_column"]

_MISSING = frozenset(MISSING.to_pylist())
_WHOLE = r"[-+]?(?:0|[1-9]\d{0,17})(?:\.0*)?"
_PLAIN_WHOLE = r"-?(?:0|[1-9]\d{0,17})"
_MAX_CLASSES = 20  # that may be as many as half of the rows
_MAX_COUNTED = 50  # rows: numbers of fewer rows in a row may be by chance
_TIMES = {
    datetime.datetime: "dates",
    datetime.date: "dates",
    pd.Period: "dates",
    datetime.time: "times of the day",
    datetime.timedelta: "durations",
}


@dataclass(frozen=True)
class ReadTarget:
    """A target, with the rows that have one.

    Parameters
    ----------
    y : Series
        Numbers, or classes: those that are written as whole numbers as integers, others as they
        are written; missing where there is none.
    task : {"classification", "regression"}
        What to learn.
    reason : str
        Why that, in words; empty if it was asked for.
    note : str
        What to know of how it was read; empty if there is nothing.
    """

    y: pd.Series
    task: str
    reason: str
    note: str = ""


def read_target_column(
    column: pd.Series, task: str = "auto", from_text: bool = False, decimal: str = "."
) -> ReadTarget:
    """Read a target.

    Parameters
    ----------
    column : Series
        The target, with the name of its column.
    task : {"auto", "classification", "regression"}, default="auto"
        What to learn; "auto" goes by what the target holds.
    from_text : bool, default=False
        Whether the file is CSV, where numbers and missing cells are written, too.
    decimal : {".", ","}, default="."
        What stands before decimals in the file.

    Returns
    -------
    ReadTarget

    Raises
    ------
    TabTransferError
        If it holds dates or durations, or names rows rather than classes and ``task`` is "auto".

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.table_files.target import read_target_column
    >>> agents = pd.Series(["007", "M", "None"], name="agent")
    >>> read_target_column(agents, from_text=True).y.tolist()
    ['007', 'M', 'None']
    """
    _refuse_times(column)
    if column.dtype == object and all(isinstance(cell, Decimal) for cell in column.dropna()):
        column = column.astype(float)
    if not (from_text or pd.api.types.is_string_dtype(column.dtype)):
        return _of_cells(column, task)
    return _of_text(column.astype(object).where(column.notna(), None), task, from_text, decimal)


def _of_cells(column: pd.Series, task: str) -> ReadTarget:
    present = column.dropna()
    chosen, reason = choose_task(present) if task == "auto" else (task, "")
    if task == "auto":
        _refuse_names(present, chosen)
    is_float = pd.api.types.is_float_dtype(present)
    if chosen == "classification" and is_float and (present % 1 == 0).all():
        column = column.astype("Int64")
    return ReadTarget(column, chosen, reason)


def _of_text(column: pd.Series, task: str, from_text: bool, decimal: str) -> ReadTarget:
    stripped = column.map(str.strip, na_action="ignore")
    no_cell = column.isna() | stripped.isin(_MISSING if from_text else []) | stripped.eq("")
    numbers, format = _numbers(stripped.mask(no_cell), decimal, task == "regression")
    chosen, reason = task, ""
    if task == "auto":
        present = stripped[~no_cell] if numbers is None else numbers.dropna()
        chosen, reason = choose_task(present)
        if format is not None and (format.unit or format.currency):
            reason += f" written as {stripped[~no_cell].iloc[0]!r}"
        _refuse_names(present, chosen)
    if chosen == "regression":
        return ReadTarget(stripped.mask(no_cell) if numbers is None else numbers, chosen, reason)
    labels = stripped.mask(no_cell, None)
    note = ""
    none = stripped.eq("None") & column.notna()
    if numbers is None and from_text and none.any():  # as str(None) is written, or a class
        labels = labels.mask(none, "None")
        note = f"'None' is read as a class of {column.name!r}, in {int(none.sum()):,} rows."
    present = labels.dropna()
    if not from_text or not len(present) or not present.str.fullmatch(_WHOLE).all():
        return ReadTarget(labels, chosen, reason, note)
    plain = present.str.fullmatch(_PLAIN_WHOLE).all()
    values = present.str.replace(r"\.0*$", "", regex=True)
    if plain or values.nunique() < present.nunique():  # 1 and 1.0 are the same class
        labels = pd.to_numeric(labels.str.replace(r"\.0*$", "", regex=True)).astype("Int64")
    return ReadTarget(labels, chosen, reason, note)


def _numbers(
    strings: pd.Series, decimal: str, forced: bool
) -> tuple[pd.Series | None, NumberFormat | None]:
    """Return strings as numbers, NaN for a few that mean missing; None if they aren't numbers."""
    distinct = [string for string in strings.dropna().unique() if not is_missing_word(string)]
    if not distinct:
        return None, None
    format = NumberFormat(decimal)
    n_read = sum(not np.isnan(format.read(string)) for string in distinct)
    if n_read < len(distinct):
        format, n_read = choose_format(distinct)
    if n_read < len(distinct):
        truth = {"true": 1.0, "false": 0.0}
        if forced and all(string.casefold() in truth for string in distinct):
            return strings.str.lower().map(truth), None
        return None, None
    found = {string: format.read(string) for string in distinct}
    return strings.map(found).astype(float), format


def _refuse_times(column: pd.Series) -> None:
    present = column.dropna()
    if not len(present):
        return
    cell = present.iloc[0]
    what = next((words for kind, words in _TIMES.items() if isinstance(cell, kind)), None)
    if what is not None:
        raise TabTransferError(
            f"The target {column.name!r} holds {what}, such as {str(cell)!r}, which are neither "
            "numbers nor classes: put what is to be predicted of it into a column of its own, such "
            "as the days or seconds since a date, or the month."
        )


def _refuse_names(present: pd.Series, task: str) -> None:
    """Refuse a target that names each row."""
    n_values, n_rows = present.nunique(), len(present)
    where = f"The target {present.name!r} has {n_values:,} different values in {n_rows:,} rows"
    if task == "classification" and n_values > max(_MAX_CLASSES, n_rows / 2):
        raise TabTransferError(
            f"{where}: it names rows rather than classes, and new rows have other names. Give "
            "another --target, or --task classification if these are classes all the same."
        )
    if task == "regression" and n_rows > _MAX_COUNTED and n_values == n_rows:
        low, high = present.min(), present.max()
        if high - low == n_rows - 1 and (present % 1 == 0).all():
            raise TabTransferError(
                f"{where}, the whole numbers from {low:.0f} to {high:.0f}: it numbers the rows. "
                "Give another --target, or --task regression if it is a quantity all the same."
            )
