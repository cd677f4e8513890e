"""What the training rows say of a row, all columns together: kernel ridge regression.

Three predictions of the labels in closed form, each exact for the training rows: a linear one,
one with a Laplace kernel, and one whose kernel trusts columns by their correlation with the
labels. A training row is predicted by the others (leave-one-out), as a query row is, so the
network can see in its context how far each prediction is to be trusted. A small network would
need many more tasks to learn these sums than to learn what to make of them.

Ridge regression with kernels: Saunders et al. 1998; its leave-one-out residuals: Allen 1974;
blocks of rows for large contexts: Zhang, Duchi and Wainwright 2013; weighted features with a
Laplace kernel on tables: Radhakrishnan et al. 2024.

Shapes: b tasks, r rows, n training rows, c columns, f features, k label channels; blocks of
m training rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.cells import CellFeatures
from tabtransfer.kernel_features import FeatureLayout
from tabtransfer.tasks import TaskBatch
from tabtransfer.threads import torch_threads

N_KERNELS = 3
BLOCK_ROWS = 1024  # training rows solved for at once
CLIP = 4.0  # standard deviations of the label channel
LINEAR_RIDGE = 3.0
LAPLACE_RIDGE = 0.3
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
        The predictions with a Laplace kernel: of all columns alike, and by trust.
    """

    layout: FeatureLayout
    coefficients: Tensor
    dual: Tensor
    laplace: tuple[LaplaceRidge, ...]

    @classmethod
    @torch.no_grad()
    def of(
        cls, batch: TaskBatch, cells: CellFeatures, label_channels: Tensor
    ) -> tuple[KernelRidge, Tensor]:
        """Solve for the training rows, and predict each of them by the others.

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
        predictions : Tensor, (b, n, 3 * k)
            Of the training rows, as `predict` gives them, each without its own label.
        """
        with torch.autocast(batch.values.device.type, enabled=False):
            weights = batch.row_weights
            shares = (weights / weights.sum(-1, keepdim=True))[..., None]  # (b, n, 1)
            layout, features = FeatureLayout.of(batch, cells, shares)
            labels = label_channels - (shares * label_channels).sum(1, keepdim=True)
            deviation = (shares * labels.square()).sum(1, keepdim=True).sqrt()
            labels = labels / (deviation + 1e-6)
            dual, linear = solve(products, features, labels, weights, LINEAR_RIDGE)
            trust = _trust(features, labels, shares).sqrt()
            fits = [
                LaplaceRidge.of(features, scale, labels, weights)
                for scale in (torch.ones_like(trust), trust)
            ]
            ridge = cls(layout, features.mT @ dual, dual, tuple(fit for fit, _ in fits))
            return ridge, _joined([linear, *(own for _, own in fits)])

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
        Tensor, (b, r, 3 * k)
            Predictions less the training mean, in standard deviations of the channel.
        """
        with torch.autocast(values.device.type, enabled=False):
            features = self.layout.features(values, cells)
            linear = features @ self.coefficients
            return _joined([linear, *(fit.predict(features) for fit in self.laplace)])


@dataclass(frozen=True)
class LaplaceRidge:
    """Predict by similarity to the training rows, the exponential of minus the distance.

    The unit of distance is the root mean square distance of training rows.

    Parameters
    ----------
    scale : Tensor, (b, 1, f)
        Of the features.
    features : Tensor, (b, n, f)
        Scaled features of the training rows.
    dual : Tensor, (b, n, k)
        Weights of the similarities.
    """

    scale: Tensor
    features: Tensor
    dual: Tensor

    @classmethod
    def of(
        cls, features: Tensor, scale: Tensor, labels: Tensor, weights: Tensor
    ) -> tuple[LaplaceRidge, Tensor]:
        """Solve for the training rows; also predict each of them by the others."""
        shares = (weights / weights.sum(-1, keepdim=True))[..., None]
        scaled = features * scale
        centre = (shares * scaled).sum(1, keepdim=True)
        # Two sums: a single one would depend on the number of threads.
        spread = (shares * (scaled - centre).square()).sum(1, keepdim=True).sum(2, keepdim=True)
        unit = (2.0 * spread + 1e-9).sqrt()
        scaled = scaled / unit
        dual, own = solve(similarities, scaled, labels, weights, LAPLACE_RIDGE)
        return cls(scale / unit, scaled, dual), own

    def predict(self, features: Tensor) -> Tensor:
        """Predict rows by their features (b, r, f): (b, r, k)."""
        return similarities(features * self.scale, self.features) @ self.dual


def solve(
    kernel: Callable[[Tensor, Tensor], Tensor],
    features: Tensor,
    labels: Tensor,
    weights: Tensor,
    ridge: float,
) -> tuple[Tensor, Tensor]:
    """Solve kernel ridge regression, and predict every training row without its own label.

    Parameters
    ----------
    kernel : callable
        Gives the similarities (…, p, q) of features (…, p, f) and (…, q, f).
    features : Tensor, (b, n, f)
        Features of the training rows.
    labels : Tensor, (b, n, k)
        Their centred labels.
    weights : Tensor, (b, n)
        Row weights; a row of weight 2 counts as two rows, of which one is left out.
    ridge : float
        Penalty.

    Returns
    -------
    dual : Tensor, (b, n, k)
        A row's similarities times these are its prediction. With more than BLOCK_ROWS
        training rows, that is the mean over blocks of them.
    own : Tensor, (b, n, k)
        The training rows' predictions.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.kernels import solve
    >>> labels = torch.tensor([[[1.0], [1.0], [-2.0]]])
    >>> ones = torch.ones(1, 3, 1)
    >>> solve(lambda p, q: p @ q.mT, ones, labels, ones[..., 0], 0.01)[1][0, :, 0]
    tensor([-0.4975, -0.4975,  0.9950])
    """
    n_train = labels.shape[1]
    weight = blocks(weights[..., None])  # (b, blocks, m, 1)
    root, inverse = invert(kernel, features, weights, ridge)
    n_blocks = inverse.shape[1]
    solution = inverse @ (root * blocks(labels))
    dual = unblocked(root * solution, n_train) / n_blocks
    # How much of a row's prediction is its own label, of one of its copies where it has several.
    leverage = 1.0 - ridge * inverse.diagonal(dim1=-2, dim2=-1)[..., None]
    leverage = (leverage / weight.clamp(min=1.0)).clamp(0.0, 1.0 - 1e-4)
    residual = ridge * solution / root.clamp(min=1e-12)
    shift = unblocked(residual * leverage / (1.0 - leverage), n_train) / n_blocks
    if n_blocks == 1:
        return dual, labels - unblocked(residual, n_train) - shift
    pieces = features.split(BLOCK_ROWS, 1)
    return dual, torch.cat([kernel(piece, features) @ dual for piece in pieces], 1) - shift


def invert(
    kernel: Callable[[Tensor, Tensor], Tensor], features: Tensor, weights: Tensor, ridge: float
) -> tuple[Tensor, Tensor]:
    """Invert the regularised kernel matrix of each block of training rows; see `solve`.

    Returns
    -------
    root : Tensor, (b, blocks, m, 1)
        Roots of the weights, by which rows and columns of the matrix are multiplied.
    inverse : Tensor, (b, blocks, m, m)
        The inverse.
    """
    part, root = blocks(features), blocks(weights[..., None]).sqrt()
    system = kernel(part, part).mul_(root).mul_(root.mT)  # (b, blocks, m, m)
    system.diagonal(dim1=-2, dim2=-1).add_(ridge)
    with torch_threads(1):  # LAPACK rounds differently with another number of threads
        return root, torch.cholesky_inverse(torch.linalg.cholesky_ex(system)[0])


def blocks(rows: Tensor) -> Tensor:
    """Deal rows (b, n, …) out to equal blocks (b, blocks, m, …), filled up with zeros."""
    n_blocks = math.ceil(rows.shape[1] / BLOCK_ROWS)
    beyond = -rows.shape[1] % n_blocks
    return F.pad(rows, (0, 0, 0, beyond)).unflatten(1, (-1, n_blocks)).transpose(1, 2)


def unblocked(dealt: Tensor, n_rows: int) -> Tensor:
    """Put rows that `blocks` dealt out into their order again."""
    return dealt.transpose(1, 2).flatten(1, 2)[:, :n_rows]


def products(rows: Tensor, others: Tensor) -> Tensor:
    """Compare rows (…, p, f) with others (…, q, f) by the linear kernel: (…, p, q)."""
    return rows @ others.mT


def similarities(rows: Tensor, others: Tensor) -> Tensor:
    """Compare rows (…, p, f) with others (…, q, f) by the Laplace kernel: (…, p, q)."""
    # The other way of computing distances depends on the number of rows.
    distances = torch.cdist(rows, others, compute_mode="use_mm_for_euclid_dist")
    # Of a row and its copy, the root of a rounding error would remain.
    least = 8.0 * torch.finfo(distances.dtype).eps ** 0.5
    return F.threshold(distances, least, 0.0, inplace=True).neg_().exp_()


def _trust(features: Tensor, labels: Tensor, shares: Tensor) -> Tensor:
    """Give features weights (b, 1, f) by their squared correlation with the labels."""
    scale = (shares * features.square()).sum(1, keepdim=True).sqrt() + 1e-6
    squared = ((features * shares).mT @ labels).square().sum(-1)[:, None] / scale.square()
    strongest = squared.amax(-1, keepdim=True) + 1e-9
    return (squared / strongest).sqrt() + _LEAST_TRUST


def _joined(predictions: list[Tensor]) -> Tensor:
    return torch.cat(predictions, -1).clamp(-CLIP, CLIP)
