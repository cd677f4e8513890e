"""What the network sees of a cell: its value among the training cells of its column.

Everything here is a statistic of the training rows, computed without gradients and exact
under row weights: a row of weight 2 counts as two equal rows.

Shapes: b tasks, r rows, n training rows, c columns, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.tasks import TaskBatch

N_CELL_FEATURES = 5
CLIP = 4.0  # standard deviations
HUGE = 1e15  # what is beyond counts as this, so that squares stay finite in float32


@dataclass(frozen=True)
class CellFeatures:
    """Describe every cell of a batch of tasks.

    Parameters
    ----------
    features : Tensor, (b, c, r, 5)
        Standardised value, rank in [-1, 1], share of equal cells, missing flag, categorical
        flag; the first three are 0 where the cell is missing.
    neighbour_labels : Tensor, (b, c, r, k + 1)
        Mean label channels of the training cells nearest in the column (equal ones, in a
        categorical column), less the training mean, and how many there were (log, scaled).
        A training row's own label is left out.
    """

    features: Tensor
    neighbour_labels: Tensor


@torch.no_grad()
def describe_cells(batch: TaskBatch, label_channels: Tensor) -> CellFeatures:
    """Compute the features of every cell.

    Parameters
    ----------
    batch : TaskBatch
        The tasks.
    label_channels : Tensor, (b, n, k)
        Numeric labels of the training rows: one-hot classes, or standardised targets.

    Returns
    -------
    CellFeatures
    """
    values = batch.values.transpose(1, 2).contiguous()  # (b, c, r)
    missing = batch.missing.transpose(1, 2)
    n_train = batch.n_train
    values = values.masked_fill(missing, 0.0)
    row_weights = batch.row_weights
    weights = row_weights[:, None] * ~missing[..., :n_train]  # (b, c, n)

    column = _SortedColumn.of(values[..., :n_train], missing[..., :n_train], weights)
    lower, upper = column.weight_below(values)
    total = column.total.clamp(min=1.0)
    present = ~missing
    own = torch.zeros_like(values)
    own[..., :n_train] = weights.clamp(max=1.0)  # of several copies, one

    z = _standardise(values, weights, n_train)
    rank = (lower + upper) / total - 1.0
    share = (upper - lower - own).clamp(min=0.0) / total
    flags = batch.categorical[..., None].expand_as(missing)
    numbers = torch.stack([z, rank, share], -1).masked_fill(missing[..., None], 0.0)
    features = torch.cat([numbers, torch.stack([missing, flags], -1).to(values.dtype)], -1)

    reach = 0.5 * total.sqrt() * ~batch.categorical[..., None]  # (b, c, 1)
    sums = column.label_sums(lower - reach, upper + reach, weights, label_channels)
    sums[:, :, :n_train] -= own[..., :n_train, None] * _with_ones(label_channels)[:, None]
    count = sums[..., -1:].clamp(min=0.0)
    all_rows = (row_weights[..., None] * label_channels).sum(1) / row_weights.sum(1)[:, None]
    # One pseudo-observation of the training mean keeps small neighbourhoods quiet.
    shift = (sums[..., :-1] - count * all_rows[:, None, None]) / (count + 1.0)
    neighbours = torch.cat([shift, count.log1p() / 5.0], -1)
    return CellFeatures(features, neighbours * present[..., None])


def _standardise(values: Tensor, weights: Tensor, n_train: int) -> Tensor:
    """Centre and scale by the training cells; squeeze what lies beyond CLIP."""
    total = weights.sum(-1, keepdim=True).clamp(min=1e-9)
    values = values.clamp(-HUGE, HUGE)
    train = values[..., :n_train]
    mean = (weights * train).sum(-1, keepdim=True) / total
    variance = (weights * (train - mean).square()).sum(-1, keepdim=True) / total
    z = (values - mean) / (variance.sqrt() + 1e-6 * mean.abs() + 1e-12)
    beyond = (z.abs() - CLIP).clamp(min=0.0).log1p().clamp(max=CLIP)
    return z.clamp(-CLIP, CLIP) + z.sign() * beyond


@dataclass(frozen=True)
class _SortedColumn:
    """Training cells in ascending order, missing ones last with weight zero."""

    values: Tensor  # (b, c, n)
    order: Tensor  # (b, c, n)
    weight: Tensor  # (b, c, n + 1) weight of the cells before a position
    total: Tensor  # (b, c, 1)

    @classmethod
    def of(cls, train: Tensor, missing: Tensor, weights: Tensor) -> _SortedColumn:
        ordered, order = train.masked_fill(missing, torch.inf).sort(-1)
        weight = F.pad(weights.gather(-1, order).cumsum(-1), (1, 0))
        return cls(ordered, order, weight, weight[..., -1:])

    def positions(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Give the first position of equal cells and the one after the last."""
        return (
            torch.searchsorted(self.values, values),
            torch.searchsorted(self.values, values, right=True),
        )

    def weight_below(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Give the weight of smaller cells, and of smaller or equal ones: (b, c, r) each."""
        left, right = self.positions(values)
        return self.weight.gather(-1, left), self.weight.gather(-1, right)

    def label_sums(self, start: Tensor, stop: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
        """Sum label channels, and ones, over the cells of rank between start and stop.

        Equal cells share their labels evenly, so their order does not matter.
        """
        left, right = self.positions(self.values)
        channels = _with_ones(labels)[:, None].expand(-1, weights.shape[1], -1, -1)
        index = self.order[..., None].expand(*self.order.shape, channels.shape[-1])
        channels = channels.gather(2, index) * weights.gather(-1, self.order)[..., None]
        before = F.pad(channels.cumsum(2), (0, 0, 1, 0))  # (b, c, n + 1, k + 1)
        edges = self.weight.gather(-1, left), self.weight.gather(-1, right)

        def up_to(weight: Tensor) -> Tensor:
            weight = weight.clamp(min=0.0).minimum(self.total)
            group = torch.searchsorted(edges[1], weight).clamp(max=edges[1].shape[-1] - 1)
            low, high = edges[0].gather(-1, group), edges[1].gather(-1, group)
            part = ((weight - low) / (high - low).clamp(min=1e-9)).clamp(0.0, 1.0)
            wide = (*group.shape, before.shape[-1])
            below = before.gather(2, left.gather(-1, group)[..., None].expand(wide))
            above = before.gather(2, right.gather(-1, group)[..., None].expand(wide))
            return torch.lerp(below, above, part[..., None])

        return up_to(stop) - up_to(start)


def _with_ones(labels: Tensor) -> Tensor:
    return F.pad(labels, (0, 1), value=1.0)
