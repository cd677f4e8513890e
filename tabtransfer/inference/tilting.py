"""Give a predicted distribution another mean by exponential tilting.

Of all distributions of a mean, the one of least relative entropy to a given distribution has its
density times ``exp(t * x)`` (I-projection: Csiszár 1975; in insurance, Esscher 1932). Values stay
where they were and get other probabilities: unlike a shift, it leaves bounds of the target and
values that many rows have in their places.

Shapes: r rows, q quantile levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.distribution import QuantileDistribution, quantile_means
from tabtransfer.network.quantiles import quantile_levels

__all__ = ["tilt"]

_FURTHEST = 1.0  # standard deviations; the rest of a longer way is a shift
_STEEPEST = 4.0  # of the tilt, per standard deviation
_PASSES, _STEPS = 3, 8
_AT_ONCE = 1000  # rows, so that what is worked out takes little memory
_NEAR = 0.01  # of the way


def tilt(quantiles: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tilt the distribution of each row until it has about a given mean.

    Parameters
    ----------
    quantiles : ndarray of float64, (r, q)
        Of each row, ascending, at the levels of `quantile_levels`.
    means : ndarray of float64, (r, 1)
        The mean that each is to have.

    Returns
    -------
    ndarray of float64, (r, q)
        Their means come within a hundredth of the way to those wanted. Where that is longer
        than a standard deviation, or than tilting leads, quantiles are shifted as well.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.tilting import tilt
    >>> tilt(np.arange(1.0, 10.0)[None], np.array([[6.0]])).round(1)
    array([[ 1.7,  3.1,  4.3,  5.4,  6.3,  7.2,  8. ,  8.7, 10.1]])
    """
    starts = range(0, len(quantiles), _AT_ONCE)
    pieces = [slice(start, start + _AT_ONCE) for start in starts]
    found = [_tilt(quantiles[piece], means[piece]) for piece in pieces]
    return np.concatenate([np.zeros((0, quantiles.shape[1])), *found])


def _tilt(quantiles: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    levels = np.array(quantile_levels(quantiles.shape[1]))
    masses = quantile_means(np.eye(len(levels)))[:, 0]  # by which a mean is a sum of quantiles
    current = quantile_means(quantiles)
    centred = quantiles - current
    unit = np.abs(centred).max(1, keepdims=True)  # squares of huge targets are infinite
    centred /= np.where(unit > 0.0, unit, 1.0)
    deviation = np.sqrt((centred**2 * masses).sum(1, keepdims=True))
    centred /= np.where(deviation > 0.0, deviation, 1.0)
    unit = np.where(deviation > 0.0, unit * deviation, np.inf)
    distribution = QuantileDistribution(levels, quantiles)
    rest = means - current
    goal = steepness = np.zeros_like(rest)
    for _ in range(_PASSES):  # as the mean between levels is not quite that of the levels
        goal = (goal + rest / unit).clip(-_FURTHEST, _FURTHEST)
        steepness = _solve(centred, masses, goal, steepness)
        wanted = _levels_before(levels, _density(steepness * centred))
        tilted = distribution.at_levels(wanted)
        rest = means - quantile_means(tilted)
    there = np.abs(rest) <= _NEAR * np.abs(means - current)  # values stay exactly what they are
    return tilted + np.where(there, 0.0, rest)


def _solve(
    centred: NDArray[np.float64],
    masses: NDArray[np.float64],
    goal: NDArray[np.float64],
    steepness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the tilts (r, 1) that move the means of standardised quantiles (r, q) to a goal."""
    low, high = np.full_like(goal, -_STEEPEST), np.full_like(goal, _STEEPEST)
    for _ in range(_STEPS):  # of Newton's method, or of bisection where that leads too far
        density = _density(steepness * centred) * masses
        density /= density.sum(1, keepdims=True)
        mean = (density * centred).sum(1, keepdims=True)
        variance = (density * (centred - mean) ** 2).sum(1, keepdims=True)
        low, high = np.where(mean < goal, steepness, low), np.where(mean < goal, high, steepness)
        found = steepness + (goal - mean) / variance.clip(1e-30)
        outside = (found < low) | (found > high)
        steepness = np.where(outside, (low + high) / 2.0, found)
    return steepness


def _density(exponents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exponentials (r, q), of each row in proportion to the largest."""
    return np.exp(exponents - exponents.max(1, keepdims=True))


def _levels_before(
    levels: NDArray[np.float64], density: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return which levels (r, q) tilting by a density at the levels made the levels.

    The density is linear between levels, and constant beyond them.
    """
    padded = np.pad(density, ((0, 0), (1, 1)), mode="edge")
    ends = np.concatenate([[0.0], levels, [1.0]])
    after = np.cumsum((padded[:, 1:] + padded[:, :-1]) / 2.0 * np.diff(ends), 1)
    after = np.pad(after, ((0, 0), (1, 0))) / after[:, -1:]
    rows = 2.0 * np.arange(len(density))[:, None]  # one interpolation, a row after the other
    found = np.interp((levels + rows).ravel(), (after + rows).ravel(), np.tile(ends, len(density)))
    return found.reshape(density.shape).clip(levels[0] * 1e-6, 1.0 - levels[0] * 1e-6)
