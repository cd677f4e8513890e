"""Stacking in closed form: the best combination of several predictions on the training rows.

The weights of the predictions minimise the squared error of the label channels on the training
rows, each predicted without its own label, and are never negative (stacked regression: Breiman
1996, Machine Learning 24). A penalty draws them towards equal shares where rows are few.

Shapes: b tasks, n training rows, l predictions, k label channels.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

STACK_RIDGE = 3.0  # rows' worth of evidence for equal shares


@torch.no_grad()
def stack_weights(predictions: Tensor, labels: Tensor, weights: Tensor, present: Tensor) -> Tensor:
    """Solve for the weight of each prediction, the same for all channels.

    Every set of predictions of positive weight is tried: with the best of those sets whose
    solution is not negative, non-negative least squares are exact.

    Parameters
    ----------
    predictions : Tensor, (b, n, l, k)
        What is predicted for the training rows, without their own labels.
    labels : Tensor, (b, n, k)
        Their labels, on the same scale, of about unit variance a channel.
    weights : Tensor, (b, n)
        Row weights; a row of weight 2 counts as two rows.
    present : Tensor of bool, (b, l)
        Predictions that there are; the others get no weight.

    Returns
    -------
    Tensor, (b, l)
        Weights from 0 on.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.stack import stack_weights
    >>> labels = torch.linspace(-1.0, 1.0, 100)[None, :, None]
    >>> predictions = torch.stack([labels, -labels], 2)
    >>> present = torch.ones(1, 2, dtype=torch.bool)
    >>> weights = stack_weights(predictions, labels, torch.ones(1, 100), present)
    >>> weights.round(decimals=1)
    tensor([[1., 0.]])
    """
    n_channels = labels.shape[-1]
    rows = (predictions.double() * weights[:, :, None, None].double().sqrt()).transpose(2, 3)
    rows = rows.flatten(1, 2)  # (b, n * k, l)
    targets = (labels.double() * weights[..., None].double().sqrt()).flatten(1)[..., None]
    n_present = present.sum(-1, keepdim=True).clamp(min=1)
    gram = rows.mT @ rows / n_channels
    gram.diagonal(dim1=-2, dim2=-1).add_(STACK_RIDGE)
    target = (rows.mT @ targets / n_channels)[..., 0] + STACK_RIDGE / n_present
    sets = torch.tensor(list(product((False, True), repeat=present.shape[-1])), device=gram.device)
    used = sets.to(gram.dtype)  # (s, l)
    # What isn't in a set has a row and a column of the identity, and 0 on the right.
    systems = gram[:, None] * used[:, :, None] * used[:, None] + torch.diag_embed(1.0 - used)
    solutions = torch.linalg.solve(systems, target[:, None] * used)  # (b, s, l)
    feasible = (solutions >= -1e-9).all(-1) & (sets <= present[:, None]).all(-1)
    # At a solution the squared error is less by this; of no prediction, by 0.
    gains = (solutions * target[:, None]).sum(-1).masked_fill(~feasible, -torch.inf)
    best = gains.argmax(-1)[:, None, None].expand(-1, 1, present.shape[-1])
    return solutions.gather(1, best)[:, 0].clamp(min=0.0).to(labels.dtype)
