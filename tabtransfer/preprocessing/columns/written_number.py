"""Columns of numbers written as text: with currencies, units, thousands, stray words."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind
from tabtransfer.preprocessing.columns.missing_words import few_strays, is_missing_word
from tabtransfer.preprocessing.columns.number import NumberColumn

__all__ = ["NumberFormat", "WrittenNumberColumn", "number_format", "read_cells"]

_MANY = 40  # distinct numbers that are no categories; as for text
_MANY_FRACTIONS = 10  # if most have decimals, which codes hardly have
_CURRENCY = (
    r"[$€£¥₹₩₽₺₴₪฿]|R\$|Fr\.?|kr\.?|zł|(?:USD|EUR|GBP|JPY|CHF|CNY|INR|CAD|AUD|SEK|NOK|DKK)\b"
)
_UNIT = r"[%‰]|°[CFKNSEW]?|[^\W\d_]{1,6}[²³]?(?:/[^\W\d_]{1,4}[²³]?)?"
_GROUPS = "'’\u00a0\u202f "
_CODE = re.compile(r"\s*0\d+\s*")


def _pattern(decimal: str) -> re.Pattern[str]:
    point, groups = re.escape(decimal), ("," if decimal == "." else ".") + _GROUPS
    grouped = rf"[1-9]\d{{0,2}}(?P<group>[{groups}])\d{{3}}(?:(?P=group)\d{{3}})*"
    if decimal == ".":  # as in India: 12,34,567
        grouped = rf"(?:{grouped}|[1-9]\d?(?P<lakhs>,)\d\d(?:,\d\d)*,\d{{3}})"
    number = rf"(?:(?:{grouped}|\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?"
    return re.compile(
        rf"\s*(?:[~≈<>≤≥]=?\s*)?(?P<sign>[-+−(]?)\s*(?P<before>{_CURRENCY})?\s*(?P<inner>[-+−]?)\s*"
        rf"(?P<number>{number})\s*(?:(?P<after>{_CURRENCY})|(?P<unit>{_UNIT}))?\s*(?P<close>[-−)]?)\s*"
    )


_PATTERNS = {decimal: _pattern(decimal) for decimal in ".,"}


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written.

    Parameters
    ----------
    decimal : {".", ","}
        What stands before decimals. Thousands may be parted by the other one, by spaces or by
        apostrophes.
    unit : str
        Unit or percent sign that every number has; "" for none.
    currency : str
        Sign of a currency that numbers may have; "" for none.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.written_number import NumberFormat
    >>> NumberFormat(currency="$").read("-$1,196.55"), NumberFormat(",").read("1.196,5")
    (-1196.55, 1196.5)
    """

    decimal: str = "."
    unit: str = ""
    currency: str = ""

    def read(self, string: str) -> float:
        """Return the number that a string writes, NaN if it writes none so."""
        match = _PATTERNS[self.decimal].fullmatch(string)
        if match is None or _marks(match)[0] != self.unit:
            return np.nan
        currency = _marks(match)[1]
        if currency not in ("", self.currency) or (match["sign"] == "(") != (match["close"] == ")"):
            return np.nan
        groups = match["group"] or match.groupdict().get("lakhs") or "\0"
        number = float(match["number"].replace(groups, "").replace(self.decimal, "."))
        if match["close"] in ("-", "−") and (match["sign"] or match["inner"]):
            return np.nan
        minuses = [match[place] in ("-", "−", "(") for place in ("sign", "inner", "close")]
        negative = sum(minuses) % 2 == 1
        return np.nan if np.isinf(number) else (-number if negative else number)


@dataclass(frozen=True)
class WrittenNumberColumn:
    """A column of numbers written as text; cells that are no numbers are missing.

    Parameters
    ----------
    format : NumberFormat
        How the numbers are written.
    numbers : NumberColumn
        What was learned of the numbers.
    """

    format: NumberFormat
    numbers: NumberColumn
    n_categories: tuple[int, ...] = (0,)

    @classmethod
    def learn(
        cls,
        column: pd.Series,
        format: NumberFormat,
        weights: NDArray[np.float64] | None = None,
    ) -> WrittenNumberColumn:
        """Take centre and spread from the cells that are numbers."""
        return cls(format, NumberColumn.of(read_cells(column, format), weights))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Standardise the numbers; warn of words that fit took for none or that are new."""
        kind = kind_of(column, name)
        if kind in (Kind.DATES, Kind.DURATIONS):
            refuse_kind(name, Kind.NUMBERS, kind)
        if kind is Kind.NUMBERS:
            return self.numbers.encode(column, name)
        values = read_cells(column, self.format)
        strays = np.flatnonzero(np.isnan(values) & column.notna().to_numpy())
        words = [place for place in strays if not is_missing_word(str(column.iloc[place]))]
        if words:
            warnings.warn(
                f"Column {name!r} is read as numbers, and {len(words)} of its cells are none, such "
                f"as {column.iloc[words[0]]!r} (row {column.index[words[0]]}): they are missing. "
                f"To read it as words, pass X[{name!r}].astype('category') in fit and predict.",
                ColumnWarning,
                stacklevel=2,
            )
        return self.numbers.standardise(values)


def number_format(column: pd.Series) -> NumberFormat | None:
    """Return how a column's cells write numbers, if nearly all do and they are many; else None.

    Parameters
    ----------
    column : Series of object or str, (n_rows,)
        Strings, or strings beside numbers. How often a cell occurs does not count.

    Returns
    -------
    NumberFormat or None
        None if there are at most 40 distinct numbers (10 if most have decimals), more than a few
        cells are no numbers, or there are codes: whole numbers with leading zeros.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.written_number import number_format
    >>> prices = pd.Series([f"${price:,}.50" for price in range(990, 1050)] + ["n/a"])
    >>> number_format(prices)
    NumberFormat(decimal='.', unit='', currency='$')
    >>> number_format(pd.Series([f"{code:04d}" for code in range(990, 1050)])) is None
    True
    """
    present = column.dropna().astype(object)
    cells = pd.unique(present)
    strings = [cell for cell in cells if isinstance(cell, str) and not is_missing_word(cell)]
    bare = [cell for cell in cells if not isinstance(cell, str)]
    if len(strings) + len(bare) <= _MANY_FRACTIONS:
        return None
    format, n_read = choose_format(strings)
    if bare and (format.unit or any(isinstance(cell, (bool, np.bool_)) for cell in present)):
        return None
    if not few_strays(len(strings) - n_read, len(strings) + len(bare)):
        return None
    if any(map(_CODE.fullmatch, strings)):
        return None
    numbers = {format.read(string) for string in strings} | {float(number) for number in bare}
    numbers = {number for number in numbers if not np.isnan(number)}
    n_fractions = sum(not number.is_integer() for number in numbers)
    many = len(numbers) > _MANY or (
        len(numbers) > _MANY_FRACTIONS and 2 * n_fractions > len(numbers)
    )
    return format if many else None


def choose_format(strings: Iterable[str]) -> tuple[NumberFormat, int]:
    """Return the format that most strings are written in, and how many are.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.written_number import choose_format
    >>> choose_format(["12,5 %", "1 %", "new"])
    (NumberFormat(decimal=',', unit='%', currency=''), 2)
    """
    strings = list(strings)
    found = []
    for decimal, pattern in _PATTERNS.items():
        marks = Counter(_marks(match) for match in map(pattern.fullmatch, strings) if match)
        units = Counter[str]()
        for (unit, _), count in marks.items():
            units[unit] += count
        unit = units.most_common(1)[0][0] if units else ""
        signs = {currency: n for (own, currency), n in marks.items() if own == unit and currency}
        format = NumberFormat(decimal, unit, max(signs, key=signs.__getitem__, default=""))
        found.append((format, sum(not np.isnan(format.read(string)) for string in strings)))
    return max(found, key=lambda choice: choice[1])  # the first of two as good: a decimal point


def read_cells(column: pd.Series, format: NumberFormat) -> NDArray[np.float64]:
    """Return the numbers of strings and of numbers beside them, NaN where there is none."""
    places, cells = pd.factorize(column.astype(object), use_na_sentinel=True)
    values = [_read(cell, format) for cell in cells]
    return np.array([*values, np.nan])[places]


def _read(cell: Any, format: NumberFormat) -> float:
    if isinstance(cell, str):
        return format.read(cell)
    number = float(cell)
    return number if np.isfinite(number) else np.nan


def _marks(match: re.Match[str]) -> tuple[str, str]:
    """Return the unit and the currency of a string."""
    return match["unit"] or "", match["before"] or match["after"] or ""
