"""The speed of training: tasks and cells a second, and the share of the device's peak, by part."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.training.cost import training_flops

if TYPE_CHECKING:
    from tabtransfer.tasks import TaskBatch

PARTS = ("cells", "rows", "context", "kernels", "optimizer")
PEAK_SECONDS = 0.3
PEAK_SIZE = {"cpu": 1024, "cuda": 8192}


class Throughput:
    """Count what steps do and the time they take, making their tasks included.

    Parameters
    ----------
    network : NetworkConfig
        Sizes of the network, for the operations of a task.
    optimizer_flops : float, default=0.0
        Operations of the optimizers for each batch (see `muon_flops`).
    kernels_elsewhere : bool, default=False
        Whether other processes compute the kernels' predictions, so that they don't count.

    Attributes
    ----------
    peak : float
        Operations a second that one device can reach, from `peak_flops`; NaN until set.
    world_size : int
        Processes that each take such steps; 1 until set.

    Examples
    --------
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> speed = Throughput(NetworkConfig())
    >>> speed.start()
    >>> speed.read()
    {}
    """

    def __init__(
        self, network: NetworkConfig, optimizer_flops: float = 0.0, kernels_elsewhere: bool = False
    ) -> None:
        self.network = network
        self.optimizer_flops = optimizer_flops
        self.kernels_elsewhere = kernels_elsewhere
        self.peak = float("nan")
        self.world_size = 1
        self._reset()

    def _reset(self) -> None:
        self._seconds = self._tasks = self._cells = 0.0
        self._batches = 0
        self._flops = dict.fromkeys(PARTS, 0.0)

    def start(self) -> None:
        """Start the time of a step."""
        self._started = time.perf_counter()

    def stop(self, batch: TaskBatch) -> None:
        """End the time of a step, and count the step's tasks."""
        self._seconds += time.perf_counter() - self._started
        n_tasks, n_rows, n_columns = batch.values.shape
        self._tasks += n_tasks
        self._cells += n_tasks * n_rows * n_columns
        self._batches += 1
        for part, flops in training_flops(self.network, n_rows, batch.n_train, n_columns).items():
            self._flops[part] += n_tasks * flops
        self._flops["optimizer"] += self.optimizer_flops
        if self.kernels_elsewhere:
            self._flops["kernels"] = 0.0

    def read(self) -> dict[str, float]:
        """Return the speed since the last reading, and reset the counts.

        Returns
        -------
        dict of str to float
            ``tasks_per_second`` and ``cells_per_second`` (rows × columns) of all processes; of one
            device ``gflop_per_batch``, ``peak_share``, and as ``peak_share_cells`` and so on what
            each of `PARTS` has of it. Empty where nothing was counted.
        """
        if not self._tasks:
            return {}
        shares = {part: flops / self._seconds / self.peak for part, flops in self._flops.items()}
        speed = {
            "tasks_per_second": self.world_size * self._tasks / self._seconds,
            "cells_per_second": self.world_size * self._cells / self._seconds,
            "gflop_per_batch": sum(self._flops.values()) / self._batches / 1e9,
            "peak_share": sum(shares.values()),
            **{f"peak_share_{part}": share for part, share in shares.items()},
        }
        self._reset()
        return speed


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Measure how fast a device multiplies large square matrices.

    What vendors state is rarely reached, and not known for CPUs; this is measured alike
    everywhere.

    Parameters
    ----------
    device : torch.device
        Where; on a CPU with the threads that torch has.
    dtype : torch.dtype
        Type of the matrices.

    Returns
    -------
    float
        Floating-point operations a second, two a multiplication.
    """
    size = PEAK_SIZE.get(device.type, 4096)
    a = torch.ones(size, size, dtype=dtype, device=device)
    best = 0.0
    start = time.perf_counter()
    while time.perf_counter() - start < PEAK_SECONDS:
        begun = time.perf_counter()
        a @ a
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = max(best, 2.0 * size**3 / (time.perf_counter() - begun))
    return best
