"""Predict query rows with a pretrained network, with training rows as their context.

The training rows are read once (`read_context`), for any number of query rows (`ask`).

A row gets the same prediction alone as among others. To have that to more digits than
float32 has, small contexts (at most `DOUBLE_CELLS` cells) are computed in float64; which it
is depends on the training rows alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.inference.memory import FEWEST_ROWS, ContextShape, MemoryBudget
from tabtransfer.inference.out_of_memory import with_fewer_rows
from tabtransfer.inference.placement import device_of
from tabtransfer.network.transformer import Context, TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.tasks import TaskBatch

Channels = Callable[[NDArray[np.float64]], NDArray[np.float64]]

__all__ = [
    "Channels",
    "ask",
    "precision",
    "query_tensors",
    "read_context",
    "task_batch",
]

DOUBLE_CELLS = 5_000  # training cells up to which float64 costs little


def precision(n_rows: float, n_columns: int) -> torch.dtype:
    """Return the type to compute in, by the size of the context; a weight of 2 is two rows."""
    return torch.float64 if n_rows * n_columns <= DOUBLE_CELLS else torch.float32


@torch.no_grad()  # explanations differentiate by query rows, which inference mode rules out
def read_context(
    network: TabularTransformer,
    context: EncodedTable,
    labels: NDArray[Any],
    n_classes: int,
    budget: MemoryBudget,
    channels: Channels,
    weights: NDArray[np.float64] | None = None,
    copies: NDArray[np.int64] | None = None,
) -> Context:
    """Let a network read training rows.

    Parameters
    ----------
    network : TabularTransformer
        The network; computes in its own type, on its device.
    context, labels, n_classes, channels, weights, copies
        The task, see `task_batch`.
    budget : MemoryBudget
        Decides how many rows go through at once; half of them, if they turn out too many.

    Returns
    -------
    Context
        On the network's device.
    """
    dtype = next(network.parameters()).dtype
    query = context.take(slice(0))
    batch = task_batch(
        *(context, labels, query, n_classes, dtype),
        weights=weights,
        copies=copies,
        channels=channels,
    )
    batch = batch.to(device_of(network))
    shape = ContextShape.of(
        context.n_rows, context.n_categories, n_classes, network.config, dtype.itemsize
    )
    read, _ = with_fewer_rows(
        lambda chunk_rows: network.read_context(batch, chunk_rows), budget.chunk_rows(shape)
    )
    return read


@torch.inference_mode()
def ask(
    network: TabularTransformer, context: Context, query: EncodedTable, channels: Channels
) -> Tensor:
    """Predict query rows with a network.

    Parameters
    ----------
    network : TabularTransformer
        The network that read the context.
    context : Context
        From `read_context`.
    query : EncodedTable
        The query rows, in the view that the network gets.
    channels : callable
        As in `task_batch`.

    Returns
    -------
    Tensor of float64, (n_query, max_classes) or (n_query, n_quantiles)
        What the network says, on the CPU.
    """
    # Few rows would be multiplied by another routine, with other roundings.
    rows = np.resize(np.arange(query.n_rows), max(query.n_rows, FEWEST_ROWS))
    asked = query_tensors(network, query.take(rows), channels)
    return network.predict(context, *asked)[0, : query.n_rows].cpu().double()


def query_tensors(
    network: TabularTransformer, query: EncodedTable, channels: Channels
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return query rows as a network takes them: in its type, on its device.

    Returns
    -------
    values, missing : Tensor, (1, n_query, n_columns)
        The cells, as in `TaskBatch`.
    learners : Tensor, (1, n_query, 3, k), or None
        What learners predict for the rows, if there are learners.
    """
    dtype, device = next(network.parameters()).dtype, device_of(network)

    def moved(numbers: NDArray[Any]) -> Tensor:
        return torch.from_numpy(numbers)[None].to(dtype).to(device)

    missing = torch.from_numpy(query.missing)[None].to(device)
    learners = None if query.learners is None else moved(channels(query.learners))
    return moved(query.values), missing, learners


def task_batch(
    context: EncodedTable,
    labels: NDArray[Any],
    query: EncodedTable,
    n_classes: int,
    dtype: torch.dtype = torch.float32,
    query_labels: NDArray[Any] | None = None,
    weights: NDArray[np.float64] | None = None,
    query_weights: NDArray[np.float64] | None = None,
    copies: NDArray[np.int64] | None = None,
    channels: Channels | None = None,
) -> TaskBatch:
    """Return a context and query rows as a batch of one task.

    Parameters
    ----------
    context : EncodedTable
        Training rows, in the view that the network gets.
    labels : ndarray of int64 or float64
        Their classes, or their standardised targets.
    query : EncodedTable
        Query rows in the same view.
    n_classes : int
        Number of classes of the task; 0 if the targets are numbers.
    dtype : torch.dtype
        Type of the values, and of targets that are numbers.
    query_labels : ndarray of int64 or float64, optional
        Labels of the query rows, where a loss is to be computed.
    weights, query_weights : ndarray of float64, optional
        Weights of the context's rows, and of the query rows in the loss; ones if not given.
    copies : ndarray of int64, optional
        Which of the context's rows are left out together, as `LabelledTable.copies_of` returns it.
    channels : callable, optional
        Turns what learners predict (`EncodedTable.learners`) into what they say of the label
        channels, as `TaskBatch.learners` has it; if not given, they are left out.

    Returns
    -------
    TaskBatch

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.inference.predict import task_batch
    >>> table = TableEncoder().fit([[1.0], [2.0], [3.0]]).transform([[1.0], [2.0], [3.0]])
    >>> batch = task_batch(table.take(slice(2)), np.array([0, 1]), table.take(slice(2, 3)), 2)
    >>> batch.values.shape, batch.n_train
    (torch.Size([1, 3, 1]), 2)
    """
    if query_labels is None:
        query_labels = np.zeros(query.n_rows, labels.dtype)

    def joined(first: NDArray, second: NDArray) -> Tensor:
        return torch.from_numpy(np.concatenate([first, second]))[None]

    learners = None
    if channels is not None and context.learners is not None and query.learners is not None:
        learners = joined(channels(context.learners), channels(query.learners))
    batch = TaskBatch(
        values=joined(context.values, query.values),
        missing=joined(context.missing, query.missing),
        categorical=torch.from_numpy(context.categorical)[None],
        labels=joined(labels, query_labels),
        n_train=context.n_rows,
        n_columns=torch.tensor([context.values.shape[1]]),
        n_classes=torch.tensor([n_classes]),
        weights=None if weights is None else torch.from_numpy(weights)[None],
        query_weights=None if query_weights is None else torch.from_numpy(query_weights)[None],
        learners=learners,
        copies=None if copies is None else torch.from_numpy(copies)[None],
    )
    return batch.to(dtype)
