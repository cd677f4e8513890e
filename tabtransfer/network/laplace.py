"""Ridge regression with a Laplace kernel, whose metric may be learned from the labels.

Shapes: b tasks, r rows, n training rows, f features, k label channels; blocks of m training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from tabtransfer.network.ridge import blocks, distances, similarities, solve, solve_dual
from tabtransfer.threads import torch_threads

LAPLACE_RIDGE = 0.3
METRIC_STEPS = 2
LEARNED_REACH = 2.0  # a learned metric has few columns left, in which rows lie further apart
_LEAST_DISTANCE = 0.05  # for gradients, which rounding would decide where rows nearly meet
_LEAST_SCALE = 0.02  # of a feature, beside the one that matters most


@dataclass(frozen=True)
class LaplaceRidge:
    """Predict by similarity to the training rows, the exponential of minus the distance.

    The unit of distance is the root mean square distance of training rows, times a reach.

    Parameters
    ----------
    scale : Tensor, (b, 1, f)
        Of the features.
    features : Tensor, (b, n, f)
        Scaled features of the training rows.
    dual : Tensor, (b, n, k)
        Weights of the similarities.
    """

    scale: Tensor
    features: Tensor
    dual: Tensor

    @classmethod
    def of(
        cls,
        features: Tensor,
        scale: Tensor,
        labels: Tensor,
        weights: Tensor,
        reach: float = 1.0,
        copies: Tensor | None = None,
    ) -> tuple[LaplaceRidge, Tensor]:
        """Fit to the training rows; also predict each by the others, its copies left out."""
        scale, scaled = _in_units(features, scale, weights, reach)
        dual, leave_one_out = solve(similarities, scaled, labels, weights, LAPLACE_RIDGE, copies)
        return cls(scale, scaled, dual), leave_one_out

    @classmethod
    def fitted(
        cls, features: Tensor, scale: Tensor, labels: Tensor, weights: Tensor, reach: float = 1.0
    ) -> LaplaceRidge:
        """Fit to the training rows as `of` does, without predicting them."""
        scale, scaled = _in_units(features, scale, weights, reach)
        dual = solve_dual(similarities, scaled, labels, weights, LAPLACE_RIDGE)
        return cls(scale, scaled, dual)

    def predict(self, features: Tensor) -> Tensor:
        """Predict rows by their features (b, r, f): (b, r, k)."""
        return similarities(features * self.scale, self.features) @ self.dual

    def with_learned_metric(
        self, features: Tensor, labels: Tensor, weights: Tensor, copies: Tensor | None = None
    ) -> tuple[LaplaceRidge, Tensor]:
        """Learn the scale of features from the predictions' gradients, and fit again, in turn.

        The scale of a feature is the root of its mean squared gradient, the diagonal of the
        average gradient outer product of recursive feature machines (Radhakrishnan et al. 2024,
        Science 383). The whole matrix overfits tables of some hundred rows.
        """
        fit = self
        for _ in range(METRIC_STEPS - 1):
            scale = fit._learned_scale(weights)
            fit = self.fitted(features, scale, labels, weights, LEARNED_REACH)
        scale = fit._learned_scale(weights)
        return self.of(features, scale, labels, weights, LEARNED_REACH, copies)

    def _learned_scale(self, weights: Tensor) -> Tensor:
        """Return the scale (b, 1, f) of features by the predictions' gradients."""
        with torch_threads(1):  # the solution would magnify what other threads round otherwise
            slope = self._slopes(weights)
        steepest = slope.amax(-1, keepdim=True) + 1e-20
        return (slope / steepest).sqrt().clamp(min=_LEAST_SCALE)

    def _slopes(self, weights: Tensor) -> Tensor:
        """Return the mean squared gradient by each feature at the training rows: (b, 1, f)."""
        x = blocks(self.features)  # (b, blocks, m, f)
        apart = distances(x, x)
        steepness = apart.neg().exp_().div_(apart.clamp_(min=_LEAST_DISTANCE))
        shares = blocks((weights / weights.sum(-1, keepdim=True))[..., None])  # (b, blocks, m, 1)
        total = x.new_zeros(x.shape[0], 1, x.shape[-1])
        for dual in blocks(self.dual).split(1, -1):
            slope = steepness @ (dual * x) - (steepness @ dual) * x
            total += (shares * slope.square()).sum(2).sum(1, keepdim=True)
        return total * self.scale.square()


def _in_units(
    features: Tensor, scale: Tensor, weights: Tensor, reach: float
) -> tuple[Tensor, Tensor]:
    """Return the scale (b, 1, f) in units of distance, and the features scaled by it."""
    shares = (weights / weights.sum(-1, keepdim=True))[..., None]
    scaled = features * scale
    centre = (shares * scaled).sum(1, keepdim=True)
    # Two sums: a single one would depend on the number of threads.
    spread = (shares * (scaled - centre).square()).sum(1, keepdim=True).sum(2, keepdim=True)
    unit = reach * (2.0 * spread + 1e-9).sqrt()
    return scale / unit, scaled / unit
