"""Numeric targets on the scale that the network reads and predicts them on."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.normal_scores import NormalScores
from tabtransfer.preprocessing.weighted_statistics import weighted_moments

__all__ = [
    "MAX_TARGET",
    "NormalTargetScale",
    "TargetScale",
    "are_clipped",
    "learn_scale",
    "warn_of_clipped",
]

MAX_TARGET = 5.0
"""Standard deviations from the mean beyond which targets are clipped."""


@dataclass(frozen=True)
class TargetScale:
    """The mean and the standard deviation of the training rows' targets.

    Parameters
    ----------
    mean, deviation : float
        Of the targets; the deviation is 0 where they are all equal.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.target_scale import TargetScale
    >>> scale = TargetScale.of(np.array([1.0, 3.0]))
    >>> scale.standardise(np.array([1.0, 3.0, 100.0])), scale.restore(np.array([0.0]))
    (array([-1.,  1.,  5.]), array([2.]))
    """

    mean: float
    deviation: float

    @classmethod
    def of(
        cls, targets: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> TargetScale:
        """Learn the scale of training targets, by their weights."""
        if targets.min() == targets.max():  # their computed deviation may not be 0
            return cls(float(targets[0]), 0.0)
        # Of huge targets the sum or the squares may be infinite.
        unit = float(np.abs(targets).max())
        mean, deviation = weighted_moments(targets / unit, weights)
        return cls(mean * unit, deviation * unit)

    def standardise(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Centre and scale targets, and clip them at `MAX_TARGET`; 0 where all were equal."""
        if self.deviation == 0.0:
            return np.zeros_like(targets)
        return ((targets - self.mean) / self.deviation).clip(-MAX_TARGET, MAX_TARGET)

    def restore(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn standardised predictions into targets."""
        return self.mean + self.deviation * standardised


@dataclass(frozen=True)
class NormalTargetScale:
    """Targets by their rank, as normal scores.

    Parameters
    ----------
    standard : TargetScale
        Standardises and clips the targets first.
    normal : NormalScores
        Of the standardised targets. Predictions beyond their scores count as the smallest or
        the largest of them.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.target_scale import NormalTargetScale
    >>> scale = NormalTargetScale.of(np.array([1.0, 2.0, 4.0]))
    >>> scale.standardise(np.array([1.0, 2.0, 4.0])).round(2), scale.restore(np.array([-0.97, 5.0]))
    (array([-0.97,  0.  ,  0.97]), array([1., 4.]))
    """

    standard: TargetScale
    normal: NormalScores

    @classmethod
    def of(
        cls, targets: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> NormalTargetScale:
        """Learn the scale of training targets, by their weights."""
        standard = TargetScale.of(targets, weights)
        return cls(standard, NormalScores.learn(standard.standardise(targets), weights))

    def standardise(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn targets into scores."""
        return self.normal.transform(self.standard.standardise(targets))

    def restore(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn predicted scores into targets."""
        return self.standard.restore(self.normal.inverse_transform(standardised))


def learn_scale(
    targets: NDArray[np.float64], weights: NDArray[np.float64] | None, normal: bool
) -> TargetScale | NormalTargetScale:
    """Learn a scale of training targets.

    Parameters
    ----------
    targets : ndarray of float64, (n_rows,)
        The targets.
    weights : ndarray of float64, (n_rows,), or None
        Their weights.
    normal : bool
        Whether they are shown by their rank; otherwise they are standardised.

    Returns
    -------
    TargetScale or NormalTargetScale
    """
    return NormalTargetScale.of(targets, weights) if normal else TargetScale.of(targets, weights)


def are_clipped(
    targets: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.bool_]:
    """Return which training targets are clipped.

    Parameters
    ----------
    targets : ndarray of float64, (n_rows,)
        The targets.
    weights : ndarray of float64, (n_rows,), or None
        Their weights.

    Returns
    -------
    ndarray of bool, (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.target_scale import are_clipped
    >>> are_clipped(np.append(np.zeros(99), 1e6)).nonzero()[0]
    array([99])
    """
    scale = TargetScale.of(targets, weights)
    if scale.deviation == 0.0:
        return np.zeros(len(targets), bool)
    # Halves, as differences of huge targets may be infinite.
    return np.abs(targets / 2 - scale.mean / 2) > MAX_TARGET * (scale.deviation / 2)


def warn_of_clipped(
    targets: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    share_of_learners: float = 0.0,
) -> None:
    """Warn of training targets that are clipped, as the network's predictions can't reach them.

    Parameters
    ----------
    targets : ndarray of float64, (n_rows,)
        The targets.
    weights : ndarray of float64, (n_rows,), or None
        Their weights.
    share_of_learners : float, default=0.0
        Share of the learners, which can reach them, in predictions.
    """
    clipped = are_clipped(targets, weights)
    if not clipped.any():
        return
    scale = TargetScale.of(targets, weights)
    reach = MAX_TARGET * scale.deviation
    farthest = targets[np.abs(targets / 2 - scale.mean / 2).argmax()]
    outcome = (
        f"{share_of_learners:.0%} of each prediction is the trees' and the kernel's, which reach "
        "them; the rest falls short of them"
        if share_of_learners > 0.0
        else "predictions fall short of them"
    )
    warnings.warn(
        f"{int(clipped.sum()):,} of {len(targets):,} targets lie more than {MAX_TARGET:g} "
        f"standard deviations from the mean (beyond {scale.mean - reach:.4g} to "
        f"{scale.mean + reach:.4g}, as far as {farthest:.4g}), and the network reads them as "
        f"clipped there: {outcome}. If these rows are errors, leave them out; if they are of "
        "another kind, which the columns tell, find them with a TabTransferClassifier and fit a "
        "regressor to each kind.",
        UserWarning,
        stacklevel=3,
    )
