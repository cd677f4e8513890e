"""Columns learned from the training rows, and the choice of their kind."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.preprocessing.columns.category import CategoryColumn
from tabtransfer.preprocessing.columns.date import DateColumn
from tabtransfer.preprocessing.columns.number import DurationColumn, NumberColumn
from tabtransfer.preprocessing.columns.reading import read_as
from tabtransfer.preprocessing.columns.text import TextColumn
from tabtransfer.preprocessing.columns.written_number import WrittenNumberColumn

__all__ = ["Column", "EmptyColumn", "UnreadColumn", "learn_column"]


class Column(Protocol):
    """A column as learned from the training rows."""

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of categories of each value that a cell becomes; 0 where it is a number."""
        ...

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Turn cells into values, (n_rows, n_values), NaN where missing."""
        ...


@dataclass(frozen=True)
class EmptyColumn:
    """A column without a cell in the training rows: every cell counts as missing."""

    n_categories: tuple[int, ...] = (0,)

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return missing values."""
        return np.full((len(column), 1), np.nan)


@dataclass(frozen=True)
class UnreadColumn:
    """A column left out, since only so many columns of a sparse table are read."""

    n_categories: tuple[int, ...] = ()

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return no values."""
        return np.empty((len(column), 0))


def learn_column(
    column: pd.Series, name: Hashable, weights: NDArray[np.float64] | None = None
) -> Column:
    """Choose the kind of a column and learn it from the training rows.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.
    name : Hashable
        Name of the column, for errors.
    weights : ndarray of float64, (n_rows,), optional
        Weights of the rows: a row of weight 2 counts as the row twice.

    Returns
    -------
    Column

    Raises
    ------
    TabTransferError
        If the column holds infinite values, or something other than numbers, strings,
        booleans, dates, durations and missing values.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns import learn_column
    >>> column = pd.Series(["low", None, "high"])
    >>> learn_column(column, "level").encode(column, "level").ravel()
    array([ 1., nan,  0.])
    """
    reading = read_as(column, name)
    if reading.kind == "nothing":
        return EmptyColumn()
    if reading.kind == "numbers":
        return NumberColumn.learn(column, name, weights)
    if reading.kind == "durations":
        return DurationColumn.learn(column, name, weights)
    if reading.kind == "dates":
        return DateColumn.learn(column, name, reading.dates, weights)
    if reading.numbers is not None:
        return WrittenNumberColumn.learn(column, reading.numbers, weights)
    return TextColumn.learn(column) if reading.kind == "text" else CategoryColumn.learn(column)
