"""The table of which the joint distribution is asked: encoded once, for all of its columns."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import ColumnWarning
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.placement import placed
from tabtransfer.inference.resources import Resources
from tabtransfer.joint.column_cells import ColumnCells, learn_cells, with_dtype
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.columns.sparse import dense
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.encoder import TableEncoder

__all__ = ["JointTable", "PartialRows", "some_columns"]


@dataclass(frozen=True, eq=False)
class JointTable:
    """The training rows, and what was learned of each column.

    Parameters
    ----------
    frame : DataFrame, (n_rows, n_columns)
        The rows as they were given.
    encoder : TableEncoder
        What was learned of the columns as they are read.
    encoded : EncodedTable
        The rows, encoded.
    cells : tuple of ColumnCells or None
        What the cells of each column are predicted as; None where it has none.
    labels : tuple of ndarray of float64, (n_rows,)
        The labels of each column's cells; NaN where they are missing.
    network : KeptNetwork
        The network that predicts.
    n_members : int
        Members of the ensemble that predicts a column.
    max_context_rows : int
        Most training rows that a member reads at once.
    seed : int
        Seed of all that is drawn.
    resources : Resources
        What predicting may take.
    """

    frame: pd.DataFrame
    encoder: TableEncoder
    encoded: EncodedTable
    cells: tuple[ColumnCells | None, ...]
    labels: tuple[NDArray[np.float64], ...]
    network: KeptNetwork
    n_members: int
    max_context_rows: int
    seed: int
    resources: Resources

    @classmethod
    def learn(
        cls,
        frame: pd.DataFrame,
        network: KeptNetwork,
        n_members: int,
        max_context_rows: int,
        seed: int,
        resources: Resources,
    ) -> JointTable:
        """Learn the columns of a table."""
        encoder = TableEncoder().fit(frame)
        with warnings.catch_warnings():  # the encoder has warned of what it reads with doubts
            warnings.simplefilter("ignore", ColumnWarning)
            cells = tuple(
                learn_cells(dense(frame.iloc[:, place]), name, encoder.columns_[place])
                for place, name in enumerate(frame.columns)
            )
        return cls(
            frame.copy(deep=False),
            encoder,
            encoder.transform(frame),
            cells,
            _labels(cells, frame),
            network,
            n_members,
            max_context_rows,
            seed,
            resources,
        )

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return len(self.frame)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self.frame.shape[1]

    def placed_network(self) -> TabularTransformer:
        """Return the network on the device that it computes on."""
        return placed(self.network.get(), self.resources.device)

    def labels_of(self, frame: pd.DataFrame) -> tuple[NDArray[np.float64], ...]:
        """Return the labels (n_rows,) of each column of rows with these columns, in this order."""
        return _labels(self.cells, frame)

    def cells_of(self, column: int, labels: NDArray[np.float64]) -> pd.Series:
        """Return the cells of a column that labels stand for, in the column's dtype if it can."""
        cells = self.cells[column]
        assert cells is not None
        return with_dtype(cells.cells_of(labels), self.frame.dtypes.iloc[column])

    def with_dtypes(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows of objects with the types that the columns of the training rows have."""
        columns = [
            with_dtype(frame[name].infer_objects(), self.frame[name].dtype) for name in frame
        ]
        return pd.concat(columns, axis=1)

    def encoded_columns(self, columns: Sequence[int]) -> NDArray[np.int64]:
        """Return the places in the encoded table of some columns, in the table's order."""
        return np.flatnonzero(np.isin(self.encoder.sources_, list(columns)))

    def rng(self, purpose: str, *numbers: int) -> np.random.Generator:
        """Return a source of randomness for one purpose, the same each time."""
        return np.random.default_rng([self.seed, crc32(purpose.encode()), *numbers])


class PartialRows:
    """Rows of which some cells are known, and to which others are added.

    Parameters
    ----------
    table : JointTable
        The table that they are like.
    encoded : EncodedTable
        The rows, encoded; cells that are not known are missing.
    """

    def __init__(self, table: JointTable, encoded: EncodedTable) -> None:
        self._table = table
        self.encoded = encoded

    @classmethod
    def empty(cls, table: JointTable, n_rows: int) -> PartialRows:
        """Return rows without a known cell."""
        shape = n_rows, table.encoded.values.shape[1]
        known = table.encoded
        return cls(
            table,
            EncodedTable(
                np.zeros(shape, np.float32), np.ones(shape, bool), known.categorical,
                known.n_categories,
            ),
        )  # fmt: skip

    @classmethod
    def of(cls, table: JointTable, frame: pd.DataFrame) -> PartialRows:
        """Return rows whose cells are known where they aren't missing."""
        return cls(table, table.encoder.transform(frame))

    def take(self, rows: NDArray[np.int64]) -> PartialRows:
        """Return some of the rows."""
        return PartialRows(self._table, self.encoded.take(rows))

    def copy(self) -> PartialRows:
        """Return rows that can be filled without a change to these."""
        return self.take(np.arange(self.encoded.n_rows))

    def fill(self, column: int, cells: pd.Series, rows: NDArray[np.int64] | None = None) -> None:
        """Add the cells of a column, those of some rows if these are given."""
        name, places = self._table.frame.columns[column], self._table.encoded_columns([column])
        if not len(places):
            return
        values = self._table.encoder.columns_[column].encode(cells, name)
        where = np.ix_(np.arange(len(self.encoded.values)) if rows is None else rows, places)
        self.encoded.missing[where] = np.isnan(values)
        self.encoded.values[where] = np.nan_to_num(values)


def some_columns(table: EncodedTable, columns: NDArray[Any]) -> EncodedTable:
    """Return some columns of an encoded table."""
    return EncodedTable(
        table.values[:, columns],
        table.missing[:, columns],
        table.categorical[columns],
        table.n_categories[columns],
    )


def _labels(
    cells: Sequence[ColumnCells | None], frame: pd.DataFrame
) -> tuple[NDArray[np.float64], ...]:
    found = []
    with warnings.catch_warnings():  # the encoder has warned of what it reads with doubts
        warnings.simplefilter("ignore", ColumnWarning)
        for place, (name, known) in enumerate(zip(frame.columns, cells, strict=True)):
            column = dense(frame.iloc[:, place])
            unknown = np.full(len(frame), np.nan)
            found.append(unknown if known is None else known.labels(column, name))
    return tuple(found)
