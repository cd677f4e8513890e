"""Turn the nodes of the graph into columns: codes, integers, warped numbers, missing cells.

Shapes: b tables, r rows, c columns.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.functions import ranks, standardise
from tabtransfer.pretrain.prior.graph import MAX_LEVELS, Nodes

MANY_LEVELS = 300


def show_columns(draws: Draws, nodes: Nodes) -> tuple[Tensor, Tensor]:
    """Turn nodes into cell values (b, r, c) and categorical flags (b, c).

    Most discrete nodes become categories, in order or not, a few of them split further into
    many levels that mean nothing; the others stay small integers. Continuous nodes are warped,
    a few of them cut into up to hundreds of categories without order, like post codes.
    """
    b, n_rows, c = nodes.values.shape
    typed = torch.where(draws.bernoulli(0.5, b, 1), 1.0, 0.6)  # share told apart from integers
    categorical = nodes.discrete & draws.bernoulli(typed, b, c)
    shuffled = draws.permutations(MAX_LEVELS, b, c).transpose(1, 2)
    codes = shuffled.gather(1, nodes.levels)
    codes = torch.where(draws.bernoulli(0.3, b, 1, c), nodes.levels, codes)
    split = draws.integers(2, 8, b, 1, c) * (categorical & draws.bernoulli(0.06, b, c))[:, None]
    finer = codes * split + (draws.uniform(*codes.shape).square() * split).long()
    codes = torch.where(split > 0, finer, codes)
    numbers = torch.where(
        nodes.discrete[:, None], nodes.levels.to(nodes.values.dtype), warp(draws, nodes.values)
    )
    many = ~nodes.discrete & draws.bernoulli(0.04, b, c)
    n_levels = (10.0 * (MANY_LEVELS / 10.0) ** draws.uniform(b, 1, c)).long()
    names = draws.permutations(MANY_LEVELS, b, c).transpose(1, 2)
    cut = names.gather(1, ranks(nodes.values) * n_levels // n_rows)
    codes, categorical = torch.where(many[:, None], cut, codes), categorical | many
    return torch.where(categorical[:, None], codes.to(numbers.dtype), numbers), categorical


def repeat_some(
    config: PriorConfig, draws: Draws, values: Tensor, categorical: Tensor
) -> tuple[Tensor, Tensor]:
    """Replace some columns by copies of others; copies of numbers get noise."""
    b, _, c = values.shape
    share = draws.uniform(b, 1, high=0.5) * draws.bernoulli(config.repeated, b, 1)
    copied = draws.bernoulli(share, b, c)
    places = torch.arange(c, device=values.device).expand(b, c)
    source = torch.where(copied, draws.integers(0, c - 1, b, c), places)
    categorical = categorical.gather(1, source)
    values = values.gather(2, source[:, None].expand_as(values))
    noise = 0.001 * 500.0 ** draws.uniform(b, 1, c) * (copied & ~categorical)[:, None]
    noise = noise * draws.bernoulli(0.7, b, 1, c) * values.std(1, keepdim=True)
    return values + noise * draws.normal(*values.shape), categorical


def entangle(config: PriorConfig, draws: Draws, nodes: Nodes) -> Nodes:
    """Add one common combination of the continuous columns to each of them, in some tables.

    Columns then correlate strongly while what tells classes apart lies in their differences, as
    with measurements of one body. A linear map undoes it.
    """
    b, _, c = nodes.values.shape
    continuous = ~nodes.discrete[:, None]
    weights = draws.normal(b, c, 1) * continuous.transpose(1, 2)
    common = standardise(nodes.values @ weights)
    strength = 0.5 * 16.0 ** draws.uniform(b, 1, 1) * draws.bernoulli(config.entangled, b, 1, 1)
    sign = torch.where(draws.bernoulli(0.8, b, 1, c), 1.0, -1.0)
    mixed = standardise(nodes.values + strength * sign * common)
    return replace(nodes, values=torch.where(continuous, mixed, nodes.values))


def make_irrelevant(config: PriorConfig, draws: Draws, values: Tensor) -> Tensor:
    """Shuffle the rows of some columns together, so that they say nothing of the target."""
    b, n_rows, c = values.shape
    share = draws.uniform(b, 1, high=0.6) * draws.bernoulli(config.irrelevant, b, 1)
    irrelevant = draws.bernoulli(share, b, c)[:, None]
    shuffled = values.gather(1, draws.permutations(n_rows, b)[..., None].expand_as(values))
    return torch.where(irrelevant, shuffled, values)


def sample_missing(config: PriorConfig, draws: Draws, values: Tensor) -> Tensor:
    """Mark cells as missing (b, r, c): at random, by another column, or by their own value."""
    b, n_rows, c = values.shape
    rate = draws.uniform(b, 1, c).square() * config.max_missing
    some = draws.bernoulli(config.missing, b, 1, 1) & draws.bernoulli(
        draws.uniform(b, 1, 1, low=0.1), b, 1, c
    )
    rank = ranks(values).to(values.dtype) / n_rows
    other = rank.gather(2, draws.integers(0, c - 1, b, 1, c).expand_as(rank))
    kind = draws.choice((3, 1, 1), b, 1, c)
    driver = torch.where(kind == 1, other, rank)
    chance = torch.where(kind == 0, rate, 2.0 * rate * driver)
    return draws.bernoulli(chance * some, b, n_rows, c)


def warp(draws: Draws, x: Tensor) -> Tensor:
    """Warp continuous columns to the shapes of distribution that real ones have."""
    b, _, c = x.shape
    kind = draws.choice((4, 2, 1, 11, 1.5), b, 1, c)
    strength = draws.uniform(b, 1, c, low=0.3, high=1.3)
    y = torch.where(kind == 1, (strength * x).exp(), x)
    y = torch.where(kind == 2, x.sign() * x.abs().pow(1.0 + strength), y)
    steps = 1.0 + 20.0 * draws.uniform(b, 1, c).square()
    y = torch.where(kind == 3, (x * steps / 4.0).round(), y)
    floor = draws.normal(b, 1, c)
    return torch.where(kind == 4, x.maximum(floor), y)
