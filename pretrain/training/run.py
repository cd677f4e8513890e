"""Pretrain a network: build it, stream tasks into it for a given time, save what came of it."""

from __future__ import annotations

import dataclasses
import logging
import os
import platform
import signal
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.strategies import ModelParallelStrategy
from pytorch_lightning.utilities import rank_zero_only

from tabtransfer.checkpoint import fingerprint, load_checkpoint, read_header, save_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.folder_lock import alone_in
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.packed_tables import read_tables
from tabtransfer.pretrain.real_tables.real_tasks import RealTasks
from tabtransfer.pretrain.real_tables.unseen import split_off_seen
from tabtransfer.pretrain.training.clock import CURVE_FILE, RESUME_FILE, Clock
from tabtransfer.pretrain.training.model_card import write_model_card
from tabtransfer.pretrain.training.module import PretrainingModule, TrainConfig
from tabtransfer.pretrain.training.precision import choose_precision
from tabtransfer.pretrain.training.resume import cut_curve, read_state
from tabtransfer.pretrain.training.sharding import gather_network
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream
from tabtransfer.pretrain.training.throughput import Throughput
from tabtransfer.pretrain.validation.network_scores import validation_score, validation_tasks
from tabtransfer.tasks import TaskBatch

HELD_FILE = "held.safetensors"
FINAL_FILE = "final.safetensors"
CARD_FILE = "MODEL_CARD.md"
SYNTHETIC_VALIDATION_SEED = 2**31
N_SYNTHETIC_VALIDATION = 32
OWN_LICENCE = "not stated: whoever trained these weights decides"
"""Licence of weights that start from none; others keep that of the weights they start from."""

Strategy = Literal["auto", "ddp", "fsdp"]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run trains."""

    network: NetworkConfig = dataclasses.field(default_factory=NetworkConfig)
    prior: PriorConfig = dataclasses.field(default_factory=PriorConfig)
    stream: StreamConfig = dataclasses.field(default_factory=StreamConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    seed: int = 0


def pretrain(
    out: Path,
    max_seconds: float,
    recipe: Recipe | None = None,
    init: Path | None = None,
    tables: Path | None = None,
    validation: Path | None = None,
    devices: int = 1,
    accelerator: str = "auto",
    precision: str = "auto",
    strategy: Strategy = "auto",
    nodes: int = 1,
    workers: int = 0,
    validate_every: float = 300.0,
    save_every: float = 60.0,
) -> dict[str, float]:
    """Train for a given time and write the weights, their card and the training curve.

    A run that was killed goes on where it was when it is started again with the same ``out`` and
    the same settings. One that SIGTERM stops saves its state first.

    Parameters
    ----------
    out : Path
        Folder of the run. Holds ``final.safetensors`` at the end, ``held.safetensors`` (before
        the learning rate fell: the one to train on from), ``MODEL_CARD.md`` and ``curve.csv``.
    max_seconds : float
        Time for training, in all, whatever the number of resumptions.
    recipe : Recipe, optional
        Settings; with ``init``, the network's are the checkpoint's.
    init : Path, optional
        Checkpoint to start from.
    tables : Path, optional
        Real tables to train on as well (see `read_tables`).
    validation : Path, optional
        Real tables (see `load_corpus`) that training is watched on, without those that ``init``
        was trained on; if not given, synthetic tasks that training never sees.
    devices : int
        Processes on a machine, one a device; on CPUs each has one thread.
    accelerator : str
        As Lightning's `Trainer` takes it.
    precision : str
        As Lightning's `Trainer` takes it, or "auto" (see `choose_precision`).
    strategy : {"auto", "ddp", "fsdp"}
        With several devices, the whole network on each ("auto", "ddp"), or its weights spread
        over them ("fsdp").
    nodes : int
        Machines.
    workers : int
        Processes for each device that make tasks on CPUs; 0: the device makes them itself.
    validate_every : float
        Seconds between validations.
    save_every : float
        Seconds between savings: what a kill may lose.

    Returns
    -------
    dict of str to float
        Validation scores at the end.

    Raises
    ------
    TabTransferError
        If ``out`` holds a finished run, a run with other settings, or one that is at work, or an
        input can't be read.
    SystemExit
        With the status 143, after SIGTERM.
    """
    with alone_in(Path(out)) if _is_first_process() else nullcontext():
        return _pretrain_alone(
            Path(out),
            max_seconds,
            recipe or Recipe(),
            init,
            tables,
            validation,
            devices,
            accelerator,
            precision,
            strategy,
            nodes,
            workers,
            validate_every,
            save_every,
        )


def _pretrain_alone(
    out: Path,
    max_seconds: float,
    recipe: Recipe,
    init: Path | None,
    tables: Path | None,
    validation: Path | None,
    devices: int,
    accelerator: str,
    precision: str,
    strategy: Strategy,
    nodes: int,
    workers: int,
    validate_every: float,
    save_every: float,
) -> dict[str, float]:
    final, resume = out / FINAL_FILE, out / RESUME_FILE
    if final.exists():
        if (out / CARD_FILE).exists():
            raise TabTransferError(f"{out} holds a finished run; give another folder with --out.")
        _finish(out)  # a kill came between the weights and their card
        return read_header(final)["training"]["scores"]
    history = _history(init)
    licence = OWN_LICENCE if init is None else read_header(init).get("licence", OWN_LICENCE)
    trained_tables = [] if init is None else read_header(init).get("tables", [])
    network = _start(recipe, init)
    recipe = dataclasses.replace(recipe, network=network.config)
    if "regression" not in network.config.tasks:
        prior = dataclasses.replace(recipe.prior, regression=0.0)
        recipe = dataclasses.replace(recipe, prior=prior)
    tasks, described = _validation_tasks(recipe, validation, trained_tables)
    real = None if tables is None else read_tables(tables, validation)
    if real is not None:
        known = {card["fingerprint"]: card for card in (*trained_tables, *real.cards)}
        trained_tables = list(known.values())
    settings = {
        **dataclasses.asdict(recipe),
        "init": fingerprint(init) if init is not None else None,
        "tables": None if real is None else [card["fingerprint"] for card in real.cards],
        "validation": described,
    }
    steps = read_state(resume, network, settings)["steps"] if resume.exists() else 0
    if _is_first_process():
        _take_over(out, steps)
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    precision = choose_precision(precision, device)
    conditions = {
        "precision": precision,
        "devices": devices * nodes,
        "hardware": _hardware(device),
    }
    torch.set_num_threads(4 if on_gpu else 1)
    stream = TaskStream(
        recipe.prior, recipe.stream, recipe.seed, None if real is None else RealTasks(real.tables)
    )
    module = PretrainingModule(network, stream, recipe.train, workers, settings)

    def write(path: Path, scores: dict[str, float], dtype: torch.dtype = torch.float32) -> None:
        whole = gather_network(network)
        header = _header(recipe, module, clock, scores, described, conditions, history, licence)
        header["tables"] = trained_tables
        if trainer.is_global_zero:
            save_checkpoint(path, whole, header, dtype)

    def validate() -> dict[str, float]:
        whole = gather_network(network)
        return validation_score(whole, tasks) if trainer.is_global_zero else {}

    clock = Clock(
        max_seconds,
        out,
        validate=validate,
        on_hold_end=lambda: write(out / HELD_FILE, validate()),
        throughput=Throughput(network.config),
        validate_every=validate_every,
        save_every=save_every,
    )
    _quiet()
    trainer = pl.Trainer(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy=_strategy(strategy, devices * nodes),
        precision=cast(Any, precision),
        max_epochs=-1,
        callbacks=[clock, TQDMProgressBar(refresh_rate=20)],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    trainer.fit(module, ckpt_path=str(resume) if resume.exists() else None, weights_only=True)
    if clock.is_interrupted and clock.seconds < max_seconds:
        if trainer.is_global_zero:
            print(
                f"Stopped by SIGTERM after {clock.seconds:.0f} s of training, at step "
                f"{module.steps}; the same command goes on from there.",
                file=sys.stderr,
            )
        # Where a process that Lightning started ends with another status, it kills the others.
        raise SystemExit(128 + signal.SIGTERM if trainer.local_rank == 0 else 0)
    if clock.seconds >= max_seconds:
        write(final, clock.scores, torch.float16)
        if trainer.is_global_zero:
            _finish(out)
    return clock.scores


def _is_first_process() -> bool:
    """Whether this is the process that writes: others of the run are started with a rank."""
    node = os.environ.get("NODE_RANK", os.environ.get("GROUP_RANK", "0"))
    return not getattr(rank_zero_only, "rank", 0) and node == "0"


def _take_over(out: Path, steps: int) -> None:
    """Leave of an earlier run what goes on from its saved state; nothing if it saved none."""
    curve = out / CURVE_FILE
    if steps:
        cut_curve(curve, steps)
    elif curve.exists() or (out / HELD_FILE).exists():
        print(
            f"An earlier run in {out} was stopped before it saved its state; this one starts anew.",
            file=sys.stderr,
        )
        curve.unlink(missing_ok=True)
        (out / HELD_FILE).unlink(missing_ok=True)


def _finish(out: Path) -> None:
    """Write the card of final weights, and drop what a resumption would need."""
    with replacing(out / CARD_FILE) as partial:
        write_model_card(partial, read_header(out / FINAL_FILE), out / CURVE_FILE)
    (out / RESUME_FILE).unlink(missing_ok=True)


def _strategy(name: Strategy, n_devices: int) -> Any:
    """Say it as Lightning's `Trainer` takes it; a task leaves one of the two heads unused."""
    if name == "fsdp":
        return ModelParallelStrategy(
            data_parallel_size=n_devices, tensor_parallel_size=1, save_distributed_checkpoint=False
        )
    return "ddp_find_unused_parameters_true" if n_devices > 1 else "auto"


def _start(recipe: Recipe, init: Path | None) -> TabularTransformer:
    torch.manual_seed(recipe.seed)
    if init is None:
        return TabularTransformer(recipe.network)
    start = load_checkpoint(init)
    network = TabularTransformer(start.config)
    network.load_state_dict(start.state_dict())
    return network


def _history(init: Path | None) -> list[dict[str, Any]]:
    """List the runs behind a checkpoint, the last one last."""
    if init is None:
        return []
    header = read_header(init)
    return [*header.get("history", []), header.get("training", {})]


def _validation_tasks(
    recipe: Recipe, validation: Path | None, trained_tables: list[dict[str, Any]]
) -> tuple[list[TaskBatch], str]:
    if validation is not None:
        tables, seen = split_off_seen(load_corpus(validation), trained_tables)
        tasks = validation_tasks(tables)
        if "regression" in recipe.network.tasks:
            numeric = load_corpus(validation, "regression")
            numeric, seen_numeric = split_off_seen(numeric, trained_tables)
            seen |= seen_numeric
            tasks += validation_tasks(numeric, "regression")
            tables += numeric
        if not tables:
            raise TabTransferError(
                f"the weights to start from were trained on every table of {validation}: "
                f"{'; '.join(seen.values())}. Give other tables with --validation."
            )
        described = f"{len(tables)} real tables: {', '.join(sorted(t.name for t in tables))}"
        if seen:
            described += f" (left out, as trained on before: {', '.join(sorted(seen))})"
        return tasks, described
    one_task = dataclasses.replace(recipe.stream, min_tasks=1, max_tasks=1)
    stream = TaskStream(recipe.prior, one_task, seed=SYNTHETIC_VALIDATION_SEED)
    tasks = [stream.batch(step) for step in range(N_SYNTHETIC_VALIDATION)]
    telling = [task for task in tasks if task.is_regression or int(task.n_classes) > 1]
    return telling, f"{len(telling)} synthetic tasks that training never saw"


def _header(
    recipe: Recipe,
    module: PretrainingModule,
    clock: Clock,
    scores: dict[str, float],
    validation: str,
    conditions: dict[str, Any],
    history: list[dict[str, Any]],
    licence: str,
) -> dict[str, Any]:
    settings = dataclasses.asdict(recipe)
    del settings["network"]
    return {
        "licence": licence,
        "training": {
            **settings,
            "tasks_seen": module.tasks_seen,
            "steps": module.steps,
            "seconds": round(clock.seconds),
            **conditions,
            "torch": torch.__version__,
            "validation": validation,
            "scores": scores,
        },
        "history": history,
    }


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if "model name" in line]
        name = names[0] if names else name
    return f"{name}, one thread a process"


def _quiet() -> None:
    """Silence advice that does not fit an endless stream of ready-made batches."""
    for message in (".*does not have many workers.*", ".*IterableDataset.*", ".*LeafSpec.*"):
        warnings.filterwarnings("ignore", message)
    warnings.filterwarnings("ignore", ".*resum.*", UserWarning)
    # Which devices there are, and advertisements.
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
