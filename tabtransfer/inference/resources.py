"""The device, threads and memory that a computation may use, and whether it shows progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from tabtransfer.device import CPU, find_device

__all__ = ["Resources"]


@dataclass(frozen=True)
class Resources:
    """The resources that a computation may use.

    Parameters
    ----------
    n_threads : int or None
        Threads; None leaves torch's own setting.
    memory_limit : int or None
        Bytes beyond the table and its encoded form, on a GPU of the GPU's memory; a share of what
        is free if None.
    verbose : bool, default=False
        Whether to show progress.
    device : torch.device
        Where the network computes.
    """

    n_threads: int | None = None
    memory_limit: int | None = None
    verbose: bool = False
    device: torch.device = CPU

    @classmethod
    def of(cls, estimator: Any) -> Resources:
        """Return the resources that the parameters of an estimator allow."""
        device = find_device(estimator.device)
        return cls(estimator.n_threads, estimator.memory_limit, estimator.verbose, device)
