"""Views: the same table shown to the network in several equally good ways.

A prediction should not depend on the order of columns, the numbering of classes and
categories, or the scale of numbers, but a network's does, a little. So every member of an
ensemble sees the table in a random order and in one of a few kinds (`KINDS`), and the
members' predictions are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import QuantileTransformer

from tabtransfer.encoder import EncodedTable

__all__ = ["KINDS", "View", "ViewKind", "ViewMaker"]

MAX_COLUMNS = 200  # of a view; wider tables show each member a random part of their columns
_N_QUANTILES = 256


@dataclass(frozen=True)
class ViewKind:
    """Say how a view shows numbers, categories and classes.

    Parameters
    ----------
    normal_numbers : bool
        Numbers by their quantile, as a normal variable; otherwise as they are.
    renumbered : bool, default=True
        Classes and categories in a random order; otherwise as they are numbered.
    """

    normal_numbers: bool
    renumbered: bool = True


# Members take these in turn.
KINDS = (ViewKind(normal_numbers=False), ViewKind(normal_numbers=True))


@dataclass(frozen=True)
class View:
    """Show a table in one way.

    Parameters
    ----------
    sources : ndarray of int64, (n_columns,)
        Column of the table behind each column of the view.
    codes : dict of int to ndarray
        New codes of the categories of a column of the table.
    class_order : ndarray of int64, (n_classes,)
        The classes in the order in which the network gets them.
    normal : QuantileTransformer or None
        Turns all numbers of the table into normal variables.
    """

    sources: NDArray[np.int64]
    codes: dict[int, NDArray[np.int64]]
    class_order: NDArray[np.int64]
    normal: QuantileTransformer | None

    def show(self, table: EncodedTable) -> EncodedTable:
        """Turn a table into what the member sees; each row on its own."""
        values = table.values
        if self.normal is not None:
            numbers = ~table.categorical
            values = values.copy()
            holes = np.where(table.missing, np.nan, values)[:, numbers]
            values[:, numbers] = np.nan_to_num(self.normal.transform(holes))
        shown = values[:, self.sources]
        missing = table.missing[:, self.sources]
        categorical = table.categorical[self.sources]
        for place in np.flatnonzero(categorical):
            codes = self.codes[self.sources[place]]
            shown[:, place] = codes[shown[:, place].astype(np.int64)]
        shown[missing] = 0.0
        n_categories = table.n_categories[self.sources]
        return EncodedTable(shown, missing, categorical, n_categories)


class ViewMaker:
    """Draw views of a table.

    Parameters
    ----------
    table : EncodedTable
        The training rows.
    n_classes : int
        Number of classes.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.encoder import TableEncoder
    >>> from tabtransfer.views import KINDS, ViewMaker
    >>> X = np.array([["a", 1.5], ["b", 2.5], ["c", 3.5]])
    >>> table = TableEncoder().fit(X).transform(X)
    >>> view = ViewMaker(table, n_classes=2).draw(KINDS[0], np.random.default_rng(0))
    >>> sorted(view.show(table).values[:, list(view.sources).index(0)].tolist())
    [0.0, 1.0, 2.0]
    """

    def __init__(self, table: EncodedTable, n_classes: int) -> None:
        self._table = table
        self._n_classes = n_classes
        telling = (table.values != table.values[0]).any(0) | (
            table.missing != table.missing[0]
        ).any(0)
        # Columns without two different cells tell nothing; a table needs one column all the same.
        self._columns = np.flatnonzero(telling) if telling.any() else np.array([0])
        self._normal = _learn_quantiles(table)

    def draw(self, kind: ViewKind, rng: np.random.Generator) -> View:
        """Draw a view of a kind."""
        columns = rng.permutation(self._columns)[:MAX_COLUMNS]
        n_categories = self._table.n_categories
        order = rng.permutation if kind.renumbered else np.arange
        return View(
            columns,
            {column: order(n_categories[column]) for column in columns.tolist()},
            order(self._n_classes),
            self._normal if kind.normal_numbers else None,
        )


def _learn_quantiles(table: EncodedTable) -> QuantileTransformer | None:
    numbers = np.where(table.missing, np.nan, table.values)[:, ~table.categorical]
    if not numbers.shape[1]:
        return None
    numbers[:, np.isnan(numbers).all(0)] = 0.0  # without a cell there are no quantiles
    transformer = QuantileTransformer(
        n_quantiles=min(_N_QUANTILES, table.n_rows),
        output_distribution="normal",
        random_state=0,
    )
    return transformer.set_output(transform="default").fit(numbers)
