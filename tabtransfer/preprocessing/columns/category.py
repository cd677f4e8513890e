"""Columns of categories: strings, booleans, and strings beside numbers."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind
from tabtransfer.preprocessing.columns.missing_words import is_missing_word

__all__ = ["ENOUGH_TO_WARN", "CategoryColumn", "category_name"]

ENOUGH_TO_WARN = 5
"""Cells of a column, none of them known, that are worth a warning: fewer may be new by chance."""

_TRUTH = {"true": "1", "false": "0"}


@dataclass(frozen=True)
class CategoryColumn:
    """Number the categories of the training rows; others are missing.

    A cell that isn't among them is looked up once more without regard to how it is written:
    "True" is True, "1.50" is 1.5, "yes" is "Yes" unless there are both "Yes" and "YES".

    Parameters
    ----------
    codes : dict of str to int
        Number of each category, by its name.
    ordered : bool
        Whether the categories have an order, so that their numbers are ranks.
    """

    codes: dict[str, int]
    ordered: bool = False

    @classmethod
    def learn(cls, column: pd.Series) -> CategoryColumn:
        """Learn the categories that occur, in their order if they have one, else sorted."""
        ordered = isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)
        keys = [category_name(cell) for cell in column.cat.categories] if ordered else []
        seen = {category_name(cell) for cell in column.dropna().unique()}
        keys = [key for key in keys if key in seen] if ordered else sorted(seen)
        return cls({key: code for code, key in enumerate(keys)}, ordered)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of categories, 0 where their order makes them numbers."""
        return (0 if self.ordered else len(self.codes),)

    @cached_property
    def _loose_codes(self) -> dict[str, int]:
        """Number of each category by its loose name, of those that share it with no other."""
        names = [_loose_name(name) for name in self.codes]
        counts = Counter(names)
        pairs = zip(names, self.codes.values(), strict=True)
        return {name: code for name, code in pairs if counts[name] == 1}

    def encode(self, column: pd.Series, name: Hashable, warn: bool = True) -> NDArray[np.float64]:
        """Look the cells up among the training categories.

        Parameters
        ----------
        column, name
            See `Column`.
        warn : bool, default=True
            Whether to warn if there are several cells and none of them is known.
        """
        kind = kind_of(column, name)
        if kind in (Kind.DATES, Kind.DURATIONS):
            refuse_kind(name, Kind.CATEGORIES, kind)
        places, cells = pd.factorize(column, use_na_sentinel=True)
        codes = [self._code(category_name(cell)) for cell in cells]
        values = np.array([*codes, np.nan])[places, None]  # missing cells have place -1
        if warn and self.codes and np.isnan(codes).all():
            self._warn(places, cells, name)
        return values

    def knows_none(self, column: pd.Series) -> bool:
        """Return whether there are cells that aren't missing, and none of them is known."""
        cells = column.dropna().unique()
        words = [cell for cell in cells if not is_missing_word(str(cell))]
        return bool(words) and all(np.isnan(self._code(category_name(cell))) for cell in cells)

    def _code(self, name: str) -> float:
        code = self.codes.get(name)
        if code is None:
            code = self._loose_codes.get(_loose_name(name))
        return np.nan if code is None else float(code)

    def _warn(self, places: NDArray[np.intp], cells: Any, name: Hashable) -> None:
        words = [place for place, cell in enumerate(cells) if not is_missing_word(str(cell))]
        n_cells = int(np.isin(places, words).sum())
        if n_cells >= ENOUGH_TO_WARN:
            known = ", ".join(repr(key) for key in list(self.codes)[:3])
            warnings.warn(
                f"Column {name!r} holds none of the categories of fit in {n_cells} cells, such as "
                f"{cells[words[0]]!r}, so all are missing; fit had {known}"
                f"{', …' if len(self.codes) > 3 else ''}. Write them as in fit.",
                ColumnWarning,
                stacklevel=3,
            )


def category_name(cell: Any) -> str:
    """Return the name of a category, the same whether it comes as 1, 1.0, True or "1".

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.category import category_name
    >>> category_name(1.0), category_name(1.5), category_name("a")
    ('1', '1.5', 'a')
    """
    is_whole = isinstance(cell, (float, np.floating)) and float(cell).is_integer()
    if is_whole or isinstance(cell, (bool, np.bool_)):
        cell = int(cell)
    return str(cell)


def _loose_name(name: str) -> str:
    """Return a name of a category that ignores how it is written; codes keep leading zeros."""
    name = " ".join(name.split()).casefold()
    if name in _TRUTH:
        return _TRUTH[name]
    digits = name.lstrip("+-")
    if not digits[:1].isdigit() or (digits[0] == "0" and digits[1:2].isdigit()):
        return name
    try:
        number = Decimal(name)
    except InvalidOperation:
        return name
    return f"{number.normalize():f}" if number.is_finite() and abs(number.adjusted()) < 40 else name
