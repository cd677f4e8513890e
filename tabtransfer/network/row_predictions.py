"""Predictions of a row that the network reads as inputs: by kernels, learners and their stack.

Kernel ridge regression learns from the training rows at hand (`tabtransfer.network.kernels`);
learners are other models, trees and a tuned kernel, fitted elsewhere to as many rows as there are,
whose predictions come with the task (`TaskBatch.learners`). One more prediction combines them all
(`tabtransfer.network.stack`). Of training rows, each is made without the row's own label, so the
network can see in its context how far it is to be trusted.

Shapes: b tasks, r rows, n training rows, l learners, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tabtransfer.network.cells import CellFeatures
from tabtransfer.network.kernels import N_KERNELS, KernelRidge
from tabtransfer.network.stack import stack_weights
from tabtransfer.tasks import N_LEARNERS, TaskBatch

N_PREDICTIONS = N_KERNELS + N_LEARNERS + 1
FURTHEST = 8.0  # standard deviations from the mean that a learner may predict


@dataclass(frozen=True)
class RowPredictions:
    """Predictions of rows' label channels, in standard deviations from the training mean.

    Parameters
    ----------
    kernels : KernelRidge
        Fitted to the training rows.
    weights : Tensor, (b, 4 + l)
        Of the kernels' and the learners' predictions in their stack.
    """

    kernels: KernelRidge
    weights: Tensor

    @classmethod
    @torch.no_grad()
    def of(
        cls, batch: TaskBatch, cells: CellFeatures, label_channels: Tensor
    ) -> tuple[RowPredictions, Tensor]:
        """Fit to the training rows, and predict each of them by the others.

        Parameters
        ----------
        batch : TaskBatch
            The tasks, of which the query rows are not read.
        cells : CellFeatures
            What `ColumnStatistics.describe` says of the training rows.
        label_channels : Tensor, (b, n, k)
            Numeric labels of the training rows.

        Returns
        -------
        predictions : RowPredictions
            For any other rows.
        leave_one_out : Tensor, (b, n, 8, k)
            Predictions of the training rows: of the kernels, of the learners, 0 of those that are
            absent, and the stack.
        """
        n_channels = label_channels.shape[-1]
        kernels, leave_one_out = KernelRidge.of(batch, cells, label_channels)
        told = None if batch.learners is None else batch.learners[:, : batch.n_train]
        parts = _joined(kernels, leave_one_out.unflatten(-1, (N_KERNELS, n_channels)), told)
        labels = (label_channels - kernels.mean) / kernels.deviation
        weights = stack_weights(parts, labels, batch.row_weights, _present(parts, told))
        fitted = cls(kernels, weights)
        return fitted, fitted.with_stack(parts)

    def predict(self, values: Tensor, cells: CellFeatures, learners: Tensor | None) -> Tensor:
        """Predict rows that are not among the training rows.

        Parameters
        ----------
        values : Tensor, (b, r, c)
            Cell values, as in `TaskBatch`.
        cells : CellFeatures
            What `ColumnStatistics.describe` says of them.
        learners : Tensor, (b, r, l, k), or None
            What learners predict for them, as in `TaskBatch`.

        Returns
        -------
        Tensor, (b, r, 8, k)
            As `of` gives them.
        """
        return self.with_stack(self.without_stack(values, cells, learners))

    @torch.no_grad()
    def without_stack(self, values: Tensor, cells: CellFeatures, learners: Tensor | None) -> Tensor:
        """Predict rows by kernels and learners alone: (b, r, 7, k), as `predict` does."""
        found = self.kernels.predict(values, cells)
        n_channels = self.kernels.mean.shape[-1]
        return _joined(self.kernels, found.unflatten(-1, (N_KERNELS, n_channels)), learners)

    def with_stack(self, parts: Tensor) -> Tensor:
        """Add the stack to the predictions (b, r, 7, k) that it combines: (b, r, 8, k)."""
        stack = (self.weights[:, None, :, None] * parts).sum(2, keepdim=True)
        return torch.cat([parts, stack], 2)


def _joined(kernels: KernelRidge, found: Tensor, told: Tensor | None) -> Tensor:
    """Join predictions of kernels and of learners (b, r, l, k), on one scale."""
    if told is None:
        absent = found.new_zeros(*found.shape[:2], N_LEARNERS, found.shape[-1])
        return torch.cat([found, absent], 2)
    scaled = (told.to(found.dtype) - kernels.mean[:, :, None]) / kernels.deviation[:, :, None]
    return torch.cat([found, scaled.nan_to_num(0.0).clamp(-FURTHEST, FURTHEST)], 2)


def _present(parts: Tensor, told: Tensor | None) -> Tensor:
    """Return which predictions there are (b, 7): all kernels, and learners without a gap."""
    present = parts.new_ones(len(parts), parts.shape[2], dtype=torch.bool)
    if told is None:
        present[:, N_KERNELS:] = False
    else:
        present[:, N_KERNELS:] = ~told.isnan().any(3).any(1)
    return present
