"""Columns of numbers, dates and durations as numbers to predict, and back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.preprocessing.columns import Column
from tabtransfer.preprocessing.columns.date import DateColumn
from tabtransfer.preprocessing.columns.number import DurationColumn, NumberColumn

__all__ = ["NumberCells"]

ATOM_SHARE = 0.15  # of the cells that one number has for it to be a class of its own
REPEATED = 5  # cells for each distinct number of a column that holds no others
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0)
_MOST_DECIMALS = 8


@dataclass(frozen=True, eq=False)
class NumberCells:
    """A column whose cells are predicted as numbers.

    Predicted numbers become cells of the column: rounded as the training rows' are, within
    their range, and of a column whose numbers are repeated often, or are written as text, one of
    those that the training rows have.

    Parameters
    ----------
    encoder : Column
        What the encoder learned of the column; its first value is the number.
    known : ndarray of float64, (n_known,)
        The distinct numbers of the training rows, ascending, on the encoder's scale.
    written : ndarray of object, (n_known,), or None
        A cell of each, if cells are always one of these.
    atoms : ndarray of float64
        Numbers so frequent that they are classes of their own.
    step : float or None
        Numbers are multiples of it; None if they have all digits.
    """

    encoder: Any
    known: NDArray[np.float64]
    written: NDArray[Any] | None
    atoms: NDArray[np.float64]
    step: float | None

    @classmethod
    def learn(cls, column: pd.Series, name: Hashable, encoder: Column) -> NumberCells:
        """Learn the numbers of the training rows."""
        labels = encoder.encode(column, name)[:, 0]
        present = np.flatnonzero(~np.isnan(labels))
        known, first, counts = np.unique(labels[present], return_index=True, return_counts=True)
        repeated = len(known) * REPEATED <= len(present)
        written = None
        if repeated or not _is_plain(column.dtype, encoder):
            written = np.empty(len(known), dtype=object)
            written[:] = column.iloc[present[first]].astype(object).tolist()
        atoms = known[counts >= max(2.0, ATOM_SHARE * len(present))]
        return cls(encoder, known, written, atoms, _step(known, encoder))

    @property
    def n_distinct(self) -> int:
        """Number of distinct numbers."""
        return len(self.known)

    def labels(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return the number of each cell (n_rows,), NaN where it is missing."""
        return self.encoder.encode(column, name)[:, 0]

    def cells_of(self, labels: NDArray[np.float64]) -> pd.Series:
        """Return the cells of numbers (n_rows,)."""
        present = ~np.isnan(labels)
        if self.written is not None:
            cells = np.full(len(labels), None, dtype=object)
            cells[present] = self.written[_nearest(self.known, labels[present])]
            return pd.Series(cells, dtype=object)
        scale = _scale(self.encoder)
        numbers = scale.centre + scale.spread * np.clip(labels, self.known[0], self.known[-1])
        if self.step is not None:
            numbers = np.round(np.round(numbers / self.step) * self.step, _MOST_DECIMALS)
        if isinstance(self.encoder, NumberColumn):
            return pd.Series(numbers)
        microseconds = np.where(present, np.round(numbers * 1e6), 0.0).astype(np.int64)
        times = pd.Series(microseconds).mask(~present)
        if isinstance(self.encoder, DurationColumn):
            return pd.to_timedelta(times.astype("Int64"), unit="us")
        dates = pd.to_datetime(times.astype("Int64"), unit="us", utc=True)
        zone = self.encoder.zone
        return dates.dt.tz_localize(None) if zone is None else dates.dt.tz_convert(zone)


def _is_plain(dtype: Any, encoder: Column) -> bool:
    """Return whether cells can be made from numbers alone."""
    types = pd.api.types
    if isinstance(dtype, pd.ArrowDtype):
        return False
    if isinstance(encoder, NumberColumn):
        return types.is_numeric_dtype(dtype)
    if isinstance(encoder, DateColumn):
        return types.is_datetime64_any_dtype(dtype)
    return isinstance(encoder, DurationColumn) and types.is_timedelta64_dtype(dtype)


def _scale(encoder: Any) -> NumberColumn:
    return encoder if isinstance(encoder, NumberColumn) else encoder.seconds


def _step(known: NDArray[np.float64], encoder: Column) -> float | None:
    """Return the largest step that all numbers are multiples of."""
    if not isinstance(encoder, (NumberColumn, DateColumn, DurationColumn)):
        return None
    scale = _scale(encoder)
    numbers = scale.centre + scale.spread * known
    steps: Any = _SECONDS
    if isinstance(encoder, NumberColumn):
        steps = (10.0**-digits for digits in range(_MOST_DECIMALS - 1))
    near = 1e-9 * max(1.0, float(np.abs(numbers).max()))
    for step in steps:
        if np.allclose(numbers, np.round(numbers / step) * step, rtol=0.0, atol=near):
            return step
    return None


def _nearest(known: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place of the known number that is nearest to each label."""
    above = np.clip(np.searchsorted(known, labels), 1, max(1, len(known) - 1))
    above = np.minimum(above, len(known) - 1)
    below = np.maximum(above - 1, 0)
    return np.where(labels - known[below] <= known[above] - labels, below, above)
