"""Predicted distributions of numbers: quantiles, densities, samples and scores of them.

The quantile function is linear between the levels that the network predicts, so the density is
constant there. Beyond the outermost levels it has exponential tails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from tabtransfer.errors import TabTransferError
from tabtransfer.network.quantiles import quantile_levels

__all__ = ["QuantileDistribution", "quantile_means"]


@dataclass(frozen=True)
class QuantileDistribution:
    """The predicted distribution of each row's target.

    Between the given levels the quantile function is linear. Below the first and above the
    last level the distribution goes on as an exponential one, whose scale comes from the
    outermost quantile and the one at five times its level: with the levels 0.01 to 0.99, it is
    ``(Q(0.05) - Q(0.01)) / ln 5`` below and ``(Q(0.99) - Q(0.95)) / ln 5`` above.

    Parameters
    ----------
    levels : ndarray of float64, (n_levels,)
        Between 0 and 1, ascending, symmetric around 0.5.
    quantiles : ndarray of float64, (n_rows, n_levels)
        Of each row, ascending. Where some are equal the distribution has an atom: its density
        is infinite there.

    Notes
    -----
    Methods that take values take one number, one for every row (n_rows,), or several for every
    row (n_rows or 1, n_values), and answer in the same form.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.distribution import QuantileDistribution
    >>> levels = np.arange(1, 10) / 10
    >>> uniform = QuantileDistribution(levels, np.stack([levels, 10.0 * levels]))
    >>> uniform.median(), uniform.cdf([0.25, 2.5])
    (array([0.5, 5. ]), array([0.25, 0.25]))
    >>> uniform.interval(0.8)
    array([[0.1, 0.9],
           [1. , 9. ]])
    >>> uniform.sample(1000, random_state=0).shape
    (2, 1000)
    """

    levels: NDArray[np.float64]
    quantiles: NDArray[np.float64]

    def mean(self) -> NDArray[np.float64]:
        """Return the mean of each row, (n_rows,)."""
        middle = self.quantiles[:, len(self.levels) // 2]
        q = self.quantiles - middle[:, None]
        between = (np.diff(self.levels) * (q[:, 1:] + q[:, :-1]) / 2.0).sum(1)
        below, above = self._tail_scales()
        tails = self.levels[0] * (q[:, 0] - below + q[:, -1] + above)
        return middle + (between + tails)

    def median(self) -> NDArray[np.float64]:
        """Return the median of each row, (n_rows,)."""
        return self.quantile(0.5)

    def quantile(self, levels: Any) -> NDArray[np.float64]:
        """Return quantiles of each row.

        Parameters
        ----------
        levels : float or sequence of float
            Between 0 and 1.

        Returns
        -------
        ndarray of float64, (n_rows,) or (n_rows, len(levels))
            In the order of ``levels``.

        Raises
        ------
        TabTransferError
            If a level is not between 0 and 1.
        """
        wanted = np.asarray(levels, dtype=np.float64)
        if wanted.ndim > 1 or not ((wanted > 0.0) & (wanted < 1.0)).all():
            raise TabTransferError(
                "quantiles must be levels between 0 and 1 (both excluded), such as "
                f"[0.1, 0.5, 0.9], not {levels!r}."
            )
        found = self.at_levels(np.atleast_1d(wanted)[None])
        return found if wanted.ndim else found[:, 0]

    def interval(self, coverage: float) -> NDArray[np.float64]:
        """Return the central interval that contains the target with a given probability.

        Parameters
        ----------
        coverage : float
            The probability, between 0 and 1.

        Returns
        -------
        ndarray of float64, (n_rows, 2)
            Lower and upper end.

        Raises
        ------
        TabTransferError
            If the coverage is not between 0 and 1.
        """
        if not 0.0 < coverage < 1.0:
            raise TabTransferError(f"coverage must be between 0 and 1, not {coverage!r}.")
        return self.quantile([0.5 - coverage / 2.0, 0.5 + coverage / 2.0])

    def sample(
        self, n: int, random_state: int | np.random.RandomState | None = None
    ) -> NDArray[np.float64]:
        """Draw targets of each row, (n_rows, n), each on its own."""
        levels = check_random_state(random_state).uniform(size=(len(self.quantiles), n))
        return self.at_levels(np.maximum(levels, np.finfo(np.float64).tiny))

    def cdf(self, values: Any) -> NDArray[np.float64]:
        """Return the probability of a target up to each value."""
        points, shape = self._points(values)
        segment, q = self._segments(points), self.quantiles
        low, high = np.maximum(segment, 0), np.minimum(segment + 1, len(self.levels) - 1)
        start, width = _at(q, low), _at(q, high) - _at(q, low)
        share = (points - start) / np.where(width > 0.0, width, 1.0)
        inside = self.levels[low] + share * (self.levels[high] - self.levels[low])
        below, above = self._tails(points)
        found = np.where(segment < 0, below, inside)
        return np.where(segment == len(self.levels) - 1, 1.0 - above, found).reshape(shape)

    def pdf(self, values: Any) -> NDArray[np.float64]:
        """Return the density at each value; infinite where quantiles are equal."""
        points, shape = self._points(values)
        segment, q = self._segments(points), self.quantiles
        last = len(self.levels) - 1
        low, high = np.maximum(segment, 0), np.minimum(segment + 1, last)
        width = _at(q, high) - _at(q, low)
        steps = self.levels[high] - self.levels[low]
        inside = np.where(width > 0.0, steps / np.where(width > 0.0, width, 1.0), 0.0)
        scales = [_positive(scale)[:, None] for scale in self._tail_scales()]
        below, above = self._tails(points)
        found = np.where(segment < 0, below / scales[0], inside)
        found = np.where(segment == last, above / scales[1], found)
        atom = (_at(q, low) == points) & (_at(q, np.maximum(low - 1, 0)) == points) & (low > 0)
        return np.where(atom, np.inf, found).reshape(shape)

    def crps(self, y: Any) -> NDArray[np.float64]:
        """Return the continuous ranked probability score of each row's target; less is better.

        The integral of ``(cdf(x) - (x >= y)) ** 2`` over x, in closed form (Gneiting and
        Raftery 2007). It has the unit of the target, and of a certain prediction it is the
        absolute error.

        Parameters
        ----------
        y : array-like of shape (n_rows,)
            The targets.

        Returns
        -------
        ndarray of float64, (n_rows,)
        """
        target = np.asarray(y, dtype=np.float64)
        if target.shape != (len(self.quantiles),):
            raise TabTransferError(
                f"y has shape {target.shape}, but {len(self.quantiles)} rows were predicted: "
                "pass one number a row."
            )
        q, levels = self.quantiles, self.levels
        low, high = levels[:-1], levels[1:]
        width = np.diff(q)
        cut = np.clip(target[:, None], q[:, :-1], q[:, 1:])
        share = (cut - q[:, :-1]) / np.where(width > 0.0, width, 1.0)
        middle = low + share * (high - low)
        left = (cut - q[:, :-1]) * _mean_square(low, middle)
        right = (q[:, 1:] - cut) * _mean_square(1.0 - middle, 1.0 - high)
        below, above = self._tail_scales()
        tails = _tail_score(q[:, 0] - target, below, levels[0])
        tails += _tail_score(target - q[:, -1], above, levels[0])
        return (left + right).sum(1) + tails

    def at_levels(self, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the quantiles (n_rows, k) of levels above 0 and below 1, (n_rows or 1, k).

        Unlike `quantile`, each row may have levels of its own.
        """
        place = np.interp(wanted, self.levels, np.arange(len(self.levels)))
        low = place.astype(np.int64)
        high = np.minimum(low + 1, len(self.levels) - 1)
        shape = (len(self.quantiles), wanted.shape[1])
        start, stop = (_at(self.quantiles, np.broadcast_to(index, shape)) for index in (low, high))
        inside = start + (place - low) * (stop - start)
        tail = self.levels[0]
        below, above = self._tail_scales()
        beyond = np.log(np.minimum(wanted / tail, 1.0)) * below[:, None]
        return inside + beyond - np.log(np.minimum((1.0 - wanted) / tail, 1.0)) * above[:, None]

    def _tail_scales(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scales (n_rows,) of the tails below and above."""
        inner = min(4, (len(self.levels) - 1) // 2)
        if not inner:  # fewer than three levels
            return np.zeros(len(self.quantiles)), np.zeros(len(self.quantiles))
        ratio = np.log(self.levels[inner] / self.levels[0])
        q = self.quantiles
        return (q[:, inner] - q[:, 0]) / ratio, (q[:, -1] - q[:, -1 - inner]) / ratio

    def _tails(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Return the probability below points (n_rows, k) under the first level, and above."""
        q, scales = self.quantiles, self._tail_scales()
        found = []
        for scale, distance in zip(scales, (q[:, :1] - points, points - q[:, -1:]), strict=True):
            reach = np.maximum(distance, 0.0) / _positive(scale)[:, None]
            certain = (scale[:, None] == 0.0) & (distance >= 0.0)
            found.append(np.where(certain, 0.0, self.levels[0] * np.exp(-reach)))
        return found[0], found[1]

    def _segments(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the last level whose quantile is no more than points (n_rows, k); -1 if none."""
        q = self.quantiles
        if points.shape[1] < len(q):
            counts = np.stack([(q <= column[:, None]).sum(1) for column in points.T], 1)
        else:
            pairs = zip(q, points, strict=True)
            counts = np.stack([np.searchsorted(row, point, side="right") for row, point in pairs])
        return counts - 1

    def _points(self, values: Any) -> tuple[NDArray[np.float64], tuple[int, ...]]:
        """Return values in the shape (n_rows, k), and the shape of the answer."""
        points = np.asarray(values, dtype=np.float64)
        n_rows = len(self.quantiles)
        shape = (n_rows, *points.shape[1:])
        n_values = points.shape[-1] if points.ndim == 2 else 1
        if points.shape not in ((), (n_rows,), (1, n_values), (n_rows, n_values)):
            raise TabTransferError(
                f"values has shape {points.shape}, but {n_rows} rows were predicted: pass one "
                f"number, ({n_rows},) numbers, or (1, k) to ask for k values of every row."
            )
        columns = points[:, None] if points.ndim == 1 else points
        return np.broadcast_to(columns, (n_rows, n_values)), shape


def quantile_means(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means (n_rows, 1) of distributions by the network's quantiles (n_rows, q)."""
    levels = np.array(quantile_levels(quantiles.shape[1]))
    return QuantileDistribution(levels, quantiles).mean()[:, None]


def _at(table: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.take_along_axis(table, index, axis=1)


def _positive(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(scale > 0.0, scale, 1.0)


def _mean_square(start: Any, stop: Any) -> Any:
    """Return the mean square of a linear function from start to stop."""
    return (start * start + start * stop + stop * stop) / 3.0


def _tail_score(
    beyond: NDArray[np.float64], scale: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Integrate the score over a tail of a level, for targets that lie beyond its start."""
    distance = np.maximum(beyond, 0.0)
    reached = level * np.exp(-distance / _positive(scale))  # the probability beyond the target
    between = distance - 2.0 * scale * (level - reached) + scale * (level**2 - reached**2) / 2.0
    return scale * reached**2 / 2.0 + np.where(distance > 0.0, between, 0.0)
