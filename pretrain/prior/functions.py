"""Random functions from the columns of a table to new ones, for all tables of a batch at once.

Shapes: b tables, r rows, p parent columns, u units.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.pretrain.prior.draws import Draws

TREE_DEPTH = 4
N_TREES = 4

ACTIVATIONS = (
    lambda x: x,
    torch.tanh,
    torch.relu,
    lambda x: x.abs(),
    lambda x: x.square(),
    lambda x: torch.sin(2.0 * x),
    lambda x: torch.exp(-x.square()),
    lambda x: (x > 0).to(x.dtype),
    F.softplus,
)


def standardise(x: Tensor) -> Tensor:
    """Centre and scale every column by its rows (dimension 1)."""
    x = x - x.mean(1, keepdim=True)
    return x / (x.square().mean(1, keepdim=True).sqrt() + 1e-6)


def ranks(x: Tensor) -> Tensor:
    """Rank the rows of every column (b, r, c): 0 to r - 1, as int64."""
    places = torch.arange(x.shape[1], device=x.device)[:, None].expand(*x.shape[1:])
    order = x.argsort(1)
    return torch.empty_like(order).scatter_(1, order, places.expand_as(order).contiguous())


def random_linear(draws: Draws, parents: Tensor, n_units: int, mean_degree: Tensor) -> Tensor:
    """Map parents (b, r, p) to sparse random linear combinations (b, r, u), standardised.

    ``mean_degree`` (b,) is about how many parents a unit has in each table.
    """
    b, _, p = parents.shape
    share = (mean_degree / p).clamp(max=1.0)[:, None, None]
    weights = draws.normal(b, p, n_units) * draws.bernoulli(share, b, p, n_units)
    one = F.one_hot(draws.integers(0, p - 1, b, n_units), p).transpose(1, 2)
    return standardise(parents @ (weights + one * draws.normal(b, 1, n_units).sign()))


def random_activation(draws: Draws, x: Tensor, linear: Tensor) -> Tensor:
    """Apply to each unit of x (b, r, u) an activation of its own; none where ``linear`` (b,)."""
    b, _, u = x.shape
    kind = draws.integers(0, len(ACTIVATIONS) - 1, b, 1, u) * ~linear[:, None, None]
    bent = x + draws.normal(b, 1, u) * ~linear[:, None, None]
    y = x.clone()
    for index, function in enumerate(ACTIVATIONS[1:], 1):
        y = torch.where(kind == index, function(bent), y)
    return standardise(y)


def random_trees(draws: Draws, parents: Tensor, n_units: int, mean_depth: Tensor) -> Tensor:
    """Map parents (b, r, p) to sums of oblivious decision trees (b, r, u), standardised.

    Trees are never fitted: split columns, thresholds (values of random rows) and leaves are
    drawn, and a leaf is found by index arithmetic. ``mean_depth`` (b,) is at most TREE_DEPTH.
    """
    b, r, p = parents.shape
    n_splits = n_units * N_TREES * TREE_DEPTH
    column = draws.integers(0, p - 1, b, n_splits)
    values = parents.gather(2, column[:, None].expand(-1, r, -1))  # (b, r, splits)
    row = draws.integers(0, r - 1, b, 1, n_splits)
    bits = (values > values.gather(1, row)) & draws.bernoulli(
        (mean_depth / TREE_DEPTH)[:, None, None], b, 1, n_splits
    )
    bits = bits.unflatten(-1, (n_units * N_TREES, TREE_DEPTH))
    leaf = torch.zeros_like(bits[..., 0], dtype=torch.int64)
    for level in range(TREE_DEPTH):
        leaf += bits[..., level].to(torch.int64) << level
    leaves = draws.normal(b, 2**TREE_DEPTH, n_units * N_TREES)
    weights = draws.bernoulli(0.35, b, 1, n_units, N_TREES)
    weights[..., 0] = True
    outputs = leaves.gather(1, leaf).unflatten(-1, (n_units, N_TREES))
    return standardise((outputs * weights).sum(-1))


def random_units(
    draws: Draws, parents: Tensor, n_units: int, style: Tensor, mean_degree: Tensor
) -> Tensor:
    """Map parents (b, r, p) to units (b, r, u) in the style of each table.

    ``style`` (b,): 0 linear, 1 smooth (linear, then an activation), 2 trees, 3 mixed, with
    products of two linear combinations.
    """
    b = len(parents)
    linear = random_linear(draws, parents, n_units, mean_degree)
    bent = random_activation(draws, linear, style == 0)
    trees = random_trees(draws, parents, n_units, draws.uniform(b, low=0.5, high=3.5))
    other = random_linear(draws, parents, n_units, mean_degree)
    product = standardise(linear * other)
    kind = torch.where(
        style[:, None] == 3, draws.choice((2, 2, 1), b, n_units), (style[:, None] == 2).long()
    )[:, None]
    return torch.where(kind == 0, bent, torch.where(kind == 1, trees, product))
