"""Which training rows drive the predictions of an ensemble, and how much.

Training rows reach a prediction in two ways, which count one half each (record 012):

- attention: the share of the network's attention that a training row gets from the predicted
  row, as the mean of all heads of the context stage;
- kernels: what leaving the row out does to the kernel predictions that the network reads
  (`tabtransfer.explain.kernel_effects`), times how the prediction changes with these (its
  gradient).

That is cheaper by far than to leave rows out and predict again, which `leave_out_effect` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.explain.kernel_effects import KernelEffects
from tabtransfer.inference.ensemble import ClassificationEnsemble, RegressionEnsemble
from tabtransfer.inference.members import Advance, MemberTask, ignore
from tabtransfer.inference.memory import FEWEST_ROWS
from tabtransfer.inference.out_of_memory import in_fitting_pieces
from tabtransfer.inference.placement import at_precision
from tabtransfer.inference.predict import Channels, query_tensors
from tabtransfer.network.kernels import N_KERNELS
from tabtransfer.network.transformer import Context, TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["RowWeights", "weigh_rows"]


@dataclass(frozen=True)
class RowWeights:
    """The training rows of most weight, in descending order of weight.

    Parameters
    ----------
    rows : ndarray of int64, (n_query, n_top)
        Places of training rows.
    weights : ndarray of float64, (n_query, n_top)
        Their weights; those of all training rows sum to 1.
    raises : ndarray of bool, (n_query, n_top)
        Whether the kernel predictions with the row are in favour of what was predicted.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    raises: NDArray[np.bool_]


def weigh_rows(
    ensemble: ClassificationEnsemble | RegressionEnsemble,
    network: TabularTransformer,
    query: EncodedTable,
    classes: NDArray[np.int64],
    n_top: int,
    advance: Advance = ignore,
) -> RowWeights:
    """Weigh the training rows for each query row.

    Parameters
    ----------
    ensemble : ClassificationEnsemble or RegressionEnsemble
        What predicts.
    network : TabularTransformer
        The network, in float32, on any device; it isn't changed.
    query : EncodedTable
        Rows that were predicted.
    classes : ndarray of int64, (n_query,)
        The class whose probability is to be explained, for a ClassificationEnsemble.
    n_top : int
        Training rows to name.
    advance : callable
        Called with a number of rows whenever one task was asked about them.

    Returns
    -------
    RowWeights
    """
    shape = query.n_rows, ensemble.training.n_rows
    attention, effects = np.zeros(shape), np.zeros(shape)
    reader = at_precision(network, ensemble.dtype)
    groups = ensemble.groups(classes) if isinstance(ensemble, ClassificationEnsemble) else None
    tasks = ensemble.tasks()
    by_task = zip(tasks, ensemble.asked(tasks, query), strict=True)
    for index, (task, asked) in enumerate(by_task):
        if not len(asked):
            continue
        context = ensemble.context(network, index, task)
        weights = ensemble.training.weights_of(task.rows)
        kernels = KernelEffects.of(context.predictions.kernels, _row_weights(context, weights))
        of_rows = None if groups is None else groups[index][asked]

        def weigh(
            piece: slice,
            task: MemberTask = task,
            context: Context = context,
            kernels: KernelEffects = kernels,
            of_rows: NDArray[np.int64] | None = of_rows,
            asked: NDArray[np.int64] = asked,
        ) -> tuple[NDArray[np.int64], Tensor, Tensor]:
            outputs = None if of_rows is None else of_rows[piece]
            shown = task.view.show(query.take(asked[piece]))
            return asked[piece], *_weigh(reader, context, kernels, shown, task.channels, outputs)

        n_rows = _chunk_rows(ensemble, network, task)
        for places, *found in in_fitting_pieces(weigh, len(asked), n_rows):
            for total, part in zip((attention, effects), found, strict=True):
                total[np.ix_(places, task.rows)] += part.cpu().numpy()
            advance(len(places))
    return _largest(attention, effects, n_top)


def _weigh(
    network: TabularTransformer,
    context: Context,
    kernels: KernelEffects,
    query: EncodedTable,
    channels: Channels,
    outputs: NDArray[np.int64] | None,
) -> tuple[Tensor, Tensor]:
    """Return a task's attention and kernel effects (q, n), 0 for rows of which it has no output."""
    values, missing, learners = query_tensors(network, query, channels)
    with torch.no_grad():
        cells = context.columns.describe(values, missing)
        predictions = context.predictions.without_stack(values, cells, learners)
    predictions.requires_grad_(True)
    asked = values.new_ones(query.n_rows)
    with torch.enable_grad():
        stacked = context.predictions.with_stack(predictions)
        rows = network.row_vectors(context, cells, stacked)
        output = network.decide(context, rows)[0]
        if outputs is None:
            explained = output.mean(-1)
        else:
            asked = torch.from_numpy(outputs >= 0).to(asked)
            of_class = torch.from_numpy(outputs.clip(min=0))[:, None].to(asked.device)
            explained = output.log_softmax(-1).gather(1, of_class)[:, 0]
        (sensitivity,) = torch.autograd.grad((asked * explained).sum(), predictions)
    with torch.no_grad():
        features = context.predictions.kernels.layout.features(values, cells)
        sensitivity = sensitivity[:, :, :N_KERNELS].flatten(2)
        attention = network.context.attention(rows.detach(), context.keys)[0]
        return asked[:, None] * attention, kernels.of_rows(features, sensitivity)[0]


def _row_weights(context: Context, weights: NDArray[np.float64] | None) -> Tensor:
    dual = context.predictions.kernels.dual
    if weights is None:
        return dual.new_ones(dual.shape[:2])
    return torch.from_numpy(weights)[None].to(dual.dtype).to(dual.device)


def _chunk_rows(
    ensemble: ClassificationEnsemble | RegressionEnsemble,
    network: TabularTransformer,
    task: MemberTask,
) -> int:
    """Return how many query rows go through at once: a gradient keeps every layer's attention."""
    shape, config = ensemble.shape(network, task), network.config
    scores = (config.context_layers + 4) * config.context_heads * shape.n_rows
    bytes_per_row = 3 * shape.bytes_per_row + shape.value_bytes * scores
    return max(FEWEST_ROWS, int(ensemble.budget(network).chunk / bytes_per_row))


def _largest(
    attention: NDArray[np.float64], effects: NDArray[np.float64], n_top: int
) -> RowWeights:
    """Return the training rows of most weight, which is the mean of two shares."""
    # Where kernels say nothing, and for a table of one class, all rows are alike.
    weights = _shares(np.abs(effects)) + _shares(attention)
    weights /= 2.0
    n_top = min(n_top, weights.shape[1])
    rows = np.argsort(-weights, axis=1, kind="stable")[:, :n_top]
    return RowWeights(
        rows, np.take_along_axis(weights, rows, 1), np.take_along_axis(effects, rows, 1) >= 0.0
    )


def _shares(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    total = amounts.sum(1, keepdims=True)
    return np.where(total > 0.0, amounts / np.where(total > 0.0, total, 1.0), 1 / amounts.shape[1])
