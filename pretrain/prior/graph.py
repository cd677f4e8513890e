"""The causal graph: roots, then layers of random functions, each unit a possible column.

Shapes: b tables, r rows, u units.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.functions import random_units, standardise

MAX_LEVELS = 10


@dataclass(frozen=True)
class Nodes:
    """Values of the graph's units.

    Parameters
    ----------
    values : Tensor, (b, r, u)
        Standardised values; those of a discrete unit are one random number per level.
    levels : Tensor of int64, (b, r, u)
        Level of every row in a discrete unit, ascending with what it was cut from; else 0.
    discrete : Tensor of bool, (b, u)
        Which units are discrete.
    """

    values: Tensor
    levels: Tensor
    discrete: Tensor

    def take(self, units: Tensor) -> Nodes:
        """Pick ``units`` (b, v) of every table."""
        wide = units[:, None].expand(-1, self.values.shape[1], -1)
        return Nodes(
            self.values.gather(2, wide), self.levels.gather(2, wide), self.discrete.gather(1, units)
        )


def sample_nodes(
    config: PriorConfig,
    draws: Draws,
    width: int,
    style: Tensor,
    clusters: Tensor,
    clustered: Tensor,
) -> Nodes:
    """Grow a graph of ``width`` units a layer for every table.

    ``style`` (b,) is that of `random_units`; ``clusters`` (b, r) says which cluster a row is of,
    ``clustered`` (b,) in which tables clusters lie apart.
    """
    n_rows = clusters.shape[1]
    b = len(style)
    discrete_share = draws.uniform(b, low=-0.7, high=1.5).clamp(0.0, 1.0)
    noise = torch.where(draws.bernoulli(0.8, b), 0.01, draws.uniform(b, high=0.5))[:, None, None]
    degree = draws.uniform(b, low=1.0, high=5.0)
    layers = [_discretise(draws, _roots(draws, width, clusters, clustered), discrete_share)]
    for _ in range(int(draws.integers(1, config.max_depth, 1))):
        parents = torch.cat([layer.values for layer in layers[-2:]], -1)
        units = random_units(draws, parents, width, style, degree)
        units = standardise(units + noise * draws.normal(b, n_rows, width))
        layers.append(_discretise(draws, units, discrete_share))
    return Nodes(
        torch.cat([layer.values for layer in layers], -1),
        torch.cat([layer.levels for layer in layers], -1),
        torch.cat([layer.discrete for layer in layers], -1),
    )


def _roots(draws: Draws, width: int, clusters: Tensor, clustered: Tensor) -> Tensor:
    """Draw the root causes: (b, r, u)."""
    b, n_rows = clusters.shape
    kind = draws.choice((5, 2, 1), b, 1, width)
    base = draws.normal(b, n_rows, width)
    uniform = draws.uniform(b, n_rows, width, low=-1.7, high=1.7)
    heavy = (0.8 * draws.normal(b, n_rows, width)).exp()
    roots = torch.where(kind == 0, base, torch.where(kind == 1, uniform, standardise(heavy)))
    n_factors = 3
    mixing = draws.normal(b, n_factors, width) / n_factors**0.5
    strength = draws.uniform(b, 1, 1, high=0.95) * draws.bernoulli(0.6, b, 1, 1)
    factors = draws.normal(b, n_rows, n_factors) @ mixing
    roots = (1 - strength).sqrt() * roots + strength.sqrt() * factors
    centres = draws.normal(b, int(clusters.max()) + 1, width)
    centres = centres * draws.bernoulli(draws.uniform(b, 1, 1, low=0.2), b, 1, width)
    distance = draws.uniform(b, 1, 1, low=0.5, high=4.0) * clustered[:, None, None]
    place = centres.gather(1, clusters[..., None].expand(-1, -1, width))
    return standardise(roots + distance * place)


def _discretise(draws: Draws, units: Tensor, share: Tensor) -> Nodes:
    """Cut a share of the units into levels at the values of random rows."""
    b, n_rows, width = units.shape
    discrete = draws.bernoulli(share[:, None], b, width)
    n_levels = 2 + draws.choice((5, 4, 3, 2, 1, 1, 0.5, 0.5, 0.5), b, width)
    beyond = torch.arange(1, MAX_LEVELS, device=units.device)[:, None] >= n_levels[:, None]
    thresholds = units.gather(1, draws.integers(0, n_rows - 1, b, MAX_LEVELS - 1, width))
    thresholds = thresholds.masked_fill(beyond, torch.inf)
    levels = torch.zeros(b, n_rows, width, dtype=torch.int64, device=units.device)
    for cut in range(MAX_LEVELS - 1):
        levels += units > thresholds[:, cut : cut + 1]
    ordinal = draws.bernoulli(0.4, b, 1, width)
    level_values = torch.where(
        ordinal,
        torch.arange(MAX_LEVELS, device=units.device)[:, None].to(units.dtype),
        draws.normal(b, MAX_LEVELS, width),
    )
    stepped = standardise(level_values.gather(1, levels))
    chosen = discrete[:, None]
    return Nodes(torch.where(chosen, stepped, units), levels * chosen, discrete)
