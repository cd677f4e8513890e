"""Learners' predictions as the label channels that the network reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.target_scale import NormalTargetScale, TargetScale

__all__ = ["ClassificationChannels", "RegressionChannels"]


@dataclass(frozen=True)
class ClassificationChannels:
    """Sum the probabilities of the classes of each group, and normalise over the groups.

    Parameters
    ----------
    groups : tuple of ndarray of int64
        Classes of each group.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.channels import ClassificationChannels
    >>> channels = ClassificationChannels((np.array([1]), np.array([0])))
    >>> channels(np.array([[[0.2, 0.1, 0.7]]])).round(3)
    array([[[0.333, 0.667]]])
    """

    groups: tuple[NDArray[np.int64], ...]

    def __call__(self, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn probabilities (n_rows, n_learners, n_classes) into (n_rows, n_learners, n_groups).

        Where none of the classes is possible, all groups are as likely. NaN stays NaN.
        """
        sums = np.stack([predicted[..., classes].sum(-1) for classes in self.groups], -1) + 1e-9
        return sums / sums.sum(-1, keepdims=True)


@dataclass(frozen=True)
class RegressionChannels:
    """Expectations of a target and its square less 1, by the errors on training rows.

    Parameters
    ----------
    scale : TargetScale or NormalTargetScale
        On which the network reads targets.
    variance : ndarray of float64, (n_learners,)
        Mean squared error of each learner on that scale.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.channels import RegressionChannels
    >>> from tabtransfer.preprocessing.target_scale import TargetScale
    >>> RegressionChannels(TargetScale(1.0, 2.0), np.array([0.75]))(np.array([[[2.0]]]))
    array([[[0.5, 0. ]]])
    """

    scale: TargetScale | NormalTargetScale
    variance: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        out_of_fold: NDArray[np.float64] | None,
        targets: NDArray[np.float64],
        scale: TargetScale | NormalTargetScale,
        weights: NDArray[np.float64] | None,
    ) -> RegressionChannels:
        """Learn from predictions of training rows without their own targets.

        Parameters
        ----------
        out_of_fold : ndarray of float64, (n_train, n_learners, 1), or None
            The predictions; None where there are no learners.
        targets : ndarray of float64, (n_train,)
            Targets of the training rows on the scale.
        scale : TargetScale or NormalTargetScale
            The scale.
        weights : ndarray of float64, (n_train,), or None
            Weights of the training rows.
        """
        if out_of_fold is None:
            return cls(scale, np.zeros(0))
        errors = _standardised(out_of_fold, scale) - targets[:, None]
        return cls(scale, np.average(errors**2, axis=0, weights=weights))

    def __call__(self, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn predicted targets (n_rows, n_learners, 1) into (n_rows, n_learners, 2)."""
        expected = _standardised(predicted, self.scale)
        return np.stack([expected, expected**2 + self.variance - 1.0], -1)


def _standardised(
    predicted: NDArray[np.float64], scale: TargetScale | NormalTargetScale
) -> NDArray[np.float64]:
    """Standardise predictions (n_rows, n_learners, 1) by a scale: (n_rows, n_learners)."""
    values = predicted[..., 0]
    return np.where(np.isnan(values), np.nan, scale.standardise(np.nan_to_num(values)))
