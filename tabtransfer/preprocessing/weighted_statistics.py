"""Statistics of weighted numbers: with whole weights, those of the numbers repeated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["weighted_moments", "weighted_quantiles"]


def weighted_quantiles(
    values: NDArray[np.float64],
    levels: Sequence[float],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return quantiles, interpolated linearly as numpy does.

    Parameters
    ----------
    values : ndarray of float64, (n,)
        Finite numbers, one at least.
    levels : sequence of float
        From 0 to 1.
    weights : ndarray of float64, (n,), optional
        Weights above 0; ones if not given.

    Returns
    -------
    ndarray of float64, (len(levels),)

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.weighted_statistics import weighted_quantiles
    >>> weighted_quantiles(np.array([1.0, 5.0]), [0.5, 0.75], np.array([3.0, 1.0]))
    array([1., 2.])
    """
    order = values.argsort()
    ordered = values[order].repeat(2)
    weight = np.ones(len(values)) if weights is None else weights[order]
    end = weight.cumsum()
    # A value of weight w lies at the places from its start to w - 1 after it.
    start = end - weight
    places = np.stack([start, np.maximum(start, end - 1.0)], 1).ravel()
    wanted = np.asarray(levels) * max(0.0, end[-1] - 1.0)
    low = np.maximum(np.searchsorted(places, wanted, side="right") - 1, 0)
    high = np.minimum(low + 1, len(places) - 1)
    gap = np.where(high > low, places[high] - places[low], 1.0)
    share = ((wanted - places[low]) / np.where(gap > 0.0, gap, 1.0)).clip(0.0, 1.0)
    between = (1.0 - share) * ordered[low] + share * ordered[high]
    return np.where(ordered[low] == ordered[high], ordered[low], between)


def weighted_moments(
    values: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """Return the mean and the standard deviation.

    Parameters
    ----------
    values : ndarray of float64, (n,)
        Numbers, one at least.
    weights : ndarray of float64, (n,), optional
        Weights above 0; ones if not given.

    Returns
    -------
    mean, deviation : float

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.weighted_statistics import weighted_moments
    >>> weighted_moments(np.array([1.0, 5.0]), np.array([3.0, 1.0]))
    (2.0, 1.7320508075688772)
    """
    mean = np.average(values, weights=weights)
    return float(mean), float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
