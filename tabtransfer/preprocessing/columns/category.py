"""Columns of categories: strings, booleans, and strings beside numbers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.preprocessing.columns.cells import Kind, kind_of, refuse_kind

__all__ = ["CategoryColumn", "category_name"]


@dataclass(frozen=True)
class CategoryColumn:
    """Number the categories of the training rows; others are missing.

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
        """Take the categories that occur: in their order if they have one, else sorted."""
        ordered = isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)
        keys = [category_name(cell) for cell in column.cat.categories] if ordered else []
        seen = {category_name(cell) for cell in column.dropna().unique()}
        keys = [key for key in keys if key in seen] if ordered else sorted(seen)
        return cls({key: code for code, key in enumerate(keys)}, ordered)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of categories, 0 where their order makes them numbers."""
        return (0 if self.ordered else len(self.codes),)

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Look the cells up among the training categories."""
        kind = kind_of(column, name)
        if kind in (Kind.DATES, Kind.DURATIONS):
            refuse_kind(name, Kind.CATEGORIES, kind)
        places, cells = pd.factorize(column, use_na_sentinel=True)
        codes = [float(self.codes.get(category_name(cell), np.nan)) for cell in cells]
        return np.array([*codes, np.nan])[places, None]  # missing cells have place -1


def category_name(cell: Any) -> str:
    """Name a category the same way whether it comes as 1, 1.0, True or "1".

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
