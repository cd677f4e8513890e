"""One column of a table as numbers: what kind it is, and how its cells become values.

Cells are numbers, strings, booleans or missing; anything else is refused with the column's
name. Kinds: a number column, a category column (strings, booleans, or strings and numbers
mixed; the ranks of ordered categories are numbers), and a column without a single cell to
learn from.
"""

from __future__ import annotations

import numbers
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.weighted_statistics import weighted_moments, weighted_quantiles

LARGEST = 1e15  # in spreads of the column; its square still fits a float32


class UnsupportedColumnError(TabTransferError, TypeError):
    """Say that a column holds something other than numbers, strings and booleans."""


class Column(Protocol):
    """A column as learned from the training rows."""

    @property
    def n_categories(self) -> int:
        """Number of categories; 0 where the values are numbers."""
        ...

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Turn cells into values, NaN where missing."""
        ...


@dataclass(frozen=True)
class NumberColumn:
    """Centre on the median, scale by the spread."""

    centre: float
    spread: float
    n_categories: int = 0

    @classmethod
    def learn(
        cls, column: pd.Series, name: Hashable, weights: NDArray[np.float64] | None = None
    ) -> NumberColumn:
        """Take centre and spread from the cells that are there."""
        cells = _to_numbers(column, name)
        present = ~np.isnan(cells)
        cells, weights = cells[present], None if weights is None else weights[present]
        low, centre, high = weighted_quantiles(cells, [0.25, 0.5, 0.75], weights)
        with np.errstate(over="ignore", invalid="ignore"):
            spreads = (high - low, weighted_moments(cells - centre, weights)[1], 1.0)
        return cls(float(centre), float(next(s for s in spreads if np.isfinite(s) and s > 0)))

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Standardise in double precision, so that large offsets cost no digits."""
        with np.errstate(over="ignore"):
            values = (_to_numbers(column, name) - self.centre) / self.spread
        return np.clip(values, -LARGEST, LARGEST)


@dataclass(frozen=True)
class CategoryColumn:
    """Number the categories of the training rows; others are missing."""

    codes: dict[str, int]
    ordered: bool = False

    @classmethod
    def learn(cls, column: pd.Series) -> CategoryColumn:
        """Take the categories that occur: in their order if they have one, else sorted."""
        ordered = isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)
        keys = [_key(cell) for cell in column.cat.categories] if ordered else []
        seen = {_key(cell) for cell in column.dropna().unique()}
        keys = [key for key in keys if key in seen] if ordered else sorted(seen)
        return cls({key: code for code, key in enumerate(keys)}, ordered)

    @property
    def n_categories(self) -> int:
        """Number of categories, 0 where their order makes them numbers."""
        return 0 if self.ordered else len(self.codes)

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Look the cells up among the training categories."""
        places, cells = pd.factorize(column, use_na_sentinel=True)
        codes = [float(self.codes.get(_key(cell), np.nan)) for cell in cells]
        return np.array([*codes, np.nan])[places]  # missing cells have place -1


@dataclass(frozen=True)
class EmptyColumn:
    """Read nothing: no training row had a cell here."""

    n_categories: int = 0

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Take every cell as missing."""
        return np.full(len(column), np.nan)


def learn_column(
    column: pd.Series, name: Hashable, weights: NDArray[np.float64] | None = None
) -> Column:
    """Choose the kind of a column and learn it from the training rows, by their weights.

    Raises
    ------
    TabTransferError
        If the column holds infinite values, or something other than numbers, strings,
        booleans and missing values.
    """
    if column.isna().all():
        return EmptyColumn()
    check_cells(column, name)
    if _holds_numbers(column):
        return NumberColumn.learn(column, name, weights)
    return CategoryColumn.learn(column)


def check_cells(column: pd.Series, name: Hashable) -> None:
    """Raise unless the cells are numbers, strings, booleans or missing."""
    dtype, types = column.dtype, pd.api.types
    if isinstance(dtype, pd.SparseDtype):
        raise UnsupportedColumnError(
            f"Column {name!r} is sparse, and sparse data is not supported: "
            f"pass X[{name!r}].sparse.to_dense()."
        )
    if types.is_complex_dtype(dtype):
        raise _complex(name)
    if types.is_object_dtype(dtype):
        _check_objects(column, name)
    elif types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        raise _unsupported(name, f"dates ({dtype})", _DATE_REMEDY.format(name=name))
    elif types.is_timedelta64_dtype(dtype):
        raise _unsupported(name, f"time spans ({dtype})", f"pass X[{name!r}].dt.total_seconds()")
    elif not (
        _is_number_dtype(dtype)
        or types.is_string_dtype(dtype)
        or isinstance(dtype, (pd.CategoricalDtype, pd.IntervalDtype))
    ):
        raise _unsupported(name, f"{dtype} values", _OTHER_REMEDY)


def _is_number_dtype(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


_OTHER_REMEDY = "turn it into numbers or strings in columns of its own, or leave it out"
_DATE_REMEDY = (
    "turn them into numbers such as X[{name!r}].dt.year, .dt.dayofweek or "
    "(X[{name!r}] - X[{name!r}].min()).dt.total_seconds()"
)


def _check_objects(column: pd.Series, name: Hashable) -> None:
    for cell_type, row, cell in _types(column):
        if issubclass(cell_type, (complex, np.complexfloating)):
            raise _complex(name)
        if not issubclass(cell_type, (str, numbers.Number, np.bool_, Decimal)):
            if hasattr(cell, "year"):
                remedy = (
                    f"convert it with pandas.to_datetime, then {_DATE_REMEDY.format(name=name)}"
                )
            elif hasattr(cell, "total_seconds"):
                remedy = "pass its total_seconds()"
            elif issubclass(cell_type, bytes):
                remedy = f"decode it: X[{name!r}].str.decode('utf-8')"
            else:
                remedy = _OTHER_REMEDY
            raise _unsupported(name, f"{cell_type.__name__} values (row {row})", remedy)


def _types(column: pd.Series) -> Iterator[tuple[type, Any, Any]]:
    """Give each type of the cells that are there, with the label and value of one cell."""
    present = column[column.notna()]
    types = present.map(type)
    for index in (~types.duplicated()).to_numpy().nonzero()[0]:
        yield types.iloc[index], present.index[index], present.iloc[index]


def _unsupported(name: Hashable, what: str, remedy: str) -> UnsupportedColumnError:
    return UnsupportedColumnError(
        f"The X argument must be a table of strings or numbers, but column {name!r} holds "
        f"{what}: {remedy}."
    )


def _complex(name: Hashable) -> UnsupportedColumnError:
    return UnsupportedColumnError(
        f"Complex data not supported, but column {name!r} holds complex numbers: pass their "
        "real and imaginary parts as two columns."
    )


def _holds_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_object_dtype(column.dtype):
        types = [cell_type for cell_type, _, _ in _types(column)]
        all_booleans = all(issubclass(cell_type, (bool, np.bool_)) for cell_type in types)
        return not all_booleans and not any(issubclass(cell_type, str) for cell_type in types)
    return _is_number_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)


def _to_numbers(column: pd.Series, name: Hashable) -> NDArray[np.float64]:
    """Convert to double precision, NaN where missing; refuse words and infinite values."""
    check_cells(column, name)
    if _is_number_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = np.full(len(column), np.nan)
        present = column.notna().to_numpy()
        cells = column.astype(object).to_numpy()[present]
        try:
            values[present] = cells.astype(np.float64)
        except OverflowError:
            values[present] = [float(cell) if abs(cell) < 1e308 else np.inf for cell in cells]
        except ValueError as error:
            raise TabTransferError(
                f"Column {name!r} held numbers in fit, but now holds text that is no number "
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


def _key(cell: Any) -> str:
    """Name a category the same way whether it comes as 1, 1.0, True or "1"."""
    is_whole = isinstance(cell, (float, np.floating)) and float(cell).is_integer()
    if is_whole or isinstance(cell, (bool, np.bool_)):
        cell = int(cell)
    return str(cell)
