"""Mix the predictions of the network with those of the learners, by shares.

Shapes: r rows, l learners, k classes, q quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.inference.tilting import tilt

__all__ = ["Blend", "spread_out"]


@dataclass(frozen=True)
class Blend:
    """Mix the predictions of the network and of the learners.

    Parameters
    ----------
    shares : tuple of float, (1 + n_learners,)
        Of the network and of each learner; from 0 on, of sum 1.
    spread : float, default=1.0
        How wide distributions of numbers are around the mixed mean, beside the network's.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.blend import Blend
    >>> network, learners = np.array([[0.8, 0.2]]), np.array([[[0.4, 0.6], [np.nan, np.nan]]])
    >>> Blend((0.5, 0.5, 0.0)).mix(network, learners).round(2)
    array([[0.6, 0.4]])
    """

    shares: tuple[float, ...]
    spread: float = 1.0

    def __post_init__(self) -> None:
        if not (min(self.shares, default=-1.0) >= 0.0 and abs(sum(self.shares) - 1.0) < 1e-6):
            raise TabTransferError(f"Shares are numbers from 0 on of sum 1, not {self.shares}.")
        if not 0.0 < self.spread < np.inf:
            raise TabTransferError(f"A spread is a number above 0, not {self.spread}.")

    def mix(
        self, network: NDArray[np.float64], learners: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mix probabilities (r, k) or means (r, 1) with those of learners (r, l, k or 1)."""
        mixed = self.shares[0] * network
        for place, share in enumerate(self.shares[1:]):
            if share > 0.0:
                mixed = mixed + share * learners[:, place]
        return mixed

    def mix_quantiles(
        self, quantiles: NDArray[np.float64], learners: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give distributions (r, q) the mean that is mixed with those of learners (r, l, 1)."""
        if self.shares[0] < 1.0:
            quantiles = tilt(quantiles, self.mix(quantile_means(quantiles), learners))
        return spread_out(quantiles, self.spread)


def spread_out(quantiles: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Widen distributions (r, q) around their means, or narrow them, by a factor."""
    if spread == 1.0:  # values that many rows have stay what they are
        return quantiles
    means = quantile_means(quantiles)
    return means + spread * (quantiles - means)
