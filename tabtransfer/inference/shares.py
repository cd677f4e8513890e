"""Find the shares of the network and of the learners in predictions, by rows it hasn't read.

They are the shares of a mixture of probabilities that are most likely (Dempster, Laird and Rubin
1977), or the convex combination of means of least squared error (linear opinion pool, stacking:
Breiman 1996). Distributions of numbers are as wide as fits those rows (record 033).

Shapes: r rows, l learners, k classes, q quantiles.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tabtransfer.inference.blend import Blend, spread_out
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["HANDICAP", "PART", "fit_shares_of_classes", "fit_shares_of_numbers"]

_Find = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]  # parts, weights
HANDICAP = 0.1
"""Where the network's context is smaller than it will be, as a third of the rows is asked about."""
PART = 0.25
"""How far to go there to the shares of classes that are found (record 037)."""
_PRIOR_ROWS = 10.0  # that speak for the network's mean alone
_PRIOR_CLASSES = 1.0  # row that speaks for the network's probabilities alone (record 025)
_LEAST_WEIGHT = 1e-6  # of all rows kept back: beside other rows, these are none
_STEPS = 2000
_CONVERGED = 1e-5
_SUM_WEIGHT = 1e4  # of the condition that shares sum to 1, beside the rows
_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SPREADS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 1.2, 1.4, 1.7, 2.0)
_FEWEST_ROWS = 50  # to narrow distributions by
_COVERED = 0.9  # of the targets, by an interval that should contain as many
_LESS_COVERED = 0.02  # than by the network alone, if that covers fewer
_GAIN = 1e-4  # of the logarithm of a loss: less is none
_DECIMALS = 2  # so that rounding, which threads may change, doesn't move a prediction


def fit_shares_of_classes(
    probabilities: NDArray[np.float64], held_back: LabelledTable, part: float = 1.0
) -> Blend:
    """Find the shares of the most likely mixture of probabilities, by rows kept back.

    Parameters
    ----------
    probabilities : ndarray of float64, (r, k)
        What the network predicts for them.
    held_back : LabelledTable
        The rows, with their labels, and with what learners predict, each without its own label.
    part : float, default=1.0
        How far to go to these shares from the network alone; see `PART`.

    Returns
    -------
    Blend
        A learner that is absent has no share.
    """

    def find(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        found = _most_likely(parts[np.arange(len(parts)), :, held_back.labels], weights)
        return part * found + (1.0 - part) * (np.arange(len(found)) == 0)

    return _fit(probabilities, held_back, find)


def fit_shares_of_numbers(
    quantiles: NDArray[np.float64], held_back: LabelledTable, handicap: float = 0.0
) -> Blend:
    """Find the shares of the mean of least squared error, and the spread, by rows kept back.

    Parameters
    ----------
    quantiles : ndarray of float64, (r, q)
        What the network predicts for them.
    held_back : LabelledTable
        The rows, with their targets, and with what learners predict, each without its own target.
    handicap : float, default=0.0
        Share of the rows that speak for the network beforehand; see `HANDICAP`.

    Returns
    -------
    Blend
        A learner that is absent has no share.
    """

    def find(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _least_squares(parts[..., 0], held_back.labels, weights, handicap)

    blend = _fit(quantile_means(quantiles), held_back, find)
    return _part_of_the_way(blend, quantiles, held_back)


def _fit(network: NDArray[np.float64], held_back: LabelledTable, find: _Find) -> Blend:
    """Find the shares of the network (r, k or 1) and of the learners that are there."""
    learners = held_back.table.learners
    assert learners is not None
    if held_back.total_weight < _LEAST_WEIGHT:
        return Blend((1.0, *(0.0,) * learners.shape[1]))
    weights = np.ones(len(network)) if held_back.weights is None else held_back.weights
    present = ~np.isnan(learners).any((0, 2))
    found = find(np.concatenate([network[:, None], learners[:, present]], 1), weights)
    found = found.round(_DECIMALS)
    if not found.sum() > 0.0:  # one row outweighs all others, say
        found = np.eye(len(found))[0]
    shares = np.zeros(1 + learners.shape[1])
    shares[np.append(True, present)] = found / found.sum()
    return Blend(tuple(shares.tolist()))


def _most_likely(
    likelihoods: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the mixture of predictions whose probabilities of the right class are (r, parts)."""
    likelihoods = likelihoods.clip(min=1e-9)
    prior = _PRIOR_CLASSES * (np.arange(likelihoods.shape[1]) == 0)
    shares = np.full(likelihoods.shape[1], 1.0 / likelihoods.shape[1])
    for _ in range(_STEPS):
        joint, before = likelihoods * shares, shares
        shares = (weights[:, None] * joint / joint.sum(1, keepdims=True)).sum(0) + prior
        shares /= shares.sum()
        if np.abs(shares - before).max() < _CONVERGED:
            break
    return shares


def _least_squares(
    means: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    handicap: float,
) -> NDArray[np.float64]:
    """Find the convex combination of means (r, parts) that is closest to targets."""
    unit = _largest(targets, means)
    targets, means = targets / unit, means / unit
    centre = np.average(targets, weights=weights)
    scale = np.sqrt(np.average((targets - centre) ** 2, weights=weights)) + 1e-30
    root = np.sqrt(weights)[:, None]
    errors = (targets[:, None] - means) / scale
    spread = np.sqrt(np.average(errors[:, 0] ** 2, weights=weights))
    n_rows = _PRIOR_ROWS + handicap * weights.sum()
    prior = np.sqrt(n_rows) * spread * np.diag(np.arange(means.shape[1]) > 0)
    ones = np.full((1, means.shape[1]), _SUM_WEIGHT)
    system = np.vstack([root * errors, prior, ones])
    goal = np.append(np.zeros(len(system) - 1), _SUM_WEIGHT)
    return nnls(system, goal)[0]


def _part_of_the_way(
    blend: Blend, quantiles: NDArray[np.float64], held_back: LabelledTable
) -> Blend:
    """Go from the network alone to shares, and to another spread, as far as they serve.

    Where targets are skewed, quantiles may lose what means gain when they are tilted to have them.
    What counts is the product of root mean square error and pinball loss, of blends whose
    central 90 % contain as many of the targets.
    """
    learners, weights = held_back.table.learners, held_back.weights
    assert learners is not None
    if held_back.total_weight < _LEAST_WEIGHT:
        return blend
    unit = _largest(held_back.labels, quantiles, learners)
    targets, quantiles, learners = held_back.labels / unit, quantiles / unit, learners / unit
    levels = np.array(quantile_levels(quantiles.shape[1]))
    low, high = np.searchsorted(levels, ((1.0 - _COVERED) / 2.0, (1.0 + _COVERED) / 2.0))

    def judge(mixed: NDArray[np.float64]) -> tuple[float, float]:
        """Return the logarithm of the loss, and the share of targets that are covered."""
        errors = targets - quantile_means(mixed)[:, 0]
        below = targets[:, None] - mixed
        pinball = np.maximum(levels * below, (levels - 1.0) * below).mean(1)
        inside = (below[:, low] >= 0.0) & (below[:, high] <= 0.0)
        squares, losses, covered = (
            float(np.average(each, weights=weights)) for each in (errors**2, pinball, inside)
        )
        return float(np.log(squares + 1e-300) / 2.0 + np.log(losses + 1e-300)), covered

    network = np.arange(len(blend.shares)) == 0
    least, covered = judge(quantiles)
    needed = min(_COVERED, covered - _LESS_COVERED)
    found = Blend(tuple(network.astype(float).tolist()))
    least_spread = 0.0 if held_back.total_weight >= _FEWEST_ROWS else 1.0
    spreads = [spread for spread in _SPREADS if spread >= least_spread]
    for part in _PARTS:
        shares = tuple((part * np.array(blend.shares) + (1.0 - part) * network).tolist())
        mixed = Blend(shares).mix_quantiles(quantiles, learners)
        for spread in spreads:
            loss, covered = judge(spread_out(mixed, spread))
            if loss < least - _GAIN and covered >= needed:
                found, least = Blend(shares, spread), loss
    return found


def _largest(*numbers: NDArray[np.float64]) -> float:
    """Return the largest size of numbers that are known, by which their squares are finite."""
    return max(1e-300, *(float(np.nan_to_num(np.abs(some)).max()) for some in numbers))
