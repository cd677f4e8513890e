"""Random draws from one generator, on its device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Draws:
    """Draw tensors from a generator.

    Parameters
    ----------
    generator : torch.Generator
        The only source of randomness; results are on its device.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator
        self.device = generator.device

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draw from [low, high)."""
        unit = torch.rand(*shape, generator=self.generator, device=self.device)
        return low + (high - low) * unit

    def normal(self, *shape: int) -> Tensor:
        """Draw standard normals."""
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def bernoulli(self, p: float | Tensor, *shape: int) -> Tensor:
        """Draw booleans that are true with probability ``p``."""
        return self.uniform(*shape) < p

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw integers from low to high, both included."""
        return torch.randint(low, high + 1, shape, generator=self.generator, device=self.device)

    def choice(self, weights: Sequence[float], *shape: int) -> Tensor:
        """Draw indices with probability proportional to ``weights``."""
        edges = torch.tensor(weights, device=self.device).cumsum(0)
        unit = self.uniform(*shape) * edges[-1]
        return torch.searchsorted(edges, unit, right=True).clamp(max=len(weights) - 1)

    def gamma(self, shape_parameter: Tensor) -> Tensor:
        """Draw from Gamma(shape_parameter, 1), elementwise."""
        return torch._standard_gamma(shape_parameter, generator=self.generator)

    def gumbel(self, *shape: int) -> Tensor:
        """Draw standard Gumbels."""
        return -(-self.uniform(*shape).clamp(min=1e-12).log()).clamp(min=1e-12).log()

    def permutations(self, length: int, *batch: int) -> Tensor:
        """Draw permutations of ``length`` items: (*batch, length)."""
        return self.uniform(*batch, length).argsort(-1)
