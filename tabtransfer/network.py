"""The network: compress each row of a table to one vector, then learn in context.

1. Column stage: every cell becomes a vector of exact statistics, without attention: its place
   among the training cells of its column, the labels of its nearest training cells, and two
   neighbouring columns (`tabtransfer.cells`).
2. Row stage: cells of a row meet each other; a few summary tokens leave as the row's vector.
   What kernel ridge regression predicts for the row joins it (`tabtransfer.kernels`).
3. Context stage: every row attends to the training rows, which carry their labels.

After TabICL (Qu et al. 2025, arXiv 2502.05564) and TabICLv2 (arXiv 2602.11139), made small.
Query rows are never attended to, so a row's prediction does not depend on other query rows.

Shapes: b tasks, r rows, n training rows, c columns, d cell width, e row width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabtransfer.attention import Block
from tabtransfer.cells import N_CELL_FEATURES, CellFeatures, describe_cells
from tabtransfer.kernels import N_KERNELS, predict_by_kernels
from tabtransfer.tasks import TaskBatch

NEIGHBOUR_OFFSETS = (0, 1, 3)  # columns seen together in one cell vector (TabICLv2)


@dataclass(frozen=True)
class NetworkConfig:
    """Size of the network.

    The row vector has width ``d_cell * n_summary``. ``tasks`` says which heads exist.
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
    >>> from tabtransfer.network import NetworkConfig, TabularTransformer
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
        self.neighbour_labels = nn.ModuleDict(
            {task: nn.Linear(channels[task] + 1, d, bias=False) for task in config.tasks}
        )
        self.cell_labels = nn.ModuleDict(
            {task: nn.Linear(channels[task], d, bias=False) for task in config.tasks}
        )
        self.rows = RowStage(d, config.row_heads, config.row_layers, config.n_summary)
        self.row_predictions = nn.ModuleDict(
            {task: nn.Linear(N_KERNELS * channels[task], e, bias=False) for task in config.tasks}
        )
        self.row_labels = nn.ModuleDict(
            {task: nn.Linear(channels[task], e, bias=False) for task in config.tasks}
        )
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

    def forward(self, batch: TaskBatch) -> Tensor:
        """Predict the query rows.

        Parameters
        ----------
        batch : TaskBatch
            Tasks of one kind, classification or regression.

        Returns
        -------
        Tensor
            Class logits (b, q, max_classes), ``-inf`` at classes a task doesn't have; or
            quantiles of the standardised target (b, q, n_quantiles).
        """
        task = "regression" if batch.is_regression else "classification"
        if task not in self.config.tasks:
            raise ValueError(f"this network was built for {self.config.tasks}, not for {task}")
        labels = self._label_channels(batch)  # (b, n, k)
        cells = describe_cells(batch, labels)
        rows = self.rows(self._cell_vectors(batch, cells, task, labels), _padding(batch))
        rows = rows + self.row_predictions[task](predict_by_kernels(batch, cells, labels))
        known = F.pad(self.row_labels[task](labels), (0, 0, 0, rows.shape[1] - batch.n_train))
        rows = self.context(rows + known, batch.n_train, batch.weights)  # (b, r - n, e)
        output = self.heads[task](rows)
        if output.dtype != torch.float64:
            output = output.float()
        if task == "classification":
            classes = torch.arange(output.shape[-1], device=output.device)
            absent = classes >= batch.n_classes[:, None]  # (b, max_classes)
            output = output.masked_fill(absent[:, None], -torch.inf)
        return output

    def _label_channels(self, batch: TaskBatch) -> Tensor:
        labels = batch.labels[:, : batch.n_train]
        if batch.is_regression:
            return torch.stack([labels, labels.square() - 1.0], -1).to(batch.values.dtype)
        return F.one_hot(labels, self.config.max_classes).to(batch.values.dtype)

    def _cell_vectors(
        self, batch: TaskBatch, cells: CellFeatures, task: str, labels: Tensor
    ) -> Tensor:
        """Embed every cell, with its neighbours' labels and its own row's: (b, c, r, d)."""
        n_columns = batch.n_columns[:, None]
        places = torch.arange(batch.values.shape[-1], device=n_columns.device)
        groups = [
            torch.where(places < n_columns, (places + offset) % n_columns, places)
            for offset in NEIGHBOUR_OFFSETS
        ]
        features = torch.cat(
            [torch.take_along_dim(cells.features, group[..., None, None], 1) for group in groups],
            -1,
        )
        x = self.cells(features) + self.neighbour_labels[task](cells.neighbour_labels)
        known = F.pad(self.cell_labels[task](labels), (0, 0, 0, x.shape[2] - batch.n_train))
        return x + known[:, None]


class RowStage(nn.Module):
    """Let the cells of a row meet, and read the row out of its summary tokens."""

    def __init__(self, d: int, n_heads: int, n_layers: int, n_summary: int) -> None:
        super().__init__()
        self.summary = nn.Parameter(torch.randn(n_summary, d))
        self.blocks = nn.ModuleList(Block(d, n_heads) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d, bias=False)

    def forward(self, cells: Tensor, padding: Tensor | None) -> Tensor:
        """Turn cells (b, c, r, d) into row vectors (b, r, n_summary * d)."""
        n_summary = len(self.summary)
        b, _, r, _ = cells.shape
        summary = self.summary.to(cells.dtype).expand(b, r, -1, -1)
        x = torch.cat([summary, cells.transpose(1, 2)], 2)  # (b, r, s + c, d)
        bias = None
        if padding is not None:
            bias = F.pad(padding, (n_summary, 0))[:, None, None, None]  # (b, 1, 1, 1, s + c)
            bias = torch.zeros_like(bias, dtype=x.dtype).masked_fill(bias, -torch.inf)
        for block in self.blocks[:-1]:
            x = block(x, x, bias)
        summary = self.blocks[-1](x[:, :, :n_summary], x, bias)
        return self.norm(summary).flatten(-2)


class ContextStage(nn.Module):
    """Let every row attend to the training rows and to a few learned thinking rows."""

    def __init__(self, d: int, n_heads: int, n_layers: int, n_thinking: int) -> None:
        super().__init__()
        self.thinking = nn.Parameter(0.5 * torch.randn(n_thinking, d))
        self.blocks = nn.ModuleList(
            Block(d, n_heads, scales_with_length=True) for _ in range(n_layers)
        )

    def forward(self, rows: Tensor, n_train: int, weights: Tensor | None) -> Tensor:
        """Update rows (b, r, e); return the query rows (b, r - n_train, e)."""
        n_thinking = len(self.thinking)
        thinking = self.thinking.to(rows.dtype).expand(len(rows), -1, -1)
        x = torch.cat([thinking, rows], 1)
        n_context = n_thinking + n_train
        bias, n_keys = _weight_bias(weights, n_thinking)
        for block in self.blocks[:-1]:
            x = block(x, x[:, :n_context], bias, n_keys)
        return self.blocks[-1](x[:, n_context:], x[:, :n_context], bias, n_keys)


def _weight_bias(weights: Tensor | None, n_thinking: int) -> tuple[Tensor | None, Tensor | None]:
    """Turn row weights into a logit bias (b, 1, 1, k) and an effective key count (b, 1, 1, 1)."""
    if weights is None:
        return None, None
    bias = F.pad(weights.log(), (n_thinking, 0))[:, None, None]
    return bias, (weights.sum(-1) + n_thinking)[:, None, None, None]


def _padding(batch: TaskBatch) -> Tensor | None:
    """Mark padded columns (b, c), or None where there are none."""
    places = torch.arange(batch.values.shape[-1], device=batch.n_columns.device)
    padding = places >= batch.n_columns[:, None]
    return padding if bool(padding.any()) else None
