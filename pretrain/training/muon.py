"""Muon that orthogonalises all matrices of a shape at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from tabtransfer.pretrain.training.precision import has_fast_bfloat16

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
N_ITERATIONS = 5
_EPSILON = 1e-7


class StackedMuon(torch.optim.Muon):
    """Take the steps of torch's Muon in few operations, in a precision that the device is fast at.

    torch's own orthogonalises one matrix after the other, some fifteen operations each, which a
    GPU spends waiting to be told; and in bfloat16, which a CPU without instructions for it does
    tens of times slower than float32. Here matrices of one shape are stacked, in float32 where
    bfloat16 is slow. State and settings are the same, so that a run may be resumed with either.
    Nesterov momentum and the rate's scale are those that `build_optimizers` sets.
    After Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/.

    Parameters
    ----------
    params, **settings
        As `torch.optim.Muon` takes them.

    Attributes
    ----------
    found_inf : Tensor or None
        Where it is 1, a step changes nothing; None until set: all steps count. The name is the
        one that torch's fused optimizers read.

    Examples
    --------
    >>> weight = torch.nn.Parameter(torch.eye(2))
    >>> optimizer = StackedMuon([weight], lr=0.1, adjust_lr_fn="match_rms_adamw")
    >>> weight.square().sum().backward()
    >>> optimizer.step()
    >>> bool((weight.diagonal() < 1).all())
    True
    """

    found_inf: Tensor | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """Take one step.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss anew.

        Returns
        -------
        float or None
            What ``closure`` returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            by_shape: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[tuple(sorted(weight.shape))].append(weight)
            for weights in by_shape.values():
                self._step_weights(weights, group)
        return loss

    def _step_weights(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        """Step matrices of one shape, some of which may lie on their side."""
        gradients = [cast(Tensor, weight.grad) for weight in weights]
        buffers = [self._buffer(weight) for weight in weights]
        momentum, rate = group["momentum"], group["lr"]
        kept = 1.0 - rate * group["weight_decay"]
        rate *= 0.2 * max(weights[0].shape) ** 0.5  # the size of AdamW's updates
        if self.found_inf is not None:
            fine = self.found_inf == 0.0
            stack = _wide(gradients)
            gradients = _like(torch.where(fine, stack, _wide(buffers)), weights)
            kept = torch.where(fine, kept, 1.0)
            rate = torch.where(fine, rate, 0.0)
        torch._foreach_lerp_(buffers, gradients, 1.0 - momentum)
        updates = _wide(torch._foreach_lerp(gradients, buffers, momentum))
        if updates.device.type == "cpu":  # whose cache holds one
            updates = torch.stack([_orthogonalise(matrix) for matrix in updates])
        else:
            updates = _orthogonalise(updates)
        updates = updates.mul_(-rate)
        torch._foreach_mul_(weights, kept)
        torch._foreach_add_(weights, _like(updates, weights))

    def _buffer(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        buffer: Tensor = state["momentum_buffer"]
        return buffer


def _wide(matrices: Sequence[Tensor]) -> Tensor:
    """Stack matrices of one shape, those taller than wide transposed."""
    return torch.stack([m.mT if m.shape[0] > m.shape[1] else m for m in matrices])


def _like(stack: Tensor, weights: list[Tensor]) -> list[Tensor]:
    """Take a stack apart, each matrix the way that its weight lies."""
    parts = zip(stack.unbind(), weights, strict=True)
    return [part.mT if weight.shape[0] > weight.shape[1] else part for part, weight in parts]


def _orthogonalise(stack: Tensor) -> Tensor:
    """Bring the singular values of (l, m, n) or (m, n) near 1 by Newton-Schulz iterations."""
    a, b, c = _COEFFICIENTS
    add = torch.addmm if stack.ndim == 2 else torch.baddbmm
    dtype = torch.bfloat16 if has_fast_bfloat16(stack.device.type) else stack.dtype
    x = stack.to(dtype)
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=_EPSILON)
    for _ in range(N_ITERATIONS):
        gram = x @ x.mT
        x = add(x, add(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.to(stack.dtype)
