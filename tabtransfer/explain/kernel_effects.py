"""What kernel ridge regression would predict without one of its training rows.

Leaving row i out of a ridge regression changes a prediction by s_i u_i / c_ii, where C is the
inverse of the regularised kernel matrix, u = C y and s = k C for the similarities k of the
predicted row: exact, without solving again (Cook 1977; Cawley and Talbot 2004), but for the scales
of features, which stay those computed on all training rows.

Shapes: b tasks, r rows, n training rows, f features, k label channels; blocks of m training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tabtransfer.network.kernels import LINEAR_RIDGE, KernelRidge
from tabtransfer.network.laplace import LAPLACE_RIDGE
from tabtransfer.network.ridge import blocks, invert, products, similarities, unblocked

__all__ = ["KernelEffects"]

KernelFunction = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class KernelEffects:
    """The contribution of each training row to the kernel predictions of a row.

    Parameters
    ----------
    fits : tuple of KernelFit
        One for each prediction, in the order of `KernelRidge.predict`.
    """

    fits: tuple[KernelFit, ...]

    @classmethod
    @torch.no_grad()
    def of(cls, ridge: KernelRidge, weights: Tensor) -> KernelEffects:
        """Invert the kernel matrices of the training rows, whose weights are (b, n)."""
        plain = ridge.laplace[0]
        one = torch.ones_like(plain.scale)
        return cls(
            (
                KernelFit.of(
                    products, one, plain.features / plain.scale, ridge.dual, weights, LINEAR_RIDGE
                ),
                *(
                    KernelFit.of(
                        similarities, fit.scale, fit.features, fit.dual, weights, LAPLACE_RIDGE
                    )
                    for fit in ridge.laplace
                ),
            )
        )

    @torch.no_grad()
    def of_rows(self, features: Tensor, sensitivity: Tensor) -> Tensor:
        """Return what each training row adds to a weighted sum of the predictions.

        Parameters
        ----------
        features : Tensor, (b, r, f)
            Of the predicted rows.
        sensitivity : Tensor, (b, r, 4 * k)
            Factor of each prediction in the sum.

        Returns
        -------
        Tensor, (b, r, n)
            The sum less what it were without the training row.
        """
        factors = sensitivity.chunk(len(self.fits), -1)
        effects = [
            fit.of_rows(features, factor) for fit, factor in zip(self.fits, factors, strict=True)
        ]
        return torch.stack(effects).sum(0)


@dataclass(frozen=True)
class KernelFit:
    """The contributions of the training rows to one kernel's predictions.

    Parameters
    ----------
    kernel : callable
        Gives the similarities of features.
    scale : Tensor, (b, 1, f)
        Of the features of predicted rows.
    features : Tensor, (b, n, f)
        Scaled features of the training rows.
    inverse : Tensor, (b, blocks, m, m)
        Of the regularised kernel matrix, times the roots of the rows' weights.
    change : Tensor, (b, n, k)
        By which a change of a row's similarity counts.
    """

    kernel: KernelFunction
    scale: Tensor
    features: Tensor
    inverse: Tensor
    change: Tensor

    @classmethod
    def of(
        cls,
        kernel: KernelFunction,
        scale: Tensor,
        features: Tensor,
        dual: Tensor,
        weights: Tensor,
        ridge: float,
    ) -> KernelFit:
        """Invert a kernel matrix, in blocks as `tabtransfer.network.ridge.solve` does."""
        n_train = features.shape[1]
        root, inverse = invert(kernel, features, weights.to(features.dtype), ridge)
        leverage = inverse.diagonal(dim1=-2, dim2=-1)[..., None]
        unweighted = blocks(dual) / root.clamp(min=1e-12)
        return cls(
            kernel, scale, features, root * inverse, unblocked(unweighted / leverage, n_train)
        )

    def of_rows(self, features: Tensor, factor: Tensor) -> Tensor:
        """Return what the training rows add to predictions times a factor (b, r, k): (b, r, n)."""
        n_train = self.features.shape[1]
        similar = self.kernel(features * self.scale, self.features)  # (b, r, n)
        smoother = blocks(similar.mT).mT @ self.inverse  # (b, blocks, r, m)
        return unblocked(smoother.mT, n_train).mT * (factor @ self.change.mT)
