"""The cells of a column as labels to predict, and predicted labels as cells of the column.

A label is a float: the rank of a category, or a number on the scale of the column's encoder. NaN
stands for a missing cell.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.joint.number_cells import NumberCells
from tabtransfer.preprocessing.columns import Column
from tabtransfer.preprocessing.columns.category import CategoryColumn, category_name
from tabtransfer.preprocessing.columns.reading import read_as

__all__ = ["CategoryCells", "ColumnCells", "learn_cells", "with_dtype"]

MAX_NAMED = 30  # categories that are told apart; the rest of a column's are one class
FEW_NUMBERS = 10  # distinct numbers that are predicted as classes


@dataclass(frozen=True, eq=False)
class CategoryCells:
    """A column whose cells are predicted as classes.

    Parameters
    ----------
    codes : CategoryColumn
        Code of each category.
    ranks : ndarray of int64, (n_categories,)
        Rank of each code: the most frequent has rank 0, or the least if they have an order.
    cells : ndarray of object, (n_categories,)
        A cell of each, by rank, as the training rows have it.
    counts : ndarray of int64, (n_categories,)
        Training rows of each, by rank.
    ordered : bool
        Whether the ranks are an order of the cells.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.joint.column_cells import CategoryCells
    >>> cells = CategoryCells.learn(pd.Series(["b", "a", "b", None]))
    >>> cells.labels(pd.Series(["a", "b", "c"]), "letter")
    array([ 1.,  0., nan])
    >>> cells.cells_of(np.array([0.0, 1.0])).tolist()
    ['b', 'a']
    """

    codes: CategoryColumn
    ranks: NDArray[np.int64]
    cells: NDArray[Any]
    counts: NDArray[np.int64]
    ordered: bool

    @classmethod
    def learn(cls, column: pd.Series, ordered: bool = False) -> CategoryCells:
        """Learn the categories of the training rows; ``ordered`` if they are numbers."""
        present = column.dropna()
        codes = CategoryColumn.learn(column)
        of_rows = np.array([codes.codes[category_name(cell)] for cell in present], np.int64)
        found, first, counts = np.unique(of_rows, return_index=True, return_counts=True)
        cells = np.empty(len(found), dtype=object)
        cells[:] = present.iloc[first].astype(object).tolist()
        if ordered:
            order = np.argsort(cells.astype(np.float64), kind="stable")
        elif codes.ordered:
            order = np.arange(len(found))
        else:
            order = np.argsort(-counts, kind="stable")
        ranks = np.empty(len(found), np.int64)
        ranks[order] = np.arange(len(found))
        return cls(codes, ranks, cells[order], counts[order], ordered or codes.ordered)

    @property
    def n_distinct(self) -> int:
        """Number of distinct cells."""
        return len(self.cells)

    @property
    def n_named(self) -> int:
        """Number of categories that are classes of their own."""
        n = len(self.cells)
        return n if self.ordered or n <= MAX_NAMED + 1 else MAX_NAMED

    def labels(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return the rank of each cell (n_rows,), NaN where it is missing or unknown."""
        codes = self.codes.encode(column, name, warn=False)[:, 0]
        known = ~np.isnan(codes)
        labels = np.full(len(codes), np.nan)
        labels[known] = self.ranks[codes[known].astype(np.int64)]
        return labels

    def cells_of(self, labels: NDArray[np.float64]) -> pd.Series:
        """Return the cells of ranks (n_rows,)."""
        cells = np.full(len(labels), None, dtype=object)
        known = ~np.isnan(labels)
        cells[known] = self.cells[labels[known].astype(np.int64)]
        return pd.Series(cells, dtype=object)


ColumnCells = CategoryCells | NumberCells


def learn_cells(column: pd.Series, name: Hashable, encoder: Column) -> ColumnCells | None:
    """Learn what the cells of a column are predicted as; None if it has none.

    Parameters
    ----------
    column : Series, (n_rows,)
        Cells of the training rows.
    name : Hashable
        Name of the column.
    encoder : Column
        What the encoder learned of the column.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.joint.column_cells import learn_cells
    >>> from tabtransfer.preprocessing.columns import learn_column
    >>> column = pd.Series([1.5, 2.5, None, 2.5])
    >>> learn_cells(column, "x", learn_column(column, "x")).cells.tolist()
    [1.5, 2.5]
    """
    kind = read_as(column, name).kind
    if kind == "nothing" or not encoder.n_categories:
        return None
    if kind in ("categories", "text"):
        return CategoryCells.learn(column)
    numbers = NumberCells.learn(column, name, encoder)
    if kind == "numbers" and numbers.n_distinct <= FEW_NUMBERS:
        return CategoryCells.learn(column, ordered=True)
    return numbers


def with_dtype(cells: pd.Series, dtype: Any) -> pd.Series:
    """Return cells in a dtype, or as they are where the dtype has no room for them."""
    try:
        return cells.astype(dtype)
    except (TypeError, ValueError):
        return cells
