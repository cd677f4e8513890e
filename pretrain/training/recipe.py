"""The settings of a training run: what it trains, what it reads, what it runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.real_tables.packed_tables import PackedTables
from tabtransfer.pretrain.training.module import TrainConfig
from tabtransfer.pretrain.training.stream import StreamConfig
from tabtransfer.tasks import TaskBatch

Strategy = Literal["auto", "ddp", "fsdp"]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run trains, but for its inputs.

    Parameters
    ----------
    network : NetworkConfig
        Sizes of the network.
    prior : PriorConfig
        How synthetic tables are made.
    stream : StreamConfig
        Sizes of the tasks of a step, and where they come from.
    train : TrainConfig
        Optimisation.
    seed : int
        Of the initial weights and the stream.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    prior: PriorConfig = field(default_factory=PriorConfig)
    stream: StreamConfig = field(default_factory=StreamConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    seed: int = 0


@dataclass(frozen=True)
class Inputs:
    """The files that a run reads.

    Parameters
    ----------
    init : Path, optional
        Checkpoint to start from.
    tables : Path or PackedTables, optional
        Real tables to train on as well, or where they are (see `read_tables`).
    validation : Path, optional
        Real tables (see `load_corpus`) that training is watched on, without those that ``init``
        was trained on; if not given, synthetic tasks that training never sees.
    watched : tuple of TaskBatch
        Tasks that training is watched on in place of those.
    """

    init: Path | None = None
    tables: Path | PackedTables | None = None
    validation: Path | None = None
    watched: tuple[TaskBatch, ...] = ()


@dataclass(frozen=True)
class Hardware:
    """The devices that a run takes, and how they share the work.

    Parameters
    ----------
    accelerator : str
        As Lightning's `Trainer` takes it.
    precision : str
        As Lightning's `Trainer` takes it, or "auto" (see `choose_precision`).
    strategy : {"auto", "ddp", "fsdp"}
        With several devices, the whole network on each ("auto", "ddp"), or its weights spread
        over them ("fsdp").
    devices, nodes : int
        Devices of a machine, each with a process of its own (on CPUs, of one thread), and
        machines.
    workers : int
        Processes for each device that make tasks on CPUs, and describe their rows; 0: the device
        does so itself.
    compiles : bool
        Whether attention blocks are compiled (`compile_blocks`).
    """

    accelerator: str = "auto"
    precision: str = "auto"
    strategy: Strategy = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int = 0
    compiles: bool = False

    @property
    def n_devices(self) -> int:
        """Number of devices of all machines."""
        return self.devices * self.nodes
