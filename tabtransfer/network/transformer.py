"""The network: compress each row of a table to one vector, then learn in context.

1. Column stage: every cell becomes a vector of exact statistics, without attention: its place
   among the training cells of its column, the labels of its nearest training cells, and two
   neighbouring columns (`tabtransfer.network.cells`).
2. Row stage: the cells of a row attend to each other; a few summary tokens become its vector.
   What kernel ridge regression, trees and their stack predict for the row joins it
   (`tabtransfer.network.row_predictions`).
3. Context stage: every row attends to the training rows, which carry their labels.

After TabICL (Qu et al. 2025, arXiv 2502.05564) and TabICLv2 (arXiv 2602.11139), made small.
Query rows are never attended to, so a row's prediction does not depend on other query rows, and
what depends on the training rows alone is computed once (`TabularTransformer.read_context`) for
any number of query rows (`TabularTransformer.predict`).

Shapes: b tasks, r rows, n training rows, c columns, d cell width, e row width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabtransfer.network.attention import AttentionKeys
from tabtransfer.network.cells import N_CELL_FEATURES, CellFeatures, ColumnStatistics
from tabtransfer.network.described import (
    DescribedBatch,
    TaskKind,
    TrainingRows,
    describe,
)
from tabtransfer.network.row_predictions import N_PREDICTIONS, RowPredictions
from tabtransfer.network.stages import ContextStage, RowStage
from tabtransfer.tasks import TaskBatch

NEIGHBOUR_OFFSETS = (0, 1, 3)  # columns seen together in one cell vector (TabICLv2)

MAX_SIZE = 100_000  # of anything in a network
_USUAL_ROWS = 1000  # of most contexts in pretraining


@dataclass(frozen=True)
class NetworkConfig:
    """Size of the network.

    The row vector has width ``d_cell * n_summary``. ``tasks`` says which heads exist. Of contexts
    of more than 1,000 rows, rare in pretraining, class logits are multiplied by their length over
    that of 1,000 rows, thinking rows included, to the power of ``sharpening`` (record 035).
    """

    d_cell: int = 32
    n_summary: int = 6
    row_layers: int = 2
    context_layers: int = 6
    row_heads: int = 2
    context_heads: int = 4
    n_thinking: int = 16
    max_classes: int = 10
    n_quantiles: int = 99
    tasks: tuple[str, ...] = ("classification", "regression")
    sharpening: float = 0.0

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> NetworkConfig:
        """Read the fields as JSON has them.

        Raises
        ------
        TypeError, ValueError
            If they aren't these fields, or a network can't have such sizes.
        """
        config = cls(**{**fields, "tasks": tuple(fields["tasks"])})
        sizes = asdict(config)
        sharpening, _ = sizes.pop("sharpening"), sizes.pop("tasks")
        if not (isinstance(sharpening, int | float) and 0 <= sharpening <= 1):
            raise ValueError(f"sharpening is {sharpening!r}, not a number from 0 to 1")
        for name, size in sizes.items():
            if not (isinstance(size, int) and 0 < size <= MAX_SIZE):
                raise ValueError(f"{name} is {size!r}, not a whole number from 1 to {MAX_SIZE:,}")
        return config

    @property
    def d_row(self) -> int:
        """Width of a row vector."""
        return self.d_cell * self.n_summary


class TabularTransformer(nn.Module):
    """Predict query rows of a table from its training rows, in one pass.

    Parameters
    ----------
    config : NetworkConfig
        Sizes.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> from tabtransfer.tasks import TaskBatch
    >>> batch = TaskBatch(
    ...     values=torch.randn(1, 12, 3), missing=torch.zeros(1, 12, 3, dtype=torch.bool),
    ...     categorical=torch.zeros(1, 3, dtype=torch.bool), labels=torch.arange(12)[None] % 2,
    ...     n_train=8, n_columns=torch.tensor([3]), n_classes=torch.tensor([2]))
    >>> TabularTransformer(NetworkConfig())(batch).shape
    torch.Size([1, 4, 10])
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        channels = {"classification": config.max_classes, "regression": 2}
        outputs = {"classification": config.max_classes, "regression": config.n_quantiles}
        unknown = set(config.tasks) - channels.keys()
        if unknown:
            raise ValueError(f"unknown tasks {sorted(unknown)}; there are {sorted(channels)}")
        d, e = config.d_cell, config.d_row
        self.cells = nn.Linear(N_CELL_FEATURES * len(NEIGHBOUR_OFFSETS), d)
        self.neighbour_labels = _linears({task: channels[task] + 1 for task in config.tasks}, d)
        self.cell_labels = _linears({task: channels[task] for task in config.tasks}, d)
        self.rows = RowStage(d, config.row_heads, config.row_layers, config.n_summary)
        self.row_predictions = _linears(
            {task: N_PREDICTIONS * channels[task] for task in config.tasks}, e
        )
        self.row_labels = _linears({task: channels[task] for task in config.tasks}, e)
        self.context = ContextStage(
            e, config.context_heads, config.context_layers, config.n_thinking
        )
        self.heads = nn.ModuleDict(
            {
                task: nn.Sequential(
                    nn.LayerNorm(e, bias=False),
                    nn.Linear(e, 2 * e),
                    nn.GELU(),
                    nn.Linear(2 * e, outputs[task]),
                )
                for task in config.tasks
            }
        )

    def forward(self, batch: TaskBatch | DescribedBatch) -> Tensor:
        """Predict the query rows.

        Parameters
        ----------
        batch : TaskBatch or DescribedBatch
            Tasks of one kind, classification or regression; described by `describe`, or now.

        Returns
        -------
        Tensor
            Class logits (b, q, max_classes), ``-inf`` at classes a task doesn't have; or
            quantiles of the standardised target (b, q, n_quantiles).
        """
        known = batch if isinstance(batch, DescribedBatch) else describe(batch)
        kind = self._checked(known.kind)
        rows = self.row_vectors(kind, known.cells, known.predictions, known.labels)
        keys = self.context.read(rows, known.batch.weights)
        query = self.row_vectors(kind, known.query_cells, known.query_predictions)
        return self._decide(kind, query, keys)

    def read_context(self, batch: TaskBatch, chunk_rows: int | None = None) -> Context:
        """Compute all that depends on the training rows alone.

        Parameters
        ----------
        batch : TaskBatch
            Tasks of one kind; their query rows are not read.
        chunk_rows : int, optional
            Rows that go through the row stage at once; all if not given.

        Returns
        -------
        Context
            For `predict`.
        """
        kind = self._checked(TaskKind.of(batch))
        known = TrainingRows.of(batch, chunk_rows)
        n_rows = chunk_rows or batch.n_train
        predictions = known.leave_one_out.split(n_rows, 1)
        parts = zip(known.cells, predictions, known.labels.split(n_rows, 1), strict=True)
        rows = [self.row_vectors(kind, *part) for part in parts]
        keys = self.context.read(torch.cat(rows, 1), batch.weights)
        return Context(
            **vars(kind), columns=known.columns, predictions=known.predictions, keys=keys
        )

    def _checked(self, kind: TaskKind) -> TaskKind:
        """Refuse a kind of tasks that the network has no head for."""
        if kind.task not in self.config.tasks:
            raise ValueError(f"this network was built for {self.config.tasks}, not for {kind.task}")
        return kind

    def predict(
        self, context: Context, values: Tensor, missing: Tensor, learners: Tensor | None = None
    ) -> Tensor:
        """Predict query rows from a context, as `forward` does.

        Parameters
        ----------
        context : Context
            From `read_context`.
        values, missing : Tensor, (b, q, c)
            The query rows, as in `TaskBatch`.
        learners : Tensor, (b, q, 3, k), optional
            What other models predict for them, as in `TaskBatch`; to be given if it was in the
            context.

        Returns
        -------
        Tensor
            As in `forward`.
        """
        return self.decide(context, self._query_rows(context, values, missing, learners))

    def embed(
        self, context: Context, values: Tensor, missing: Tensor, learners: Tensor | None = None
    ) -> Tensor:
        """Return the vectors (b, q, e) from which `predict` predicts query rows."""
        rows = self._query_rows(context, values, missing, learners)
        return self.context(rows, context.keys)

    def _query_rows(
        self, context: Context, values: Tensor, missing: Tensor, learners: Tensor | None
    ) -> Tensor:
        cells = context.columns.describe(values, missing)
        predictions = context.predictions.predict(values, cells, learners)
        return self.row_vectors(context, cells, predictions)

    def decide(self, context: Context, rows: Tensor) -> Tensor:
        """Predict query rows from their vectors (b, q, e), as `forward` does."""
        return self._decide(context, rows, context.keys)

    def _decide(self, kind: TaskKind, rows: Tensor, keys: tuple[AttentionKeys, ...]) -> Tensor:
        output = self.heads[kind.task](self.context(rows, keys))
        if output.dtype != torch.float64:
            output = output.float()
        if kind.task == "classification":
            output = output * self._sharpness(keys)
            classes = torch.arange(output.shape[-1], device=output.device)
            absent = classes >= kind.n_classes[:, None]  # (b, max_classes)
            output = output.masked_fill(absent[:, None], -torch.inf)
        return output

    def _sharpness(self, keys: tuple[AttentionKeys, ...]) -> float | Tensor:
        """Return what to multiply class logits by (1 or b, 1, 1), for a context of some length."""
        beyond = keys[0].log_length - math.log(_USUAL_ROWS + self.config.n_thinking)
        if isinstance(beyond, float):
            return math.exp(self.config.sharpening * max(0.0, beyond))
        return (self.config.sharpening * beyond.clamp(min=0.0)).exp()[..., 0]

    def row_vectors(
        self,
        kind: TaskKind,
        cells: CellFeatures,
        predictions: Tensor,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Compress rows, with their labels if they are training rows: (b, r, e).

        What is predicted for them is (b, r, 8, k), as `RowPredictions` gives it.
        """
        task = kind.task
        x = self._cell_vectors(kind, cells)  # (b, c, r, d)
        if labels is not None:
            x = x + _known(self.cell_labels[task], labels)[:, None]
        n_absent = self.row_labels[task].in_features - predictions.shape[-1]
        predictions = F.pad(predictions, (0, n_absent)).flatten(-2)
        rows = self.rows(x, _padding(kind, x.shape[1]))
        rows = rows + self.row_predictions[task](predictions)
        return rows if labels is None else rows + _known(self.row_labels[task], labels)

    def _cell_vectors(self, kind: TaskKind, cells: CellFeatures) -> Tensor:
        """Embed every cell, with its neighbouring columns and its neighbours' labels."""
        n_columns = kind.n_columns[:, None]
        places = torch.arange(cells.features.shape[1], device=n_columns.device)
        groups = [
            torch.where(places < n_columns, (places + offset) % n_columns, places)
            for offset in NEIGHBOUR_OFFSETS
        ]
        features = torch.cat(
            [torch.take_along_dim(cells.features, group[..., None, None], 1) for group in groups],
            -1,
        )
        weight = self.neighbour_labels[kind.task].weight
        n_channels = cells.neighbour_labels.shape[-1] - 1
        weight = torch.cat([weight[:, :n_channels], weight[:, -1:]], 1)
        return self.cells(features) + F.linear(cells.neighbour_labels, weight)


@dataclass(frozen=True)
class Context(TaskKind):
    """Hold all that a prediction needs of the training rows.

    Parameters
    ----------
    columns : ColumnStatistics
        Of the column stage.
    predictions : RowPredictions
        What is predicted for rows before the network looks at them.
    keys : tuple of AttentionKeys
        Of the context stage, one for each of its layers.
    """

    columns: ColumnStatistics
    predictions: RowPredictions
    keys: tuple[AttentionKeys, ...]


def _linears(n_inputs: dict[str, int], n_outputs: int) -> Mapping[str, nn.Linear]:
    """Make a linear layer for each task."""
    layers = {task: nn.Linear(n, n_outputs, bias=False) for task, n in n_inputs.items()}
    return cast("Mapping[str, nn.Linear]", nn.ModuleDict(layers))


def _known(layer: nn.Linear, labels: Tensor) -> Tensor:
    """Embed labels, whose channels may be fewer than the layer has."""
    return F.linear(labels, layer.weight[:, : labels.shape[-1]])


def _padding(kind: TaskKind, width: int) -> Tensor | None:
    """Mark padded columns (b, c), or None where there are none."""
    if not kind.is_padded:
        return None
    return torch.arange(width, device=kind.n_columns.device) >= kind.n_columns[:, None]
