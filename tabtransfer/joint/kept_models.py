"""Models of columns, kept with what the network has read while memory allows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.joint.conditional import Conditional
from tabtransfer.joint.table import JointTable

__all__ = ["KeptModels"]


class KeptModels:
    """Models of columns by name, so that the network reads the training rows of each once.

    Copies and pickles are empty: what was read is large, and read again at the first prediction.
    """

    def __init__(self) -> None:
        self._models: dict[Hashable, Conditional] = {}
        self._n_bytes = 0.0

    def get(self, table: JointTable, name: Hashable, fit: Callable[[], Conditional]) -> Conditional:
        """Return the model of a name, or fit it; keep it where all that is kept fits the memory."""
        if name in self._models:
            return self._models[name]
        model, network = fit(), table.placed_network()
        n_bytes = model.kept_bytes(network)
        resources = table.resources
        if (
            self._n_bytes + n_bytes
            <= MemoryBudget.of(resources.memory_limit, resources.device).kept
        ):
            model.read(network)
            self._models[name] = model
            self._n_bytes += n_bytes
        return model

    def __reduce__(self) -> tuple[type[KeptModels], tuple[Any, ...]]:
        return KeptModels, ()
