"""Numeric targets made from the nodes of the graph.

Shapes: b tables, r rows, k scores.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tabtransfer.preprocessing.target_scale import MAX_TARGET
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.functions import standardise

# Chosen so that a forest and a ridge regression score about as they do on real tables. Shares
# are of tables.
_NOISY = 0.45  # with noise of a deviation up to _MAX_NOISE
_MAX_NOISE = 1.3
_HEAVY_NOISE = 0.3  # with noise of heavy tails
_UNEQUAL_NOISE = 0.3  # with noise that depends on a score
_SUMMED = 0.4  # whose target is a sum of all scores
_ROUNDED = 0.8


def sample_numbers(draws: Draws, scores: Tensor, noise: Tensor, n_train: int) -> Tensor:
    """Draw the numeric target of every row: (b, r), standardised by the training rows, clipped.

    It comes from scores (b, r, k), with noise of a deviation (b, 1) or more.
    """
    b, n_rows, k = scores.shape
    noise = noise + draws.uniform(b, 1, high=_MAX_NOISE) * draws.bernoulli(_NOISY, b, 1)
    log_spread = 0.8 * draws.normal(b, n_rows) * draws.bernoulli(_HEAVY_NOISE, b, 1)
    log_spread += 0.6 * scores[..., -1] * draws.bernoulli(_UNEQUAL_NOISE, b, 1)
    noise = noise * log_spread.clamp(max=2.0).exp() * draws.normal(b, n_rows)
    fading = draws.uniform(b, 1, 1) ** torch.arange(k, device=draws.device)
    summed = standardise((scores * fading * draws.normal(b, 1, k)).sum(-1))
    number = torch.where(draws.bernoulli(_SUMMED, b, 1), summed, scores[..., 0]) + noise
    return _scale(_bend(draws, number), n_train)


def _bend(draws: Draws, x: Tensor) -> Tensor:
    """Warp targets (b, r) to shapes that real ones have: skewed, cut off at one end, rounded."""
    b = len(x)
    x = standardise(x)
    kind = draws.choice((10, 4, 1, 1, 1), b, 1)
    strength = draws.uniform(b, 1, low=0.3, high=1.2)
    y = torch.where(kind == 1, (strength * x).clamp(max=8.0).exp(), x)
    y = torch.where(kind == 2, x.sign() * x.abs().pow(1.0 + strength), y)
    y = torch.where(kind == 3, x.sign() * x.abs().log1p(), y)
    y = torch.where(kind == 4, x.maximum(draws.normal(b, 1)), y)
    steps = 10.0 * 50.0 ** draws.uniform(b, 1)
    return torch.where(draws.bernoulli(_ROUNDED, b, 1), (y * steps).round() / steps, y)


def _scale(x: Tensor, n_train: int) -> Tensor:
    """Standardise by the training rows and clip; 0 everywhere if those are all equal."""
    train = x[:, :n_train]
    mean = train.mean(1, keepdim=True)
    deviation = (train - mean).square().mean(1, keepdim=True).sqrt()
    z = (x - mean) / deviation.clamp(min=1e-6)
    return torch.where(deviation > 1e-5, z, 0.0).clamp(-MAX_TARGET, MAX_TARGET)
