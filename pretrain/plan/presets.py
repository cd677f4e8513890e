"""Presets: all settings of a training run, for a kind of hardware."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tabtransfer.errors import TabTransferError, did_you_mean
from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.training.module import TrainConfig
from tabtransfer.pretrain.training.recipe import Hardware, Recipe
from tabtransfer.pretrain.training.stream import StreamConfig


@dataclass(frozen=True)
class Device:
    """What a device offers.

    Parameters
    ----------
    name : str
        Name.
    memory : float
        Bytes.
    flops : float
        Operations a second in bfloat16.
    share : float
        Share of them that a plan counts on.
    reason : str
        Where that share comes from.
    """

    name: str
    memory: float
    flops: float
    share: float
    reason: str

    @property
    def planned_flops(self) -> float:
        """Return the operations a second that a plan assumes."""
        return self.flops * self.share


CORE = Device("CPU core", 4e9, 5e11, 0.2, "measured on an AMD EPYC (Zen 5)")
H100 = Device(
    "H100",
    80e9,
    989e12,
    0.05,
    "a guess: the network of the preset cpu reached 0.6 % on an H200 when a step was told in "
    "4,400 operations; with --workers and --compile it is some 510, and larger networks do more "
    "in each",
)


@dataclass(frozen=True)
class Preset:
    """What to train, on what hardware and for how long.

    Parameters
    ----------
    recipe : Recipe
        Network, sizes of tasks, optimisation.
    minutes : float
        Time planned; ``--max-time`` replaces it.
    hardware : Hardware
        The devices, and how they share the work.
    device : Device
        What each device offers, for the plan.
    """

    recipe: Recipe
    minutes: float
    hardware: Hardware
    device: Device = H100


ONE_GPU = Hardware("gpu", "bf16-mixed", workers=12)
_EIGHT_GPU = NetworkConfig(
    d_cell=64,
    n_summary=8,
    row_layers=3,
    row_heads=4,
    context_layers=12,
    context_heads=8,
    n_thinking=32,
)

PRESETS = {
    "cpu": Preset(Recipe(), minutes=100.0, hardware=Hardware("cpu"), device=CORE),
    "one-gpu": Preset(
        Recipe(
            network=NetworkConfig(n_summary=8, context_layers=8),
            stream=StreamConfig(
                max_rows=1024, max_columns=60, cells=300_000, max_tasks=64, shapes=10
            ),
        ),
        minutes=25.0,
        hardware=ONE_GPU,
    ),
    "eight-gpu": Preset(
        Recipe(
            network=_EIGHT_GPU,
            stream=StreamConfig(
                max_rows=1024,
                max_columns=60,
                cells=300_000,
                min_tasks=1,
                max_tasks=64,
                shapes=10,
            ),
            train=TrainConfig(learning_rate=0.5, warmup_steps=1000),
        ),
        minutes=2 * 24 * 60.0,
        hardware=replace(ONE_GPU, strategy="ddp", devices=8),
    ),
    "eight-gpu-large": Preset(
        Recipe(
            network=_EIGHT_GPU,
            stream=StreamConfig(
                *(512, 8192),
                max_columns=100,
                cells=500_000,
                min_tasks=1,
                max_tasks=64,
                max_hidden=12_000,
                learner_rows=24_000,
                shapes=12,
            ),
            train=TrainConfig(learning_rate=0.25, warmup_steps=200),
        ),
        minutes=24 * 60.0,
        hardware=replace(ONE_GPU, strategy="ddp", devices=8),
    ),
    "internet": Preset(
        Recipe(
            network=NetworkConfig(
                d_cell=128,
                n_summary=16,
                row_layers=4,
                row_heads=4,
                context_layers=24,
                context_heads=16,
                n_thinking=64,
            ),
            stream=StreamConfig(
                max_rows=10_240, max_columns=100, cells=40_000, min_tasks=1, max_tasks=32
            ),
            train=TrainConfig(learning_rate=0.2, warmup_steps=4000, accumulate=8),
        ),
        minutes=1000 / 64 * 24 * 60.0,
        hardware=replace(ONE_GPU, strategy="fsdp", devices=8, nodes=8),
    ),
}
"""From one core to 1,000 GPU-days. Only ``cpu`` has been run, the last time on a GPU with larger
tasks (``records/014-learned-metric``); the sizes of the others' networks are within
.0001 of the least loss that the measured scaling curve predicts for their budgets
(``records/011-scaling-long``), and their learning rates are guesses: lower for wider ones.
``eight-gpu-large`` is the second stage of ``eight-gpu``: it starts from the weights that the first
held (``--init``), on tasks of up to 8,192 rows. Sizes are free on ``cpu``, where they cost nothing,
and for ``internet``, whose spread weights aren't compiled."""


def get_preset(name: str) -> Preset:
    """Return a preset by its name.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.

    Returns
    -------
    Preset
        The preset.

    Raises
    ------
    TabTransferError
        If there is no such preset.

    Examples
    --------
    >>> get_preset("eight-gpu").hardware.n_devices
    8
    """
    if name not in PRESETS:
        raise TabTransferError(
            f"There is no preset {name!r}; the presets are {', '.join(PRESETS)}."
            f"{did_you_mean(name, PRESETS)}"
        )
    return PRESETS[name]
