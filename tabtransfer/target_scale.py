"""Numeric targets on the scale that the network reads and predicts them on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_TARGET", "TargetScale"]

MAX_TARGET = 5.0
"""Standard deviations from the mean beyond which targets are clipped."""


@dataclass(frozen=True)
class TargetScale:
    """Hold the mean and the standard deviation of the training rows' targets.

    Parameters
    ----------
    mean, deviation : float
        Of the targets; the deviation is 0 where they are all equal.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.target_scale import TargetScale
    >>> scale = TargetScale.of(np.array([1.0, 3.0]))
    >>> scale.standardise(np.array([1.0, 3.0, 100.0])), scale.restore(np.array([0.0]))
    (array([-1.,  1.,  5.]), array([2.]))
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, targets: NDArray[np.float64]) -> TargetScale:
        """Learn the scale of training targets."""
        if targets.min() == targets.max():  # their computed deviation may not be 0
            return cls(float(targets[0]), 0.0)
        # Of huge targets the sum or the squares may be infinite.
        unit = np.abs(targets).max()
        return cls(float((targets / unit).mean() * unit), float((targets / unit).std() * unit))

    def standardise(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Centre and scale targets, and clip them at `MAX_TARGET`; 0 where all were equal."""
        if self.deviation == 0.0:
            return np.zeros_like(targets)
        return ((targets - self.mean) / self.deviation).clip(-MAX_TARGET, MAX_TARGET)

    def restore(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn standardised predictions into targets."""
        return self.mean + self.deviation * standardised
