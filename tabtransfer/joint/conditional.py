"""A column given others: what the network predicts of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.distribution import QuantileDistribution
from tabtransfer.inference.ensemble import (
    ClassificationEnsemble,
    Ensemble,
    RegressionEnsemble,
    build_ensemble,
)
from tabtransfer.inference.views import ViewKind
from tabtransfer.joint.cell_distribution import CellDistribution
from tabtransfer.joint.column_cells import CategoryCells, ColumnCells
from tabtransfer.joint.column_states import ColumnStates
from tabtransfer.joint.table import JointTable, PartialRows, some_columns
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["Conditional", "fit_conditional"]

# Numbers by their rank: what is drawn then has the skew and the bounds of the column.
_KINDS = (
    ViewKind(normal_numbers=False, normal_target=True),
    ViewKind(normal_numbers=True, normal_target=True),
)


@dataclass(frozen=True, eq=False)
class Conditional:
    """The conditional distribution of a column, as an ensemble predicts it.

    Parameters
    ----------
    cells : ColumnCells
        What the column's cells are.
    states : ColumnStates
        What they may be, apart from numbers.
    state_model, number_model : Ensemble, or ndarray of float64, or None
        Predict states and numbers; where the column depends on no other, the states' shares and
        the numbers' quantiles. None where there is one state, or are no numbers.
    given : ndarray of int64
        Places of the columns it depends on in the encoded table.
    n_rows : int
        Training rows that it was learned from.
    """

    cells: ColumnCells
    states: ColumnStates
    state_model: Any
    number_model: Any
    given: NDArray[np.int64]
    n_rows: int

    @property
    def _ensembles(self) -> list[Ensemble]:
        models = (self.state_model, self.number_model)
        return [model for model in models if isinstance(model, Ensemble)]

    def kept_bytes(self, network: TabularTransformer) -> float:
        """Return the bytes of the training rows, and of what the network reads of them."""
        read = sum(
            ensemble.shape(network, task).bytes_kept
            for ensemble in self._ensembles
            for task in ensemble.tasks()
        )
        return read + sum(5.0 * ensemble.training.table.values.size for ensemble in self._ensembles)

    def read(self, network: TabularTransformer) -> None:
        """Let the network read the training rows, for all predictions that follow."""
        for ensemble in self._ensembles:
            ensemble.read(network)

    def predict(self, network: TabularTransformer, rows: PartialRows) -> CellDistribution:
        """Predict the cells of rows, from what is known of them."""
        query, n_rows = some_columns(rows.encoded, self.given), rows.encoded.n_rows
        probabilities = np.ones((n_rows, self.states.n))
        if isinstance(self.state_model, ClassificationEnsemble):
            probabilities = self.state_model.probabilities(network, query)
        elif self.state_model is not None:
            probabilities = np.tile(self.state_model, (n_rows, 1))
        numbers = None
        if self.number_model is not None:
            if isinstance(self.number_model, RegressionEnsemble):
                quantiles = self.number_model.quantiles(network, query)
            else:
                quantiles = np.tile(self.number_model, (n_rows, 1))
            levels = np.array(quantile_levels(quantiles.shape[1]))
            numbers = QuantileDistribution(levels, quantiles)
        return CellDistribution(self.cells, self.states, probabilities, numbers, self.n_rows)


def fit_conditional(
    table: JointTable,
    column: int,
    given: Sequence[int],
    *,
    rows: NDArray[np.int64] | None = None,
    with_missing: bool = False,
    member: int = 0,
) -> Conditional:
    """Fit the distribution of a column, given others.

    Parameters
    ----------
    table : JointTable
        The table.
    column : int
        The column to predict; its cells differ.
    given : sequence of int
        The columns to predict it from; it may be none.
    rows : ndarray of int64, optional
        Training rows to learn from; all if not given.
    with_missing : bool, default=False
        Whether to predict which cells are missing, too.
    member : int, default=0
        Tells models of the same column apart: each draws views of its own.

    Returns
    -------
    Conditional
    """
    cells = table.cells[column]
    assert cells is not None
    rows = np.arange(table.n_rows) if rows is None else rows
    labels = table.labels[column][rows]
    if np.isnan(labels).all():  # of some rows, all may be missing
        rows = np.arange(table.n_rows)
        labels = table.labels[column]
    states = ColumnStates.learn(cells, labels, with_missing)
    places = table.encoded_columns(given)
    rng = table.rng("views", member, column)

    def fit(targets: NDArray[Any], kept: NDArray[np.int64], n_classes: int) -> Any:
        known = some_columns(table.encoded.take(kept), places)
        return build_ensemble(
            LabelledTable(known, targets, n_classes),
            table.network.get().config,
            table.n_members,
            table.max_context_rows,
            rng,
            _KINDS,
            table.resources.memory_limit,
            device=table.resources.device,
        )

    state_model: Any = None
    number_model: Any = None
    if states.n > 1:
        of_rows = states.of(labels)
        kept = np.flatnonzero(of_rows >= 0)
        if len(places):
            state_model = fit(of_rows[kept], rows[kept], states.n)
        else:
            state_model = np.bincount(of_rows[kept], minlength=states.n) / len(kept)
    if not isinstance(cells, CategoryCells) and states.rest:
        kept = np.flatnonzero(states.of(labels) == len(states.values))
        if len(places) and len(kept) > 1:
            number_model = fit(labels[kept], rows[kept], 0)
        else:
            levels = quantile_levels(table.network.get().config.n_quantiles)
            number_model = np.quantile(labels[kept], levels)
    return Conditional(cells, states, state_model, number_model, places, len(rows))
