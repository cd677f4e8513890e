"""Muon for devices that are slow at bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_STEPS = 5
_EPSILON = 1e-7


class Float32Muon(torch.optim.Muon):
    """Step as torch's Muon does, with matrix products in the weights' own precision.

    torch's own orthogonalises in bfloat16, which a CPU without instructions for it does tens of
    times slower than in float32. State and settings are the same, so that a run may be resumed
    with either. Nesterov momentum and the rate's scale are those that `build_optimizers` sets.
    After Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/.

    Parameters
    ----------
    params, **settings
        As `torch.optim.Muon` takes them.

    Examples
    --------
    >>> weight = torch.nn.Parameter(torch.eye(2))
    >>> optimizer = Float32Muon([weight], lr=0.1, adjust_lr_fn="match_rms_adamw")
    >>> weight.square().sum().backward()
    >>> optimizer.step()
    >>> bool((weight.diagonal() < 1).all())
    True
    """

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
            What ``closure`` gave.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._step_weight(weight, weight.grad, group)
        return loss

    def _step_weight(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(weight)
        buffer: Tensor = state["momentum_buffer"]
        buffer.lerp_(gradient, 1.0 - group["momentum"])
        update = gradient.lerp(buffer, group["momentum"])
        rate = group["lr"] * 0.2 * max(weight.shape) ** 0.5  # the size of AdamW's updates
        weight.mul_(1.0 - group["lr"] * group["weight_decay"])
        weight.add_(_orthogonalise(update), alpha=-rate)


def _orthogonalise(matrix: Tensor) -> Tensor:
    """Bring the singular values near 1 by Newton-Schulz iterations."""
    a, b, c = _COEFFICIENTS
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm().clamp(min=_EPSILON)
    for _ in range(_STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if matrix.shape[0] > matrix.shape[1] else x
