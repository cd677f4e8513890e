"""The features of a cell that the network reads: its place among its column's training cells.

Everything here is a statistic of the training rows, computed without gradients and exact
under row weights: a row of weight 2 counts as two equal rows. The statistics are computed
once; any rows, one or many, are then described by them.

Shapes: b tasks, r rows, n training rows, c columns, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.network.copies import LeftOut
from tabtransfer.tasks import TaskBatch

N_CELL_FEATURES = 5
CLIP = 4.0  # standard deviations
HUGE = 1e15  # what is beyond counts as this, so that squares stay finite in float32
_CHUNK_VALUES = 2**23  # of label channels sorted at once


@dataclass(frozen=True)
class CellFeatures:
    """The features of the cells of a batch of tasks.

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


@dataclass(frozen=True)
class ColumnStatistics:
    """Statistics of the training rows for each column.

    Parameters
    ----------
    categorical : Tensor of bool, (b, c)
        True where the column holds category codes.
    mean, scale : Tensor, (b, c, 1)
        Of the training cells.
    label_mean : Tensor, (b, k)
        Of the training rows' label channels.
    column : SortedColumns
        The training cells and their labels in ascending order.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.cells import ColumnStatistics
    >>> from tabtransfer.tasks import TaskBatch
    >>> values = torch.tensor([[[1.0], [3.0], [3.0]]])
    >>> missing = torch.zeros(1, 3, 1, dtype=torch.bool)
    >>> batch = TaskBatch(
    ...     values, missing, categorical=missing[:, 0], labels=torch.tensor([[0, 1, 0]]),
    ...     n_train=2, n_columns=torch.tensor([1]), n_classes=torch.tensor([2]))
    >>> statistics = ColumnStatistics.of(batch, torch.eye(2)[None])
    >>> statistics.describe(values[:, 2:], missing[:, 2:]).features
    tensor([[[[1.0000, 0.5000, 0.5000, 0.0000, 0.0000]]]])
    """

    categorical: Tensor
    mean: Tensor
    scale: Tensor
    label_mean: Tensor
    column: SortedColumns

    @classmethod
    @torch.no_grad()
    def of(cls, batch: TaskBatch, label_channels: Tensor) -> ColumnStatistics:
        """Compute the statistics of the training rows.

        Parameters
        ----------
        batch : TaskBatch
            The tasks, of which the query rows are not read.
        label_channels : Tensor, (b, n, k)
            Numeric labels of the training rows: one-hot classes, or standardised targets.

        Returns
        -------
        ColumnStatistics
        """
        n_train = batch.n_train
        values, missing = _by_column(batch.values[:, :n_train], batch.missing[:, :n_train])
        weights = batch.row_weights[:, None] * ~missing  # (b, c, n)
        total = weights.sum(-1, keepdim=True).clamp(min=1e-9)
        numbers = values.clamp(-HUGE, HUGE)
        mean = (weights * numbers).sum(-1, keepdim=True) / total
        variance = (weights * (numbers - mean).square()).sum(-1, keepdim=True) / total
        scale = variance.sqrt() + 1e-6 * mean.abs() + 1e-12
        shares = batch.row_weights / batch.row_weights.sum(1, keepdim=True)
        label_mean = (shares[..., None] * label_channels).sum(1)
        column = SortedColumns.of(values, missing, weights, label_channels)
        return cls(batch.categorical, mean, scale, label_mean, column)

    @torch.no_grad()
    def describe(
        self,
        values: Tensor,
        missing: Tensor,
        left_out: LeftOut | None = None,
    ) -> CellFeatures:
        """Compute the features of cells.

        Parameters
        ----------
        values, missing : Tensor, (b, r, c)
            Cells, as in `TaskBatch`.
        left_out : LeftOut, optional
            With each of the rows, if they are among the training rows.

        Returns
        -------
        CellFeatures
        """
        values, missing = _by_column(values, missing)
        present = ~missing
        lower, upper = self.column.weight_below(values)
        total = self.column.total.clamp(min=1.0)

        rank = (lower + upper) / total - 1.0
        equal = upper - lower
        if left_out is not None:
            equal = equal - present * left_out.weights[:, None]
        share = equal.clamp(min=0.0) / total
        flags = self.categorical[..., None].expand_as(missing)
        numbers = torch.stack([self._standardise(values), rank, share], -1)
        numbers = numbers.masked_fill(missing[..., None], 0.0)
        features = torch.cat([numbers, torch.stack([missing, flags], -1).to(values.dtype)], -1)

        reach = 0.5 * total.sqrt() * ~self.categorical[..., None]  # (b, c, 1)
        sums = self.column.label_sums(lower - reach, upper + reach)
        if left_out is not None:
            own = torch.cat([left_out.labels, left_out.weights[..., None]], -1)
            sums -= present[..., None] * own[:, None]
        count = sums[..., -1:].clamp(min=0.0)
        # One pseudo-observation of the training mean keeps small neighbourhoods quiet.
        shift = (sums[..., :-1] - count * self.label_mean[:, None, None]) / (count + 1.0)
        neighbours = torch.cat([shift, count.log1p() / 5.0], -1)
        return CellFeatures(features, neighbours * present[..., None])

    def _standardise(self, values: Tensor) -> Tensor:
        """Centre and scale by the training cells; squeeze what lies beyond CLIP."""
        z = (values.clamp(-HUGE, HUGE) - self.mean) / self.scale
        beyond = (z.abs() - CLIP).clamp(min=0.0).log1p().clamp(max=CLIP)
        return z.clamp(-CLIP, CLIP) + z.sign() * beyond


@dataclass(frozen=True)
class SortedColumns:
    """The training cells in ascending order, missing ones last with weight zero.

    Parameters
    ----------
    values : Tensor, (b, c, n)
        The cells.
    weight : Tensor, (b, c, n + 1)
        Weight of the cells before a position.
    labels : Tensor, (b, c, n + 1, k + 1)
        Sums of label channels, and of ones, over the cells before a position.
    first, last : Tensor of int64, (b, c, n)
        Position of the first cell equal to a cell, and the one after the last.
    """

    values: Tensor
    weight: Tensor
    labels: Tensor
    first: Tensor
    last: Tensor

    @classmethod
    def of(
        cls, values: Tensor, missing: Tensor, weights: Tensor, label_channels: Tensor
    ) -> SortedColumns:
        """Sort cells (b, c, n) of the given weights, and their labels (b, n, k) with them."""
        ordered, order = values.masked_fill(missing, torch.inf).sort(-1)
        weights = weights.gather(-1, order)
        channels = _with_ones(label_channels)[:, None]  # (b, 1, n, k + 1)
        labels = values.new_zeros(*values.shape[:2], values.shape[2] + 1, channels.shape[-1])
        step = max(1, _CHUNK_VALUES // max(1, labels[:, :1].numel()))
        for start in range(0, values.shape[1], step):
            part = slice(start, start + step)
            moved = torch.take_along_dim(channels, order[:, part, :, None], 2)
            moved *= weights[:, part, :, None]
            torch.cumsum(moved, 2, out=labels[:, part, 1:])
        return cls(
            ordered,
            F.pad(weights.cumsum(-1), (1, 0)),
            labels,
            torch.searchsorted(ordered, ordered),
            torch.searchsorted(ordered, ordered, right=True),
        )

    @property
    def total(self) -> Tensor:
        """Weight of all cells, (b, c, 1)."""
        return self.weight[..., -1:]

    def weight_below(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weight of smaller cells, and of smaller or equal ones: (b, c, r) each."""
        left = torch.searchsorted(self.values, values)
        right = torch.searchsorted(self.values, values, right=True)
        return self.weight.gather(-1, left), self.weight.gather(-1, right)

    def label_sums(self, start: Tensor, stop: Tensor) -> Tensor:
        """Sum label channels, and ones, over the cells of rank between start and stop.

        Equal cells share their labels evenly, so their order does not matter.
        """
        edges = self.weight.gather(-1, self.first), self.weight.gather(-1, self.last)

        def up_to(weight: Tensor) -> Tensor:
            weight = weight.clamp(min=0.0).minimum(self.total)
            group = torch.searchsorted(edges[1], weight).clamp(max=edges[1].shape[-1] - 1)
            low, high = edges[0].gather(-1, group), edges[1].gather(-1, group)
            part = ((weight - low) / (high - low).clamp(min=1e-9)).clamp(0.0, 1.0)
            wide = (*group.shape, self.labels.shape[-1])
            below = self.labels.gather(2, self.first.gather(-1, group)[..., None].expand(wide))
            above = self.labels.gather(2, self.last.gather(-1, group)[..., None].expand(wide))
            return torch.lerp(below, above, part[..., None])

        return up_to(stop) - up_to(start)


def _by_column(values: Tensor, missing: Tensor) -> tuple[Tensor, Tensor]:
    """Lay out cells (b, r, c) as (b, c, r), with 0 where missing."""
    values, missing = values.transpose(1, 2).contiguous(), missing.transpose(1, 2)
    return values.masked_fill(missing, 0.0), missing


def _with_ones(labels: Tensor) -> Tensor:
    return F.pad(labels, (0, 1), value=1.0)
