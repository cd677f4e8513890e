"""Quantiles: the levels that the network predicts, and their pinball loss."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import torch
from torch import Tensor

__all__ = ["pinball_loss", "quantile_levels"]


def quantile_levels(n_quantiles: int) -> list[float]:
    """Return the levels of evenly spread quantiles.

    Parameters
    ----------
    n_quantiles : int
        Number of quantiles.

    Returns
    -------
    list of float
        Levels between 0 and 1, ascending.

    Examples
    --------
    >>> from tabtransfer.network.quantiles import quantile_levels
    >>> quantile_levels(3)
    [0.25, 0.5, 0.75]
    """
    return [place / (n_quantiles + 1) for place in range(1, n_quantiles + 1)]


def pinball_loss(quantiles: Tensor, targets: Tensor) -> Tensor:
    """Return the mean pinball loss of predicted quantiles, scaled so that guessing costs 1.

    Guessing is to predict the quantiles of a standard normal variable for every row, where
    that is how the targets are distributed.

    Parameters
    ----------
    quantiles : Tensor, (..., n_quantiles)
        Predictions at the levels of `quantile_levels`, in any order of size.
    targets : Tensor, (...)
        Standardised targets.

    Returns
    -------
    Tensor, (...)
        Mean over the levels.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.quantiles import pinball_loss, quantile_levels
    >>> levels = torch.tensor(quantile_levels(99))
    >>> targets = torch.randn(10_000, generator=torch.Generator().manual_seed(0))
    >>> guess = (2**0.5 * torch.erfinv(2 * levels - 1)).expand(10_000, -1)
    >>> round(pinball_loss(guess, targets).mean().item(), 1)
    1.0
    """
    n_quantiles = quantiles.shape[-1]
    levels = torch.tensor(quantile_levels(n_quantiles), device=quantiles.device).to(quantiles.dtype)
    above = targets[..., None] - quantiles
    return torch.maximum(levels * above, (levels - 1.0) * above).mean(-1) / _guess_cost(n_quantiles)


@lru_cache
def _guess_cost(n_quantiles: int) -> float:
    """Return the mean pinball loss of a standard normal variable's own quantiles.

    At each level it is the density there.
    """
    normal = NormalDist()
    return sum(normal.pdf(normal.inv_cdf(q)) for q in quantile_levels(n_quantiles)) / n_quantiles
