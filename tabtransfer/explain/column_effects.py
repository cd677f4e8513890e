"""How much each column's value moves a prediction.

The value of a column is replaced by values of training rows, the other columns stay as they
are, and the mean of the new predictions is compared with the old one: the prediction difference
of Robnik-Šikonja and Kononenko (2008, IEEE TKDE 20(5), "Explaining classifications for individual
instances"), with the column's marginal distribution, which Janzing, Minorics and Blöbaum
(AISTATS 2020) argue for: it tells what the model does with the value.

It looks at one column at a time: of two columns that say the same, each may seem to matter
little. Shapley values, which look at all subsets of columns (Štrumbelj and Kononenko 2014), come
from the package shap, which takes ``predict_proba`` or ``predict``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.memory import pieces
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["ColumnDraws", "column_effects", "draw_values"]

N_DRAWS = 8  # values of a column that stand for its distribution


@dataclass(frozen=True)
class ColumnDraws:
    """Values that represent the distribution of a column.

    Parameters
    ----------
    encoded : slice
        The column in encoded form, which may be several columns of numbers.
    values, missing : ndarray, (n_draws, n_encoded)
        As in `EncodedTable`.
    shares : ndarray of float64, (n_draws,)
        How frequent each is, of sum 1.
    """

    encoded: slice
    values: NDArray[np.float32]
    missing: NDArray[np.bool_]
    shares: NDArray[np.float64]

    def replace(
        self, query: EncodedTable, rows: NDArray[np.int64]
    ) -> tuple[EncodedTable, NDArray[np.int64], NDArray[np.float64]]:
        """Return copies of rows in which the column has the drawn values in turn.

        Returns
        -------
        table : EncodedTable
            Every row with every value that isn't its own.
        places : ndarray of int64
            Where each is from in the query.
        shares : ndarray of float64
            How frequent its value is.
        """
        places = np.repeat(rows, len(self.shares))
        table = query.take(places)
        values = np.tile(self.values, (len(rows), 1))
        missing = np.tile(self.missing, (len(rows), 1))
        differs = (table.values[:, self.encoded] != values).any(1)
        differs |= (table.missing[:, self.encoded] != missing).any(1)
        table.values[:, self.encoded] = values
        table.missing[:, self.encoded] = missing
        changed = np.flatnonzero(differs)
        return table.take(changed), places[changed], np.tile(self.shares, len(rows))[changed]


def draw_values(
    table: EncodedTable,
    encoded: slice,
    weights: NDArray[np.float64] | None,
    rng: np.random.Generator,
) -> ColumnDraws:
    """Draw values of a column from training rows, evenly over its sorted values.

    Systematic sampling (Madow 1949): the draws lie at equal distances in the order of the
    values, from a random start, so that few of them represent the distribution well.

    Parameters
    ----------
    table : EncodedTable
        The training rows.
    encoded : slice
        Place of the column in it.
    weights : ndarray of float64, (n_rows,), or None
        Weights of the rows.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ColumnDraws

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.explain.column_effects import draw_values
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = [["a"], ["b"], ["a"], ["a"]]
    >>> table = TableEncoder().fit(X).transform(X)
    >>> draw_values(table, slice(0, 1), None, np.random.default_rng(0)).shares
    array([0.75, 0.25])
    """
    values, missing = table.values[:, encoded], table.missing[:, encoded]
    if not values.shape[1]:  # the encoder doesn't read the column
        return ColumnDraws(encoded, values[:0], missing[:0], np.zeros(0))
    cells = np.concatenate([values, missing], 1)
    order = np.lexsort(cells.T[::-1])
    reached = np.cumsum(np.ones(len(cells)) if weights is None else weights[order])
    places = (rng.random() + np.arange(N_DRAWS)) / N_DRAWS * reached[-1]
    drawn = order[np.searchsorted(reached, places, side="right").clip(max=len(cells) - 1)]
    _, first, counts = np.unique(cells[drawn], axis=0, return_index=True, return_counts=True)
    return ColumnDraws(encoded, values[drawn[first]], missing[drawn[first]], counts / N_DRAWS)


def column_effects(
    predict: Callable[[EncodedTable], NDArray[np.float64]],
    draws: list[ColumnDraws],
    query: EncodedTable,
    predicted: NDArray[np.float64],
    outputs: NDArray[np.int64],
    max_rows: int,
) -> NDArray[np.float64]:
    """Compare predictions with those for other values of each column.

    Parameters
    ----------
    predict : callable
        Gives predictions (n_rows, n_outputs) of encoded rows.
    draws : list of ColumnDraws
        For each column.
    query : EncodedTable
        Rows to explain.
    predicted : ndarray of float64, (n_query,)
        What was predicted for them.
    outputs : ndarray of int64, (n_query,)
        Which of the outputs that is.
    max_rows : int
        Most rows to predict at once.

    Returns
    -------
    ndarray of float64, (n_query, n_columns)
        The prediction less the mean with other values: above 0 where the value raises it.
    """
    effects = np.zeros((query.n_rows, len(draws)))
    for rows, columns in _batches(query.n_rows, len(draws), max(1, max_rows // N_DRAWS)):
        changed = [draws[column].replace(query, rows) for column in columns]
        index = np.concatenate([places for _, places, _ in changed])
        if len(index):
            shares = np.concatenate([shares for _, _, shares in changed])
            column = np.repeat(columns, [len(places) for _, places, _ in changed])
            found = predict(_stacked([table for table, _, _ in changed]))
            change = predicted[index] - found[np.arange(len(index)), outputs[index]]
            np.add.at(effects, (index, column), shares * change)
    return effects


def _batches(
    n_rows: int, n_columns: int, most: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Cut a grid of rows and columns into parts of few cells."""
    for rows in pieces(n_rows, most):
        for columns in pieces(n_columns, max(1, most // (rows.stop - rows.start))):
            yield np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop)


def _stacked(tables: list[EncodedTable]) -> EncodedTable:
    return EncodedTable(
        np.concatenate([table.values for table in tables]),
        np.concatenate([table.missing for table in tables]),
        tables[0].categorical,
        tables[0].n_categories,
    )
