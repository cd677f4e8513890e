"""What the training rows say of a row, all columns together: kernel ridge regression.

Three predictions of the labels in closed form, each exact for the training rows: a linear one,
one with a Laplace kernel, and one whose kernel trusts columns by their correlation with the
labels. A training row is predicted by the others (leave-one-out), as a query row is, so the
network can see in its context how far each prediction is to be trusted. A small network would
need many more tasks to learn these sums than to learn what to make of them.

Ridge regression with kernels: Saunders et al. 1998; its leave-one-out residuals: Allen 1974;
blocks of rows for large contexts: Zhang, Duchi and Wainwright 2013; weighted features with a
Laplace kernel on tables: Radhakrishnan et al. 2024.

Shapes: b tasks, r rows, n training rows, c columns, f features, k label channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.cells import CellFeatures
from tabtransfer.tasks import TaskBatch

N_KERNELS = 3
MAX_LEVELS = 32  # indicators of a categorical column; more levels share them
BLOCK_ROWS = 1024  # training rows solved for at once
CLIP = 4.0  # standard deviations of the label channel
_RANK = 0.85  # scale of ranks in [-1, 1] beside standardised values
_LINEAR_RIDGE = 3.0
_LAPLACE_RIDGE = 0.3
_LEAST_TRUST = 0.2


@torch.no_grad()
def predict_by_kernels(batch: TaskBatch, cells: CellFeatures, label_channels: Tensor) -> Tensor:
    """Predict the label channels of every row by kernel ridge regression.

    Parameters
    ----------
    batch : TaskBatch
        The tasks.
    cells : CellFeatures
        What `describe_cells` says of them.
    label_channels : Tensor, (b, n, k)
        Numeric labels of the training rows.

    Returns
    -------
    Tensor, (b, r, 3 * k)
        Predictions less the training mean, in standard deviations of the channel. A training
        row's own label is left out of its prediction.
    """
    with torch.autocast(batch.values.device.type, enabled=False):
        weights = batch.row_weights
        shares = (weights / weights.sum(-1, keepdim=True))[..., None]  # (b, n, 1)
        features = _features(batch, cells, shares)
        labels = label_channels - (shares * label_channels).sum(1, keepdim=True)
        deviation = (shares * labels.square()).sum(1, keepdim=True).sqrt()
        labels = labels / (deviation + 1e-6)
        predictions = [
            leave_one_out(kernel, labels, weights, ridge)
            for kernel, ridge in _kernels(features, labels, shares, batch.n_columns)
        ]
        return torch.cat(predictions, -1).clamp(-CLIP, CLIP)


def leave_one_out(kernel: Tensor, labels: Tensor, weights: Tensor, ridge: float) -> Tensor:
    """Solve kernel ridge regression and predict every row without its own label.

    Parameters
    ----------
    kernel : Tensor, (b, r, n)
        Similarity of every row to the training rows, which come first.
    labels : Tensor, (b, n, k)
        Centred labels of the training rows.
    weights : Tensor, (b, n)
        Row weights; a row of weight 2 counts as two rows, of which one is left out.
    ridge : float
        Penalty.

    Returns
    -------
    Tensor, (b, r, k)
        With more than BLOCK_ROWS training rows, the mean over blocks of them.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.kernels import leave_one_out
    >>> labels = torch.tensor([[[1.0], [1.0], [-2.0]]])
    >>> leave_one_out(torch.ones(1, 4, 3), labels, torch.ones(1, 3), 0.01)[0, :3, 0]
    tensor([-0.4975, -0.4975,  0.9950])
    """
    n_train = labels.shape[1]
    n_blocks = math.ceil(n_train / BLOCK_ROWS)
    beyond = -n_train % n_blocks  # rows of weight 0 make the blocks equal
    columns = F.pad(kernel, (0, beyond)).unflatten(2, (-1, n_blocks))  # (b, r, m, blocks)
    square = F.pad(columns[:, :n_train], (0, 0, 0, 0, 0, beyond)).unflatten(1, (-1, n_blocks))
    square = square.diagonal(dim1=2, dim2=4).permute(0, 3, 1, 2)  # (b, blocks, m, m)

    def blocks(x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, beyond)).unflatten(1, (-1, n_blocks))
        return x.transpose(1, 2)  # (b, blocks, m, …)

    own, weight = blocks(labels), blocks(weights[..., None])
    root = weight.sqrt()
    penalty = ridge * torch.eye(square.shape[-1], dtype=square.dtype, device=square.device)
    factor = torch.linalg.cholesky_ex(root * square * root.mT + penalty)[0]
    inverse = torch.cholesky_inverse(factor)
    dual = root * (inverse @ (root * own))  # (b, blocks, m, k)
    predicted = torch.einsum("brmj,bjmk->brk", columns, dual) / n_blocks
    fitted = square @ dual
    # How much of a row's prediction is its own label, of one of its copies where it has several.
    leverage = 1.0 - ridge * inverse.diagonal(dim1=-2, dim2=-1)[..., None]
    leverage = (leverage / weight.clamp(min=1.0)).clamp(0.0, 1.0 - 1e-4)
    shift = (fitted - own) * leverage / (1.0 - leverage)
    predicted[:, :n_train] += shift.transpose(1, 2).flatten(1, 2)[:, :n_train] / n_blocks
    return predicted


def _kernels(
    features: Tensor, labels: Tensor, shares: Tensor, n_columns: Tensor
) -> Iterator[tuple[Tensor, float]]:
    """Compute the kernels (b, r, n) one after the other, each with its penalty."""
    n_train = labels.shape[1]
    products = features @ features[:, :n_train].mT
    yield products / n_columns[:, None, None], _LINEAR_RIDGE
    yield _laplace(products, features, shares), _LAPLACE_RIDGE
    features = features * _trust(features, labels, shares).sqrt()
    products = features @ features[:, :n_train].mT
    yield _laplace(products, features, shares), _LAPLACE_RIDGE


def _features(batch: TaskBatch, cells: CellFeatures, shares: Tensor) -> Tensor:
    """Lay out all columns as centred numbers (b, r, f), of about unit variance a column."""
    z, rank, _, missing, _ = cells.features.transpose(1, 2).unbind(-1)  # (b, r, c) each
    places = torch.arange(z.shape[-1], device=z.device) < batch.n_columns[:, None]
    real = places[:, None].to(z.dtype)
    number = real * (1.0 - missing) * ~batch.categorical[:, None]
    parts = [number * z, _RANK * number * rank, real * missing]
    if bool(batch.categorical.any()):
        parts.append(_indicators(batch, places, shares))
    features = torch.cat(parts, -1)
    return features - (shares * features[:, : batch.n_train]).sum(1, keepdim=True)


def _indicators(batch: TaskBatch, places: Tensor, shares: Tensor) -> Tensor:
    """Code categories as indicators (b, r, levels of all columns), of unit variance a column."""
    n_train = batch.n_train
    present = ~batch.missing & (batch.categorical & places)[:, None]  # (b, r, c)
    codes = batch.values.masked_fill(~present, 0.0).long()
    n_levels = codes.amax((0, 1)).clamp(max=MAX_LEVELS - 1) + 1  # (c,)
    index = codes % n_levels + n_levels.cumsum(0) - n_levels
    weight = shares * present[:, :n_train]
    frequency = shares.new_zeros(len(codes), int(n_levels.sum()))
    frequency.scatter_add_(1, index[:, :n_train].flatten(1), weight.flatten(1))
    own = frequency.gather(1, index.flatten(1)).view(index.shape)
    known = weight.sum(1, keepdim=True)
    variance = known - (weight * own[:, :n_train]).sum(1, keepdim=True)
    size = present * (own > 0.0) / (variance.clamp(min=0.0).sqrt() + 1e-6)
    return own.new_zeros(*index.shape[:2], frequency.shape[1]).scatter_(2, index, size)


def _trust(features: Tensor, labels: Tensor, shares: Tensor) -> Tensor:
    """Give features weights (b, 1, f) by their squared correlation with the labels."""
    train = features[:, : labels.shape[1]]
    scale = (shares * train.square()).sum(1, keepdim=True).sqrt() + 1e-6
    squared = ((train * shares).mT @ labels).square().sum(-1)[:, None] / scale.square()
    strongest = squared.amax(-1, keepdim=True) + 1e-9
    return (squared / strongest).sqrt() + _LEAST_TRUST


def _laplace(products: Tensor, features: Tensor, shares: Tensor) -> Tensor:
    """Turn products into exp(-distance), in place.

    The unit is the root mean square distance of training rows.
    """
    n_train = shares.shape[1]
    norms = features.square().sum(-1)
    centre = (shares * features[:, :n_train]).sum(1)
    spread = (shares[..., 0] * norms[:, :n_train]).sum(1) - centre.square().sum(-1)
    squared = products.mul_(-2.0).add_(norms[:, :, None]).add_(norms[:, None, :n_train])
    squared /= (2.0 * spread + 1e-9)[:, None, None]
    return squared.clamp_(min=1e-12).sqrt_().neg_().exp_()
