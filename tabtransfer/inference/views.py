"""Views: the same table shown to the network in several equally good ways.

A prediction should not depend on the order of columns, the numbering of classes and
categories, or the scale of numbers, but a network's does, a little. So every member of an
ensemble sees the table in a random order and in one of a few kinds (`KINDS`), and the
members' predictions are averaged. The same goes for numeric targets and their scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.normal_scores import NormalScores

__all__ = ["KINDS", "View", "ViewKind", "ViewMaker"]

MAX_COLUMNS = 200  # of a view; wider tables show each member a random part of their columns
_MAX_KNOTS = 256  # of a column's normal scores
_MAX_RANKED_ROWS = 10_000  # that they are learned from
_OUTERMOST = 5.2  # the smallest and the largest cell stand out, which helps a little


@dataclass(frozen=True)
class ViewKind:
    """How a view shows numbers, categories, classes and targets.

    Parameters
    ----------
    normal_numbers : bool
        Numbers by their rank, as a normal variable; otherwise as they are.
    normal_target : bool, default=False
        Targets that are numbers by their rank, as a normal variable; otherwise standardised.
    renumbered : bool, default=True
        Classes and categories in a random order; otherwise as they are numbered.
    """

    normal_numbers: bool
    normal_target: bool = False
    renumbered: bool = True


# Members take these in turn.
KINDS = (
    ViewKind(normal_numbers=False),
    ViewKind(normal_numbers=True),
    ViewKind(normal_numbers=False, normal_target=True),
    ViewKind(normal_numbers=True, normal_target=True),
)


@dataclass(frozen=True)
class View:
    """One way to show a table to the network.

    Parameters
    ----------
    columns : ndarray of int64, (n_columns,)
        Column of the table behind each column of the view.
    codes : dict of int to ndarray
        New codes of the categories of a column of the table.
    class_order : ndarray of int64, (n_classes,)
        The classes in the order in which the network gets them.
    normal : dict of int to NormalScores, or None
        Turn the numbers of a column of the table into normal variables.
    normal_target : bool, default=False
        Whether targets that are numbers become a normal variable.
    """

    columns: NDArray[np.int64]
    codes: dict[int, NDArray[np.int64]]
    class_order: NDArray[np.int64]
    normal: dict[int, NormalScores] | None
    normal_target: bool = False

    def show(self, table: EncodedTable) -> EncodedTable:
        """Return the table as the member sees it; each row on its own."""
        shown = table.values[:, self.columns]
        missing = table.missing[:, self.columns]
        categorical = table.categorical[self.columns]
        for place, column in enumerate(self.columns.tolist()):
            if categorical[place]:
                shown[:, place] = self.codes[column][shown[:, place].astype(np.int64)]
            elif self.normal is not None:
                shown[:, place] = self.normal[column].transform(shown[:, place])
        shown[missing] = 0.0
        n_categories = table.n_categories[self.columns]
        return EncodedTable(shown, missing, categorical, n_categories, table.learners)


class ViewMaker:
    """Draw views of a table.

    Parameters
    ----------
    training : LabelledTable
        The training rows.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.inference.views import KINDS, ViewMaker
    >>> X = np.array([["a", 1.5], ["b", 2.5], ["c", 3.5]])
    >>> table = TableEncoder().fit(X).transform(X)
    >>> training = LabelledTable(table, np.array([0, 1, 0]), 2)
    >>> view = ViewMaker(training).draw(KINDS[0], np.random.default_rng(0))
    >>> sorted(view.show(table).values[:, list(view.columns).index(0)].tolist())
    [0.0, 1.0, 2.0]
    """

    def __init__(self, training: LabelledTable) -> None:
        self._table = table = training.table
        self._n_classes = training.n_classes
        telling = (table.values != table.values[0]).any(0) | (
            table.missing != table.missing[0]
        ).any(0)
        # Columns without two different cells tell nothing; a table needs one column all the same.
        self._columns = np.flatnonzero(telling) if telling.any() else np.array([0])
        self._normal: dict[int, NormalScores] = {}  # of the columns drawn so far
        self._weights = training.weights
        self._ranked: NDArray[np.int64] | slice = slice(None)
        if table.n_rows > _MAX_RANKED_ROWS:
            choose = np.random.default_rng(0).choice
            self._ranked = choose(table.n_rows, _MAX_RANKED_ROWS, replace=False)

    def draw(self, kind: ViewKind, rng: np.random.Generator) -> View:
        """Draw a view of a kind."""
        columns = rng.permutation(self._columns)[:MAX_COLUMNS]
        n_categories = self._table.n_categories
        order = rng.permutation if kind.renumbered else np.arange
        return View(
            columns,
            {column: order(n_categories[column]) for column in columns.tolist()},
            order(self._n_classes),
            self._scores(columns) if kind.normal_numbers else None,
            kind.normal_target,
        )

    def _scores(self, columns: NDArray[np.int64]) -> dict[int, NormalScores]:
        """Learn the normal scores of those columns that hold numbers."""
        numbers = columns[~self._table.categorical[columns]].tolist()
        for column in numbers:
            if column not in self._normal:
                self._normal[column] = self._learn(column)
        return {column: self._normal[column] for column in numbers}

    def _learn(self, column: int) -> NormalScores:
        present = ~self._table.missing[self._ranked, column]
        if not present.any():
            return NormalScores.learn(np.zeros(1))
        cells = self._table.values[self._ranked, column][present].astype(np.float64)
        weights = None if self._weights is None else self._weights[self._ranked][present]
        return NormalScores.learn(cells, weights, _MAX_KNOTS, _OUTERMOST)
