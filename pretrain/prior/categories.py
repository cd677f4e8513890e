"""Tables that are mostly categories: ids, codes and places, each known by its own rows alone.

Shapes: b tables, r rows, c columns, l levels, k scores.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.pretrain.prior.columns import warp
from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.functions import random_activation, random_linear, standardise
from tabtransfer.pretrain.prior.targets import sample_noise

_SHARE = (0.6, 0.95)  # of the columns
_FEWEST_LEVELS, _MOST_LEVELS = 2, 50
_ZIPF = (0.2, 1.6)  # exponent of the frequencies of levels
_MOST_PAIRS = 4
_PAIR_EFFECTS = 512  # of a pair of columns; where these have more pairs of levels, some share one


def sample_category_tables(
    config: PriorConfig, draws: Draws, batch_size: int, n_rows: int, n_columns: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw cells (b, r, c), which columns are categories (b, c), scores (b, r, k), noise (b, 1).

    Levels, 2 to 50 a column, are uneven in frequency and without order. Scores, of which targets
    are made, sum an effect of each level, effects of pairs of levels in up to four pairs of
    columns, and functions of the few numbers. Columns correlate. The idea is that of the episodes
    of categories in Synthefy Nori's prior.
    """
    share = draws.uniform(batch_size, 1, low=_SHARE[0], high=_SHARE[1])
    # Rounded up: of one or two columns, all.
    categorical = draws.permutations(n_columns, batch_size) < share * n_columns
    numbers = _correlated_numbers(draws, batch_size, n_rows, n_columns)
    codes = _cut_to_levels(draws, numbers)
    n_scores = config.max_classes
    effects = _level_effects(draws, codes, categorical, n_scores)
    effects += draws.uniform(batch_size, 1, 1, high=1.5) * _pair_effects(
        draws, codes, categorical, n_scores
    )
    effects += draws.uniform(batch_size, 1, 1) * _number_effects(
        draws, numbers * ~categorical[:, None], n_scores
    )
    values = torch.where(categorical[:, None], codes.to(numbers.dtype), warp(draws, numbers))
    return values, categorical, standardise(effects), sample_noise(config, draws, batch_size)


def _correlated_numbers(draws: Draws, b: int, n_rows: int, c: int) -> Tensor:
    """Draw standard normals (b, r, c) that share three factors, in most tables."""
    n_factors = 3
    mixing = F.normalize(draws.normal(b, n_factors, c), dim=1)
    strength = draws.uniform(b, 1, c) * draws.bernoulli(0.7, b, 1, 1)
    factors = draws.normal(b, n_rows, n_factors) @ mixing
    return (1 - strength).sqrt() * draws.normal(b, n_rows, c) + strength.sqrt() * factors


def _cut_to_levels(draws: Draws, numbers: Tensor) -> Tensor:
    """Cut standard normals into levels of frequencies like Zipf's, and name these at random."""
    b, _, c = numbers.shape
    more = ((_MOST_LEVELS + 1) / _FEWEST_LEVELS) ** draws.uniform(b, c, 1).square()
    n_levels = (_FEWEST_LEVELS * more).long()
    places = torch.arange(_MOST_LEVELS, device=draws.device)
    absent = places >= n_levels
    exponents = draws.uniform(b, c, 1, low=_ZIPF[0], high=_ZIPF[1])
    frequencies = (1.0 + places).pow(-exponents).masked_fill(absent, 0.0)
    edges = (frequencies / frequencies.sum(-1, keepdim=True)).cumsum(-1)
    units = torch.special.ndtr(numbers).transpose(1, 2).contiguous()
    levels = torch.searchsorted(edges, units, right=True).minimum(n_levels - 1)
    names = draws.uniform(b, c, _MOST_LEVELS).masked_fill(absent, torch.inf).argsort(-1)
    return names.gather(2, levels).transpose(1, 2)


def _level_effects(draws: Draws, codes: Tensor, categorical: Tensor, n_scores: int) -> Tensor:
    """Sum an effect of the level in each column (b, r, k); few columns matter much."""
    weights = draws.uniform(*categorical.shape).pow(3) * categorical
    effects = draws.normal(*categorical.shape, _MOST_LEVELS, n_scores)
    return standardise(_summed(effects * weights[..., None, None], codes))


def _pair_effects(draws: Draws, codes: Tensor, categorical: Tensor, n_scores: int) -> Tensor:
    """Sum effects of pairs of levels (b, r, k) in up to four pairs of columns."""
    b, n_rows, _ = codes.shape
    n_categories = categorical.sum(1, keepdim=True)
    # Categories in random order come first; a pair is a place and another one.
    order = (draws.uniform(*categorical.shape) + ~categorical).argsort(1)
    first = (draws.uniform(b, _MOST_PAIRS) * n_categories).long()
    further = 1 + (draws.uniform(b, _MOST_PAIRS) * (n_categories - 1)).long()
    second = (first + further) % n_categories
    one, other = (
        codes.gather(2, order.gather(1, place)[:, None].expand(-1, n_rows, -1))
        for place in (first, second)
    )
    used = torch.arange(_MOST_PAIRS, device=draws.device) < draws.integers(0, _MOST_PAIRS, b, 1)
    weights = draws.uniform(b, _MOST_PAIRS) * used
    effects = draws.normal(b, _MOST_PAIRS, _PAIR_EFFECTS, n_scores)
    pairs = (_MOST_LEVELS * one + other) % _PAIR_EFFECTS
    return standardise(_summed(effects * weights[..., None, None], pairs))


def _number_effects(draws: Draws, numbers: Tensor, n_scores: int) -> Tensor:
    """Map numbers, 0 in columns of categories, to scores (b, r, k): linear or bent."""
    b = len(numbers)
    linear = random_linear(draws, numbers, n_scores, draws.uniform(b, low=1.0, high=3.0))
    bent = random_activation(draws, linear, draws.bernoulli(0.5, b))
    return bent * (numbers != 0).any(2).any(1)[:, None, None]


def _summed(effects: Tensor, codes: Tensor) -> Tensor:
    """Sum over columns the effects (b, c, l, k) of codes (b, r, c): (b, r, k)."""
    b, n_columns, n_levels, n_scores = effects.shape
    columns = torch.arange(b * n_columns, device=codes.device).view(b, 1, n_columns)
    places = (columns * n_levels + codes).flatten(0, 1)
    summed = F.embedding_bag(places, effects.view(-1, n_scores), mode="sum")
    return summed.view(b, -1, n_scores)
