"""Normal scores: each number as a normal variable would be at the same rank.

The rank-based inverse normal transformation (van der Waerden 1952), interpolated between the
numbers that were seen; smaller and larger ones count as the smallest and the largest seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["NormalScores"]

_LEAST_RANK = 2.0**-52


@dataclass(frozen=True)
class NormalScores:
    """Numbers and their normal scores.

    Parameters
    ----------
    values : ndarray of float64, (n_knots,)
        Distinct numbers, ascending.
    scores : ndarray of float64, (n_knots,)
        The score of each, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.normal_scores import NormalScores
    >>> normal = NormalScores.learn(np.array([1.0, 2.0, 100.0]))
    >>> normal.transform(np.array([1.0, 2.0, 51.0, 1000.0])).round(2)
    array([-0.97,  0.  ,  0.48,  0.97])
    """

    values: NDArray[np.float64]
    scores: NDArray[np.float64]

    @classmethod
    def learn(
        cls,
        values: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
        max_knots: int | None = None,
        outermost: float | None = None,
    ) -> NormalScores:
        """Rank numbers, equal ones at their middle rank.

        Parameters
        ----------
        values : ndarray of float64, (n,)
            Finite numbers, one at least.
        weights : ndarray of float64, (n,), optional
            Weights above 0; a weight of 2 counts as the number twice.
        max_knots : int, optional
            Of more distinct numbers, so many at even steps of rank are kept.
        outermost : float, optional
            Score of the largest number, and less it of the smallest; those of their ranks if
            not given.

        Returns
        -------
        NormalScores
        """
        distinct, place = np.unique(values, return_inverse=True)
        weight = np.bincount(place, weights)
        ranks = (weight.cumsum() - weight / 2.0) / weight.sum()
        if max_knots is not None and len(distinct) > max_knots:
            steps = np.linspace(ranks[0], ranks[-1], max_knots)
            kept = np.unique(np.searchsorted(ranks, steps))
            distinct, ranks = distinct[kept], ranks[kept]
        # Of a number beside which the others weigh next to nothing, rounding leaves rank 0 or 1.
        scores = ndtri(ranks.clip(_LEAST_RANK, 1.0 - _LEAST_RANK))
        if outermost is not None and len(scores) > 1:
            scores = scores.clip(-outermost, outermost)
            scores[0], scores[-1] = -outermost, outermost
        return cls(distinct.astype(np.float64), scores)

    def transform(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Turn numbers into scores."""
        return np.interp(values, self.values, self.scores)

    def inverse_transform(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn scores into numbers."""
        return np.interp(scores, self.scores, self.values)
