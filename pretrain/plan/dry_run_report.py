"""The report of a dry run, as text."""

from __future__ import annotations

from tabtransfer.pretrain.plan.dry_run import DryRun
from tabtransfer.pretrain.plan.presets import Preset
from tabtransfer.pretrain.training.shapes import fixed_shapes

_STRATEGIES = {
    "auto": "one process",
    "ddp": "the whole network on each device (DDP)",
    "fsdp": "weights spread over the devices (FSDP)",
}
MARGIN = 1.25  # for what a step needs beyond what it keeps


def describe(name: str, preset: Preset, result: DryRun) -> str:
    """Return a dry run as text.

    Parameters
    ----------
    name : str
        The preset's name.
    preset : Preset
        The preset.
    result : DryRun
        What its dry run found.

    Returns
    -------
    str
        Some lines of text.
    """
    device, hardware, stream = preset.device, preset.hardware, preset.recipe.stream
    memory = MARGIN * (result.state_bytes + result.activation_bytes)
    days = preset.minutes * hardware.n_devices / (24 * 60)
    lines = {
        "preset": f"{name}: {hardware.n_devices} × {device.name}, {_STRATEGIES[hardware.strategy]}",
        "network": f"{result.n_parameters:,} parameters, {result.held_parameters:,} held by a "
        f"device; {2 * result.n_parameters / 2**20:.1f} MiB as float16",
        "tasks": f"{stream.min_rows} to {stream.max_rows:,} rows, {stream.min_columns} to "
        f"{stream.max_columns} columns; about {stream.cells:,} cells a device and batch, "
        f"{preset.recipe.train.accumulate} to a step",
        "shapes": _shapes(preset),
        "memory": f"{result.state_bytes / 1e9:.2f} GB for weights, gradients and optimizers, "
        f"{result.activation_bytes / 1e9:.2f} GB for the largest batch; with a quarter more "
        f"{memory / 1e9:.1f} GB of {device.memory / 1e9:.0f}: "
        + ("fits" if memory <= device.memory else "DOES NOT FIT"),
        "plan": f"{days:,.2f} device-days at {device.share:.0%} of "
        f"{device.flops / 1e12:.1f} TFLOP/s: {result.tasks:.2g} tasks, {result.rows:.2g} rows, "
        f"{result.steps:,.0f} steps; {result.flops_per_task / 1e9:,.1f} GFLOP a task, "
        f"{result.tasks / result.steps * result.flops_per_task / 1e12:,.2f} TFLOP a step",
        "share": f"{device.share:.0%} of the device's speed: {device.reason}",
        "step": "taken on this CPU with a small batch; it "
        + ("changed the weights" if result.changed else "CHANGED NOTHING"),
        "unchecked": "what devices say to each other, their kernels, launching, speed; memory and "
        "plan are computed, not measured",
    }
    return "\n".join(f"{key:10} {words}" for key, words in lines.items())


def _shapes(preset: Preset) -> str:
    """Return the fixed shapes of tasks, with the tasks of a step."""
    per_step = preset.recipe.train.accumulate * preset.hardware.n_devices
    shapes = [
        f"\n  {s.n_rows:,} rows × {s.n_columns} columns, {s.n_train:,} rows for training: "
        f"{per_step * s.n_tasks:,} tasks a step"
        for s in fixed_shapes(preset.recipe.stream)
    ]
    return f"{len(shapes)}, each as likely as any other" + "".join(shapes) if shapes else "free"
