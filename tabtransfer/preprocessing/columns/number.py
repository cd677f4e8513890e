"""Columns of numbers, and of durations as seconds."""

from __future__ import annotations

import datetime
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind
from tabtransfer.preprocessing.weighted_statistics import weighted_moments, weighted_quantiles

__all__ = ["DurationColumn", "NumberColumn"]

LARGEST = 1e15  # in spreads of the column; its square still fits a float32


@dataclass(frozen=True)
class NumberColumn:
    """Centre on the median, scale by the spread.

    Parameters
    ----------
    centre, spread : float
        Of the cells of the training rows.
    """

    centre: float
    spread: float
    n_categories: tuple[int, ...] = (0,)

    @classmethod
    def learn(
        cls, column: pd.Series, name: Hashable, weights: NDArray[np.float64] | None = None
    ) -> NumberColumn:
        """Take centre and spread from the cells that are there."""
        return cls.of(_to_numbers(column, name), weights)

    @classmethod
    def of(
        cls, cells: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> NumberColumn:
        """Take centre and spread from finite numbers, NaN where missing, by rows' weights."""
        present = ~np.isnan(cells)
        cells, weights = cells[present], None if weights is None else weights[present]
        low, centre, high = weighted_quantiles(cells, [0.25, 0.5, 0.75], weights)
        with np.errstate(over="ignore", invalid="ignore"):
            spreads = (high - low, weighted_moments(cells - centre, weights)[1], 1.0)
        return cls(float(centre), float(next(s for s in spreads if np.isfinite(s) and s > 0)))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Standardise cells."""
        return self.standardise(_to_numbers(column, name))

    def standardise(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardise in double precision, so that large offsets cost no digits."""
        with np.errstate(over="ignore"):
            values = (cells - self.centre) / self.spread
        return np.clip(values, -LARGEST, LARGEST)[:, None]


@dataclass(frozen=True)
class DurationColumn:
    """A column of durations, read as seconds; times of the day are seconds since midnight.

    Parameters
    ----------
    seconds : NumberColumn
        What was learned of the seconds.
    """

    seconds: NumberColumn
    n_categories: tuple[int, ...] = (0,)

    @classmethod
    def learn(
        cls, column: pd.Series, name: Hashable, weights: NDArray[np.float64] | None = None
    ) -> DurationColumn:
        """Take centre and spread from the cells that are there."""
        return cls(NumberColumn.of(_to_seconds(column, name), weights))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Standardise the seconds."""
        return self.seconds.standardise(_to_seconds(column, name))


def _to_numbers(column: pd.Series, name: Hashable) -> NDArray[np.float64]:
    """Convert to double precision, NaN where missing; refuse words and infinite values."""
    kind = kind_of(column, name)
    if kind in (Kind.DATES, Kind.DURATIONS):
        refuse_kind(name, Kind.NUMBERS, kind)
    if kind is Kind.NUMBERS and column.dtype != object:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = np.full(len(column), np.nan)
        present = column.notna().to_numpy()
        cells = column.astype(object).to_numpy()[present]
        try:
            values[present] = cells.astype(np.float64)
        except OverflowError:
            values[present] = [float(cell) if abs(cell) < 1e308 else np.inf for cell in cells]
        except (ValueError, TypeError) as error:
            raise TabTransferError(
                f"Column {name!r} held numbers in fit, but now holds cells that are no numbers "
                f"({error}): clean it, or pass the column as strings in fit too."
            ) from error
    infinite = np.isinf(values)
    if infinite.any():
        raise TabTransferError(
            f"Column {name!r} holds {int(infinite.sum())} infinite values (infinity or too large "
            f"for float64; first in row {column.index[infinite.argmax()]}): replace them, for "
            "example with X.replace([numpy.inf, -numpy.inf], numpy.nan)."
        )
    return values


def _to_seconds(column: pd.Series, name: Hashable) -> NDArray[np.float64]:
    """Convert durations to seconds, NaN where missing."""
    kind = kind_of(column, name)
    if kind is Kind.NOTHING:
        return np.full(len(column), np.nan)
    if kind is not Kind.DURATIONS:
        refuse_kind(name, Kind.DURATIONS, kind)
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return column.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array([_seconds(cell) for cell in column.astype(object)])


def _seconds(cell: Any) -> float:
    if pd.isna(cell):
        return np.nan
    if isinstance(cell, datetime.time):
        return cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond * 1e-6
    if isinstance(cell, np.timedelta64):
        return float(cell / np.timedelta64(1, "s"))
    return float(cell.total_seconds())
