"""Check a preset without its hardware: build, shard, take one step, and count what it costs.

The step runs on this CPU as the first of the preset's processes. Where weights are spread over
devices (FSDP), the others are made up by torch's "fake" process group, whose messages go nowhere;
where each device has the whole network (DDP), it is alone. So the network, the split of its
weights, the gradients and the optimizers are checked, and what each device holds. What devices say
to each other, their own kernels, Lightning's launching, the memory estimate and the speed are not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.plan.presets import Preset
from tabtransfer.pretrain.training.cost import activation_bytes, state_bytes, training_flops
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.pretrain.training.precision import choose_precision, has_fast_bfloat16
from tabtransfer.pretrain.training.shapes import Shape, fixed_shapes
from tabtransfer.pretrain.training.sharding import shard_network
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream

GRID = 12  # sizes of tasks looked at in each direction


@dataclasses.dataclass(frozen=True)
class DryRun:
    """What a preset needs and plans.

    Parameters
    ----------
    n_parameters : int
        Size of the network.
    held_parameters : int
        Weights that one device holds between steps.
    state_bytes, activation_bytes : float
        Memory of a device for weights, gradients and optimizers, and for the largest batch.
    flops_per_task : float
        Operations of a mean task, backward included.
    tasks, rows, steps : float
        Planned for the whole run; steps are the optimizers'.
    changed : bool
        Whether the step changed the weights.
    """

    n_parameters: int
    held_parameters: int
    state_bytes: float
    activation_bytes: float
    flops_per_task: float
    tasks: float
    rows: float
    steps: float
    changed: bool


def dry_run(preset: Preset) -> DryRun:
    """Build a preset's network, spread it over made-up devices and take one small step.

    Parameters
    ----------
    preset : Preset
        The preset.

    Returns
    -------
    DryRun
        What it takes and plans.
    """
    network = preset.recipe.network
    with _process_group(preset):
        built = _build(preset)
        n_parameters = sum(p.numel() for p in built.parameters())
        held = sum(_local(p).numel() for p in built.parameters())
        changed = _take_step(built, preset)
    flops, rows_per_task, tasks_per_batch = _mean_task(network, preset.recipe.stream)
    tasks_per_step = tasks_per_batch * preset.recipe.train.accumulate * preset.hardware.n_devices
    seconds = 60.0 * preset.minutes * preset.hardware.n_devices
    tasks = seconds * preset.device.planned_flops / flops
    mixed_copy = 2.0 * n_parameters if "bf16" in _precision(preset) else 0.0
    return DryRun(
        n_parameters=n_parameters,
        held_parameters=held,
        state_bytes=state_bytes(held) + mixed_copy,
        activation_bytes=_largest_batch_bytes(preset),
        flops_per_task=flops,
        tasks=tasks,
        rows=tasks * rows_per_task,
        steps=tasks / tasks_per_step,
        changed=changed,
    )


@contextmanager
def _process_group(preset: Preset) -> Iterator[None]:
    if preset.hardware.strategy == "fsdp":
        from torch.testing._internal.distributed.fake_pg import FakeStore

        distributed.init_process_group(
            "fake", rank=0, world_size=preset.hardware.n_devices, store=FakeStore()
        )
    else:
        distributed.init_process_group("gloo", rank=0, world_size=1, store=distributed.HashStore())
    try:
        yield
    finally:
        distributed.destroy_process_group()


def _build(preset: Preset) -> TabularTransformer:
    """Build the network as one process of the preset holds it, with random weights."""
    with torch.device("meta"):
        network = TabularTransformer(preset.recipe.network)
    if preset.hardware.strategy == "fsdp":
        shard_network(network, distributed.init_device_mesh("cpu", (preset.hardware.n_devices,)))
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        _local(parameter).normal_(0.0, 0.02, generator=generator)
    return network


def _take_step(network: TabularTransformer, preset: Preset) -> bool:
    recipe = preset.recipe
    small = dataclasses.replace(
        recipe.stream, max_rows=recipe.stream.min_rows, max_columns=4, min_tasks=1, max_tasks=1
    )
    batch = TaskStream(recipe.prior, small, recipe.seed).batch(0)
    forward: nn.Module = network
    if preset.hardware.strategy == "ddp":
        forward = DistributedDataParallel(network, find_unused_parameters=True)
    before = [_local(p).clone() for p in network.parameters()]
    mixed = "bf16" in _precision(preset) and has_fast_bfloat16("cpu")
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        output = forward(batch)
    task_loss(output, batch).backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.train.clip)
    for optimizer in build_optimizers(network):
        optimizer.step()
    after = [_local(p) for p in network.parameters()]
    return any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@torch.no_grad()
def _local(parameter: torch.Tensor) -> torch.Tensor:
    """Return the part of a parameter that this process holds."""
    data = parameter.detach()
    return data.to_local() if isinstance(data, distributed.tensor.DTensor) else data


def _shapes(stream: StreamConfig, train_share: float) -> list[Shape]:
    """Return shapes of steps as `TaskStream` draws them; of free ones some, with a share."""
    if stream.shapes:
        return fixed_shapes(stream)
    shapes = []
    for n_rows in np.geomspace(stream.min_rows, stream.max_rows, GRID).round().astype(int).tolist():
        for n_columns in np.geomspace(stream.min_columns, stream.max_columns, GRID).round():
            n_tasks = stream.bound_tasks(stream.cells // int(n_rows * n_columns))
            shapes.append(Shape(n_rows, int(n_columns), int(n_rows * train_share), n_tasks))
    return shapes


def _precision(preset: Preset) -> str:
    """Return the precision of the run; that of this machine where the preset leaves it open."""
    return choose_precision(preset.hardware.precision, torch.device("cpu"))


def _largest_batch_bytes(preset: Preset) -> float:
    network, stream = preset.recipe.network, preset.recipe.stream
    value_bytes = 2 if "bf16" in _precision(preset) else 4
    on_cpu = preset.hardware.accelerator == "cpu"
    return max(
        s.n_tasks * activation_bytes(network, s.n_rows, s.n_train, s.n_columns, value_bytes, on_cpu)
        for share in stream.train_share
        for s in _shapes(stream, share)
    )


def _mean_task(network: NetworkConfig, stream: StreamConfig) -> tuple[float, float, float]:
    """Return the mean operations and rows of a task, and the mean number of tasks of a batch."""
    shapes = _shapes(stream, math.fsum(stream.train_share) / 2)
    n_tasks = sum(s.n_tasks for s in shapes)
    flops = sum(
        s.n_tasks * sum(training_flops(network, s.n_rows, s.n_train, s.n_columns).values())
        for s in shapes
    )
    n_rows = sum(s.n_tasks * s.n_rows for s in shapes)
    return flops / n_tasks, n_rows / n_tasks, n_tasks / len(shapes)
