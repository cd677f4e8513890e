"""Sketches of columns of numbers, by which part of the rows, or rounded numbers, are recognised."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.datasets import bottom_k
from tabtransfer.datasets.cell_keys import leading_digits, mix

__all__ = ["ColumnSketch"]

_DIGITS = 6  # that single precision keeps
_N_RANKS = 11
_MIN_RANKS = 8  # ranks that must have different values, or rounded numbers tell too little
_SLACK = 1e-5  # of a number: six digits
_MIN_GAP = 10  # steps of the last digit from three in four distinct values to the next
_HEAD = struct.Struct(f"<Ibb{_N_RANKS}f")


@dataclass(frozen=True)
class ColumnSketch:
    """A few numbers of a column, and the smallest hashes of its distinct values.

    Parameters
    ----------
    n_known : int
        Cells that aren't missing.
    place : int
        Power of ten of the last digit that any number has, of its first six.
    digits : int
        Most digits that a number has, of its first six.
    ranked : tuple of float
        The numbers at 11 evenly spaced ranks. Rounding keeps the order of numbers, so those of
        rounded numbers are the same ones, rounded.
    values : frozenset of int
        The 64 smallest hashes of the distinct values, in single precision; empty where they are
        few, or lie so close that columns that have nothing to do with each other share them.

    Examples
    --------
    >>> column = ColumnSketch.of(np.random.default_rng(0).normal(size=500))
    >>> ColumnSketch.from_bytes(column.to_bytes()) == column
    True
    """

    n_known: int
    place: int
    digits: int
    ranked: tuple[float, ...]
    values: frozenset[int]

    @classmethod
    def of(cls, cells: NDArray[np.float64]) -> ColumnSketch:
        """Sketch known, finite cells, at least one."""
        distinct = np.unique(cells.astype(np.float32))
        leading, exponents = leading_digits(distinct[distinct != 0].astype(np.float64), _DIGITS)
        zeros = sum((leading % 10**k == 0).astype(int) for k in range(1, _DIGITS))
        places = exponents + 1 - _DIGITS + zeros  # of the last digit of each number
        ranks = np.linspace(0, len(cells) - 1, _N_RANKS).round().astype(int)
        return cls(
            len(cells),
            int(places.min(initial=100)),
            _DIGITS - int(zeros.min(initial=_DIGITS - 1)),
            tuple(np.partition(cells, ranks)[ranks].astype(np.float32).tolist()),
            bottom_k.smallest(mix(distinct.view(np.uint32)))
            if _tells(distinct, places)
            else frozenset(),
        )

    def holds(self, other: ColumnSketch) -> bool:
        """Return whether nearly all distinct values of one column are in the other.

        Examples
        --------
        >>> numbers = np.random.default_rng(0).normal(size=900)
        >>> ColumnSketch.of(numbers).holds(ColumnSketch.of(numbers[::3]))
        True
        """
        return bottom_k.contained(self.values, other.values)

    def rounds(self, other: ColumnSketch) -> bool:
        """Return whether this column's numbers are the other's, rounded to decimals or to digits.

        Examples
        --------
        >>> numbers = np.random.default_rng(0).lognormal(size=300)
        >>> whole = ColumnSketch.of(numbers)
        >>> ColumnSketch.of(numbers.round(1)).rounds(whole)
        True
        >>> ColumnSketch.of(numbers[::-2].round(1)).rounds(whole)
        False
        """
        if self.n_known != other.n_known or len(set(self.ranked)) < _MIN_RANKS:
            return False
        mine, its = np.array(self.ranked), np.array(other.ranked)
        leading = np.floor(np.log10(np.where(mine == 0, 1.0, np.abs(mine))))
        off = np.abs(mine - its) - _SLACK * np.abs(its)
        to_decimals = off <= 10.0**self.place / 2
        to_digits = off <= 10.0 ** (leading + 1 - self.digits) / 2
        return bool(to_decimals.all() or to_digits.all())

    def agrees(self, other: ColumnSketch) -> bool:
        """Return whether the two may be one column: part of its rows, or its numbers rounded."""
        return self.holds(other) or self.rounds(other) or other.rounds(self)

    def to_bytes(self) -> bytes:
        """Write the sketch; `from_bytes` reads it."""
        head = _HEAD.pack(self.n_known, self.place, self.digits, *self.ranked)
        return head + bottom_k.to_bytes(self.values)

    @classmethod
    def from_bytes(cls, data: bytes) -> ColumnSketch:
        """Read what `to_bytes` wrote."""
        n_known, place, digits, *ranked = _HEAD.unpack_from(data)
        values = bottom_k.from_bytes(data[_HEAD.size :])
        return cls(n_known, place, digits, tuple(ranked), values)


def _tells(distinct: NDArray[np.float32], places: NDArray[np.int64]) -> bool:
    """Return whether values are so many and irregular that others would rarely match by chance."""
    if len(distinct) < bottom_k.SIZE:
        return False
    step = 10.0 ** np.quantile(places, 0.75)  # one number with decimals doesn't make all fine
    gaps = np.diff(distinct.astype(np.float64))
    return bool(np.quantile(gaps, 0.25) >= _MIN_GAP * step)
