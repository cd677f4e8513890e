"""Predictions of rows from all columns together: kernel ridge regression on the training rows.

Four predictions of the labels in closed form: a linear one, one with a Laplace kernel, one whose
kernel trusts columns by their correlation with the labels, and one whose kernel learns from its
own gradients which columns matter. A training row is predicted by the others (leave-one-out), as
a query row is, so the network can see in its context how far each prediction is to be trusted. A
small network would need many more tasks to learn these sums than to learn how to use them.

Weighted features with a Laplace kernel on tables: Radhakrishnan et al. 2024.

Shapes: b tasks, r rows, n training rows, c columns, f features, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tabtransfer.network.cells import CellFeatures
from tabtransfer.network.kernel_features import FeatureLayout
from tabtransfer.network.laplace import LaplaceRidge
from tabtransfer.network.ridge import solve_linear
from tabtransfer.tasks import TaskBatch

N_KERNELS = 4
CLIP = 4.0  # standard deviations of the label channel
LINEAR_RIDGE = 3.0
_LEAST_TRUST = 0.2


@dataclass(frozen=True)
class KernelRidge:
    """Predict label channels by kernel ridge regression on the training rows.

    Parameters
    ----------
    layout : FeatureLayout
        Turns rows into features.
    coefficients : Tensor, (b, f, k)
        Of the linear prediction.
    dual : Tensor, (b, n, k)
        Weights of the training rows in it.
    laplace : tuple of LaplaceRidge
        The predictions with a Laplace kernel: of all columns alike, by trust, and with a learned
        metric.
    mean, deviation : Tensor, (b, 1, k)
        Of the training rows' label channels; a little is added to the deviation.
    """

    layout: FeatureLayout
    coefficients: Tensor
    dual: Tensor
    laplace: tuple[LaplaceRidge, ...]
    mean: Tensor
    deviation: Tensor

    @classmethod
    @torch.no_grad()
    def of(
        cls, batch: TaskBatch, cells: CellFeatures, label_channels: Tensor
    ) -> tuple[KernelRidge, Tensor]:
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
        ridge : KernelRidge
            For any other rows.
        predictions : Tensor, (b, n, 4 * k)
            Of the training rows, as `predict` gives them, each without its own label.
        """
        with torch.autocast(batch.values.device.type, enabled=False):
            weights, copies = batch.row_weights, batch.copies
            shares = (weights / weights.sum(-1, keepdim=True))[..., None]  # (b, n, 1)
            layout, features = FeatureLayout.of(batch, cells, shares)
            mean = (shares * label_channels).sum(1, keepdim=True)
            labels = label_channels - mean
            deviation = (shares * labels.square()).sum(1, keepdim=True).sqrt() + 1e-6
            labels = labels / deviation
            dual, linear = solve_linear(features, labels, weights, LINEAR_RIDGE, copies)
            trust = feature_trust(features, labels, shares).sqrt()
            fits = [
                LaplaceRidge.of(features, scale, labels, weights, copies=copies)
                for scale in (torch.ones_like(trust), trust)
            ]
            fits.append(fits[-1][0].with_learned_metric(features, labels, weights, copies))
            laplace = tuple(fit for fit, _ in fits)
            ridge = cls(layout, features.mT @ dual, dual, laplace, mean, deviation)
            return ridge, _joined([linear, *(leave_one_out for _, leave_one_out in fits)])

    @torch.no_grad()
    def predict(self, values: Tensor, cells: CellFeatures) -> Tensor:
        """Predict rows that are not among the training rows.

        Parameters
        ----------
        values : Tensor, (b, r, c)
            Cell values, as in `TaskBatch`.
        cells : CellFeatures
            What `ColumnStatistics.describe` says of them.

        Returns
        -------
        Tensor, (b, r, 4 * k)
            Predictions less the training mean, in standard deviations of the channel.
        """
        with torch.autocast(values.device.type, enabled=False):
            features = self.layout.features(values, cells)
            linear = features @ self.coefficients
            return _joined([linear, *(fit.predict(features) for fit in self.laplace)])


def feature_trust(features: Tensor, labels: Tensor, shares: Tensor) -> Tensor:
    """Return the weights (b, 1, f) of features: their squared correlation with the labels."""
    scale = (shares * features.square()).sum(1, keepdim=True).sqrt() + 1e-6
    squared = ((features * shares).mT @ labels).square().sum(-1)[:, None] / scale.square()
    strongest = squared.amax(-1, keepdim=True) + 1e-9
    return (squared / strongest).sqrt() + _LEAST_TRUST


def _joined(predictions: list[Tensor]) -> Tensor:
    return torch.cat(predictions, -1).clamp(-CLIP, CLIP)
