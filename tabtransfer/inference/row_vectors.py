"""The vectors by which a network tells rows apart, in the context of the training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.fitted import FittedModel
from tabtransfer.inference.members import Advance, Ensemble, MemberTask, ignore
from tabtransfer.inference.memory import FEWEST_ROWS
from tabtransfer.inference.out_of_memory import in_fitting_pieces
from tabtransfer.inference.placement import at_precision
from tabtransfer.inference.predict import query_tensors
from tabtransfer.network.transformer import Context, TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["embed", "row_vectors"]


def embed(model: FittedModel, frame: pd.DataFrame) -> NDArray[np.float32]:
    """Return the vectors (n_rows, n_tasks * d_row) of aligned rows, as a fitted model sees them.

    Raises
    ------
    TabTransferError
        If the model has one class, so that the network has nothing to look for.
    """
    if not model.ensemble.tasks():
        raise TabTransferError(
            "The training rows have one class, by which rows can't be told apart: "
            "TabTransferEmbedder().fit(X) embeds them by the columns themselves."
        )

    def ask(network: TabularTransformer, query: EncodedTable, advance: Advance) -> Any:
        return row_vectors(model.ensemble, network, query, advance)

    n_tasks = sum(task.cluster is None for task in model.ensemble.tasks())
    n_numbers = n_tasks * model.network.get().config.d_row
    vectors = np.concatenate(model.ask(frame, ask, n_numbers, "embedding"))
    return vectors.reshape(len(frame), -1)


def row_vectors(
    ensemble: Ensemble,
    network: TabularTransformer,
    query: EncodedTable,
    advance: Advance = ignore,
) -> NDArray[np.float32]:
    """Return the vectors of rows after the context stage, from which the network predicts.

    Parameters
    ----------
    ensemble : Ensemble
        The training rows, and the tasks in which rows are looked at.
    network : TabularTransformer
        The network, in float32, on any device; it isn't changed.
    query : EncodedTable
        The rows, encoded as the training rows are.
    advance : callable
        Called with a number of rows whenever they were looked at in one task.

    Returns
    -------
    ndarray of float32, (n_query, n_tasks, d_row)
        Tasks in the order of `Ensemble.tasks`, without those of clusters: vectors of two clusters
        would not compare.
    """
    budget, reader = ensemble.budget(network), at_precision(network, ensemble.dtype)
    vectors = []
    for index, task in enumerate(ensemble.tasks()):
        if task.cluster is not None:
            continue
        context = ensemble.context(network, index, task)

        def look(piece: slice, task: MemberTask = task, context: Context = context) -> torch.Tensor:
            shown = task.view.show(query.take(piece))
            return _vectors(reader, context, shown, task)

        found = []
        n_rows = budget.chunk_rows(ensemble.shape(network, task))
        for part in in_fitting_pieces(look, query.n_rows, n_rows):
            found.append(part)
            advance(len(part))
        vectors.append(torch.cat(found))
    return torch.stack(vectors, 1).numpy()


@torch.inference_mode()
def _vectors(
    network: TabularTransformer, context: Context, query: EncodedTable, task: MemberTask
) -> torch.Tensor:
    # Few rows would be multiplied by another routine, with other roundings.
    rows = np.resize(np.arange(query.n_rows), max(query.n_rows, FEWEST_ROWS))
    asked = query_tensors(network, query.take(rows), task.channels)
    return network.embed(context, *asked)[0, : query.n_rows].cpu().float()
