"""The density of rows: that of each column given those before, in several orders."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.joint.conditional import fit_conditional
from tabtransfer.joint.kept_models import KeptModels
from tabtransfer.joint.own_rows import OwnRows
from tabtransfer.joint.table import JointTable, PartialRows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import torch_threads

__all__ = ["deal_halves", "log_densities"]


def deal_halves(table: JointTable) -> OwnRows:
    """Deal the training rows into two halves, by whose other half each row is scored."""
    return OwnRows.deal(table.encoded, 2, table.rng("halves"))


def log_densities(
    table: JointTable,
    halves: OwnRows,
    frame: pd.DataFrame,
    n_orders: int,
    models: KeptModels,
    usual: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return the log density of rows, the mean over orders of the columns.

    Every second order is the one before backwards, so that of any two columns each is looked at
    given the other. No row is scored by a half of the training rows that it is in.

    Parameters
    ----------
    table : JointTable
        The training rows.
    halves : OwnRows
        The halves of the training rows.
    frame : DataFrame, (n_rows, n_columns)
        The rows to score.
    n_orders : int
        Number of orders.
    models : KeptModels
        The models that were fitted before, for the same table, halves and usual rows.
    usual : ndarray of bool, (n_training_rows,), optional
        True for training rows that others are scored by; by default all are.

    Returns
    -------
    ndarray of float64, (n_rows,)
        On the scales of the columns' encoders.
    """
    rows, labels = PartialRows.of(table, frame), table.labels_of(frame)
    present = frame.notna().to_numpy()
    folds = halves.find(rows.encoded)
    columns = [place for place, cells in enumerate(table.cells) if cells is not None]
    total = np.zeros(len(frame))
    usual = np.ones(table.n_rows, bool) if usual is None else usual
    # Halves by which some row is scored, in each order: new rows by one after the other.
    wanted = [
        (order, half, np.flatnonzero((folds == 1 - half) | ((folds < 0) & (order % 2 == half))))
        for order in range(n_orders)
        for half in (0, 1)
    ]
    wanted = [(order, half, asked) for order, half, asked in wanted if len(asked)]
    resources = table.resources
    with (
        torch_threads(resources.n_threads),
        progress_bar("scoring rows", len(wanted) * len(columns), resources.verbose) as advance,
    ):
        network = table.placed_network()
        for order, half, asked in wanted:
            places = table.rng("orders", order // 2).permutation(columns)
            given: list[int] = []
            context = np.flatnonzero((halves.folds == half) & usual)
            if not len(context):
                context = np.arange(table.n_rows)
            some = rows.take(asked)
            for column in (places if order % 2 == 0 else places[::-1]).tolist():
                fit = partial(
                    fit_conditional,
                    *(table, column, tuple(given)),
                    rows=context,
                    with_missing=True,
                    member=order,
                )
                model = models.get(table, ("density", order, half, column), fit)
                found = model.predict(network, some)
                total[asked] += found.log_density(labels[column][asked], present[asked, column])
                given.append(column)
                advance(1)
    return total / n_orders
