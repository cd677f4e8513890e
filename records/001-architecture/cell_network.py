"""The control arm: cells attend along their row, then along their column (nanoTabPFN style).

After TabPFN v2 (Hollmann et al. 2025) and nanoTabPFN (arXiv 2511.03634): the label is one more
column, every cell keeps a vector of its own through all layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabtransfer.attention import Block
from tabtransfer.cells import N_CELL_FEATURES, ColumnStatistics
from tabtransfer.tasks import TaskBatch


@dataclass(frozen=True)
class CellConfig:
    """Size of the cell-level network."""

    d: int = 64
    n_layers: int = 4
    n_heads: int = 4
    max_classes: int = 10
    neighbour_labels: bool = True


class CellNetwork(nn.Module):
    """Predict query rows from training rows with attention between single cells."""

    def __init__(self, config: CellConfig) -> None:
        super().__init__()
        self.config = config
        k, d = config.max_classes, config.d
        self.cells = nn.Linear(N_CELL_FEATURES, d)
        self.neighbours = nn.Linear(k + 1, d, bias=False)
        self.labels = nn.Linear(k, d)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Block(d, config.n_heads), Block(d, config.n_heads, 2, True)])
            for _ in range(config.n_layers)
        )
        self.head = nn.Sequential(
            nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, k)
        )

    def forward(self, batch: TaskBatch) -> Tensor:
        """Give class logits of the query rows: (b, q, max_classes)."""
        n = batch.n_train
        labels = F.one_hot(batch.labels[:, :n], self.config.max_classes).float()
        columns = ColumnStatistics.of(batch, labels)
        parts = [
            columns.describe(batch.values[:, :n], batch.missing[:, :n], labels),
            columns.describe(batch.values[:, n:], batch.missing[:, n:]),
        ]
        x = self.cells(torch.cat([part.features for part in parts], 2))  # (b, c, r, d)
        if self.config.neighbour_labels:
            x = x + self.neighbours(torch.cat([part.neighbour_labels for part in parts], 2))
        known = self.labels(labels)
        unknown = known.mean(1, keepdim=True).expand(-1, x.shape[2] - n, -1)
        x = torch.cat([x, torch.cat([known, unknown], 1)[:, None]], 1)  # the label column
        for across_columns, across_rows in self.blocks:
            by_row = x.transpose(1, 2)
            x = across_columns(by_row, by_row).transpose(1, 2)
            x = across_rows(x, x[:, :, :n])
        logits = self.head(x[:, -1, n:]).float()
        absent = torch.arange(logits.shape[-1]) >= batch.n_classes[:, None]
        return logits.masked_fill(absent[:, None], -torch.inf)
