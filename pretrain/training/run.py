"""Pretrain a network: build it, train it on a stream of tasks for a given time, save it."""

from __future__ import annotations

import dataclasses
import logging
import os
import re
import signal
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import TQDMProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import ModelParallelStrategy
from pytorch_lightning.utilities import rank_zero_only

from tabtransfer.checkpoint import read_header, save_checkpoint
from tabtransfer.device import device_model
from tabtransfer.environment import cpu_model
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.folder_lock import alone_in
from tabtransfer.pretrain.training.clock import CURVE_FILE, RESUME_FILE, Clock
from tabtransfer.pretrain.training.compiled import compile_blocks
from tabtransfer.pretrain.training.cost import muon_flops
from tabtransfer.pretrain.training.loggers import make_logger
from tabtransfer.pretrain.training.model_card import write_model_card
from tabtransfer.pretrain.training.module import PretrainingModule
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.pretrain.training.precision import choose_precision
from tabtransfer.pretrain.training.recipe import Hardware, Inputs, Recipe, Strategy
from tabtransfer.pretrain.training.resume import cut_curve, read_state
from tabtransfer.pretrain.training.sharding import gather_network
from tabtransfer.pretrain.training.start import Start
from tabtransfer.pretrain.training.throughput import Throughput
from tabtransfer.pretrain.validation.network_scores import validation_score

# What gloo and NCCL say where the other end of a connection is gone.
_LOST = re.compile("connection (closed|reset|was broken)|broken pipe|remote process", re.I)
HELD_FILE = "held.safetensors"
FINAL_FILE = "final.safetensors"
CARD_FILE = "MODEL_CARD.md"


def pretrain(
    out: Path,
    max_seconds: float,
    recipe: Recipe | None = None,
    inputs: Inputs | None = None,
    hardware: Hardware | None = None,
    *,
    validate_every: float = 300.0,
    save_every: float = 60.0,
    logger: str | None = None,
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
        Settings; where the inputs have a checkpoint, the network's are the checkpoint's.
    inputs : Inputs, optional
        A checkpoint to start from, real tables to train on and to validate on; if not given, the
        run starts from random weights and sees synthetic tables alone.
    hardware : Hardware, optional
        The devices to train on; one, whatever there is, if not given.
    validate_every : float
        Seconds between validations.
    save_every : float
        Seconds between savings: what a kill may lose.
    logger : {"csv", "tensorboard", "wandb"}, optional
        Lightning's logger of losses and validation scores (see `make_logger`).

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
    out = Path(out)
    log = None if logger is None else make_logger(logger, out)
    with alone_in(out) if _is_first_process() else nullcontext():
        if (out / FINAL_FILE).exists():
            return _finish_before(out)
        start = Start.of(recipe or Recipe(), inputs or Inputs())
        _take_over(out, start)
        hardware = hardware or Hardware()
        run = _Run(out, max_seconds, start, hardware, validate_every, save_every, log)
        run.train()
        if run.clock.seconds >= max_seconds:
            run.finish()
        return run.clock.scores


class _Run:
    """The network in training, with the clock and the trainer, and what is written of it."""

    def __init__(
        self,
        out: Path,
        max_seconds: float,
        start: Start,
        hardware: Hardware,
        validate_every: float,
        save_every: float,
        logger: Logger | None,
    ) -> None:
        on_gpu = hardware.accelerator != "cpu" and torch.cuda.is_available()
        device = torch.device("cuda" if on_gpu else "cpu")
        model = device_model(device) if on_gpu else f"{cpu_model()}, one thread a process"
        precision = choose_precision(hardware.precision, device)
        torch.set_num_threads(4 if on_gpu else 1)
        if hardware.compiles:
            has_graphs = on_gpu and start.recipe.train.accumulate == 1
            n_shapes = start.recipe.stream.shapes if has_graphs else 0
            compile_blocks(start.network, hardware.strategy, n_shapes)
        self.out = out
        self.start = start
        self.conditions = {
            "precision": precision,
            "devices": hardware.n_devices,
            "hardware": model,
        }
        self.module = PretrainingModule(
            start.network, start.stream, start.recipe.train, hardware.workers, start.settings
        )
        self.clock = Clock(
            max_seconds,
            out,
            validate=self.validate,
            on_hold_end=lambda: self.write(HELD_FILE, self.validate()),
            throughput=_throughput(start, hardware),
            validate_every=validate_every,
            save_every=save_every,
        )
        self.trainer = _make_trainer(hardware, precision, self.clock, logger)

    def train(self) -> None:
        """Train until the time is over, from the saved state if there is one."""
        resume = self.out / RESUME_FILE
        state = str(resume) if resume.exists() else None
        try:
            self.trainer.fit(self.module, ckpt_path=state, weights_only=True)
        except RuntimeError as error:
            if self.trainer.world_size == 1 or not _LOST.search(str(error)):
                raise
            raise TabTransferError(
                "A process of this run has ended, so this one ends too; the same command goes on "
                f"from what was last saved in {self.out}."
            ) from error
        if self.clock.is_interrupted and self.clock.seconds < self.clock.max_seconds:
            if self.trainer.is_global_zero:
                print(
                    f"Stopped by SIGTERM after {self.clock.seconds:.0f} s of training, at step "
                    f"{self.module.steps}; the same command goes on from there.",
                    file=sys.stderr,
                )
            # Where a process that Lightning started ends with another status, it kills the others.
            raise SystemExit(128 + signal.SIGTERM if self.trainer.local_rank == 0 else 0)

    def validate(self) -> dict[str, float]:
        """Return the scores of the network, on the first process alone."""
        whole = gather_network(self.start.network)
        if not self.trainer.is_global_zero:
            return {}
        # Compiled code of steps is code with gradients.
        with torch.compiler.set_stance("force_eager"):
            return validation_score(whole, self.start.validation)

    def write(
        self, name: str, scores: dict[str, float], dtype: torch.dtype = torch.float32
    ) -> None:
        """Write the weights as they are now; every process has to call this."""
        whole, n_tasks = gather_network(self.start.network), self.module.count_tasks()
        if self.trainer.is_global_zero:
            save_checkpoint(self.out / name, whole, self._header(scores, n_tasks), dtype)

    def finish(self) -> None:
        """Write the final weights and their card."""
        self.write(FINAL_FILE, self.clock.scores, torch.float16)
        if self.trainer.is_global_zero:
            _finish(self.out)

    def _header(self, scores: dict[str, float], n_tasks: int) -> dict[str, Any]:
        settings = dataclasses.asdict(self.start.recipe)
        del settings["network"]  # which a checkpoint states itself
        return {
            "licence": self.start.licence,
            "training": {
                **settings,
                "tasks_seen": n_tasks,
                "steps": self.module.steps,
                "seconds": round(self.clock.seconds),
                **self.conditions,
                "torch": torch.__version__,
                "validation": self.start.validated_on,
                "scores": scores,
            },
            "history": self.start.history,
            "tables": self.start.trained_tables,
        }


def _throughput(start: Start, hardware: Hardware) -> Throughput:
    muon, _ = build_optimizers(start.network)
    shapes = [weight.shape for group in muon.param_groups for weight in group["params"]]
    flops = muon_flops(shapes) / start.recipe.train.accumulate
    return Throughput(start.network.config, flops, kernels_elsewhere=hardware.workers > 0)


def _is_first_process() -> bool:
    """Return whether this is the process that writes: others of the run are started with a rank."""
    node = os.environ.get("NODE_RANK", os.environ.get("GROUP_RANK", "0"))
    return not getattr(rank_zero_only, "rank", 0) and node == "0"


def _finish_before(out: Path) -> dict[str, float]:
    """Return the scores of a run that was killed between its weights and their card."""
    if (out / CARD_FILE).exists():
        raise TabTransferError(f"{out} holds a finished run; give another folder with --out.")
    _finish(out)
    return read_header(out / FINAL_FILE)["training"]["scores"]


def _take_over(out: Path, start: Start) -> None:
    """Check the state that an earlier run saved, and drop what it can't go on from."""
    resume, curve = out / RESUME_FILE, out / CURVE_FILE
    steps = read_state(resume, start.network, start.settings)["steps"] if resume.exists() else 0
    if not _is_first_process():
        return
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
    """Write the model card of the final weights, and remove the state for resuming."""
    with replacing(out / CARD_FILE) as partial:
        write_model_card(partial, read_header(out / FINAL_FILE), out / CURVE_FILE)
    (out / RESUME_FILE).unlink(missing_ok=True)


def _make_trainer(
    hardware: Hardware, precision: str, clock: Clock, logger: Logger | None
) -> pl.Trainer:
    _quiet()
    return pl.Trainer(
        accelerator=hardware.accelerator,
        devices=hardware.devices,
        num_nodes=hardware.nodes,
        strategy=_lightning_strategy(hardware.strategy, hardware.n_devices),
        precision=cast(Any, precision),
        max_epochs=-1,
        callbacks=[clock, TQDMProgressBar(refresh_rate=20)],
        logger=logger or False,
        enable_checkpointing=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _lightning_strategy(strategy: Strategy, n_devices: int) -> Any:
    """Return a strategy as Lightning's `Trainer` takes it; a task leaves one head unused."""
    if strategy == "fsdp":
        return ModelParallelStrategy(
            data_parallel_size=n_devices, tensor_parallel_size=1, save_distributed_checkpoint=False
        )
    return "ddp_find_unused_parameters_true" if n_devices > 1 else "auto"


def _quiet() -> None:
    """Silence Lightning's advice that doesn't fit an endless stream of ready-made batches."""
    for message in (".*does not have many workers.*", ".*IterableDataset.*", ".*LeafSpec.*"):
        warnings.filterwarnings("ignore", message)
    warnings.filterwarnings("ignore", ".*resum.*", UserWarning)
    # Which devices there are, and advertisements.
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
