"""Targets: classes made from the nodes of the graph.

Shapes: b tables, r rows, u units, k classes at most.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.functions import random_units, ranks, standardise


def sample_labels(
    config: PriorConfig,
    draws: Draws,
    scores: Tensor,
    noise: Tensor,
    n_classes: Tensor,
) -> Tensor:
    """Draw the class of every row (b, r), int64, from scores (b, r, k) and their noise (b, 1).

    A table's classes are cuts of one number or the largest of several class scores.
    """
    shares = _class_shares(config, draws, n_classes)
    number = scores[..., 0] + noise * draws.normal(*scores.shape[:2])
    by_cuts = draws.bernoulli(0.55, len(scores), 1)
    return torch.where(
        by_cuts, _cut(number, shares), _largest(draws, scores, noise, shares, n_classes)
    )


def sample_scores(
    config: PriorConfig, draws: Draws, parents: Tensor, style: Tensor
) -> tuple[Tensor, Tensor]:
    """Draw the scores (b, r, k) that targets are made of, and the noise's deviation (b, 1)."""
    b = len(parents)
    degree = torch.where(
        draws.bernoulli(0.6, b), draws.uniform(b, high=2), draws.uniform(b, low=1, high=10)
    )
    scores = random_units(draws, parents, config.max_classes, style, degree)
    scores = standardise(scores.cumsum(-1)) if draws.uniform(1).item() < 0.25 else scores
    return scores, sample_noise(config, draws, b)


def sample_noise(config: PriorConfig, draws: Draws, b: int) -> Tensor:
    """Draw the deviation of the noise on a target's scores (b, 1)."""
    noise = draws.uniform(b, high=config.max_target_noise).square() / config.max_target_noise
    return torch.where(draws.bernoulli(config.quiet, b), 0.05 * noise, noise)[:, None]


def present_classes(labels: Tensor, n_train: int, max_classes: int) -> tuple[Tensor, Tensor]:
    """Renumber classes so that each has a training row; return labels and numbers of classes (b,).

    Rows of a class without training rows join the next class that has some.
    """
    present = F.one_hot(labels[:, :n_train], max_classes).amax(1)  # (b, k)
    n_classes = present.sum(-1)
    index = (present.cumsum(-1) - present).minimum(n_classes[:, None] - 1)
    return index.gather(1, labels), n_classes


def _class_shares(config: PriorConfig, draws: Draws, n_classes: Tensor) -> Tensor:
    """Draw class shares (b, k) from a Dirichlet whose evenness varies between tables."""
    low, high = config.concentration
    alpha = low * (high / low) ** draws.uniform(len(n_classes), 1)
    weights = draws.gamma(alpha.expand(-1, config.max_classes).contiguous()) + 1e-3
    absent = torch.arange(config.max_classes, device=draws.device) >= n_classes[:, None]
    weights = weights.masked_fill(absent, 0.0)
    shares = weights / weights.sum(-1, keepdim=True)
    floor = 0.03 * ~absent
    return (shares + floor) / (shares + floor).sum(-1, keepdim=True)


def _cut(number: Tensor, shares: Tensor) -> Tensor:
    """Cut a number (b, r) into ordered classes of the given shares (b, k)."""
    n_rows = number.shape[1]
    rank = ranks(number[..., None])[..., 0].to(shares.dtype)
    edges = (shares.cumsum(-1)[:, :-1] * n_rows).round()
    return (rank[..., None] >= edges[:, None]).sum(-1)


def _largest(
    draws: Draws, scores: Tensor, noise: Tensor, shares: Tensor, n_classes: Tensor
) -> Tensor:
    """Return the class with the largest score (b, r, k), shifted towards the given shares."""
    bias = shares.clamp(min=1e-6).log()
    gumbel = 0.6 * noise[..., None] * draws.gumbel(*scores.shape)
    absent = torch.arange(scores.shape[-1], device=scores.device) >= n_classes[:, None]
    total = scores + 0.7 * bias[:, None] + gumbel
    return total.masked_fill(absent[:, None], -torch.inf).argmax(-1)


def replace_some(config: PriorConfig, draws: Draws, labels: Tensor, n_classes: Tensor) -> Tensor:
    """Replace a share of the labels by others, in an eighth of the tables."""
    b, n_rows = labels.shape
    share = draws.uniform(b, high=config.max_label_noise) * draws.bernoulli(0.125, b)
    other = (draws.uniform(b, n_rows) * n_classes[:, None]).long()
    return torch.where(draws.bernoulli(share[:, None], b, n_rows), other, labels)
