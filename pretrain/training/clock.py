"""The Lightning callback of all that happens by the clock: the end, saving, validation."""

from __future__ import annotations

import csv
import math
import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from tabtransfer.files import replacing
from tabtransfer.pretrain.training.module import PretrainingModule
from tabtransfer.pretrain.training.throughput import PARTS, Throughput, peak_flops

RESUME_FILE = "resume.ckpt"
CURVE_FILE = "curve.csv"
SPEED_FIELDS = (
    *("tasks_per_second", "cells_per_second", "gflop_per_batch", "peak_share"),
    *(f"peak_share_{part}" for part in PARTS),
)
LOG_EVERY = 20  # steps
CURVE_FIELDS = ("seconds", "steps", "tasks", "loss", "roc_auc", "log_loss", "r2", *SPEED_FIELDS)


class Clock(pl.Callback):
    """End training when its time is over, counting the time before a resumption.

    All ranks follow the clock of rank 0, so that they stop, save and validate at the same step.
    SIGTERM to any of them ends training after the step at work, with the state saved.

    Parameters
    ----------
    max_seconds : float
        Time for training.
    folder : Path
        Where the resumption state and the curve are written.
    validate : callable
        Scores the network, giving some of ``roc_auc``, ``log_loss`` and ``r2``; called on every
        rank, and heard on rank 0.
    on_hold_end : callable
        Called once, on every rank, before the learning rate starts to fall.
    throughput : Throughput
        Counts what steps do.
    save_every, validate_every : float
        Seconds between savings and between validations.
    """

    def __init__(
        self,
        max_seconds: float,
        folder: Path,
        validate: Callable[[], dict[str, float]],
        on_hold_end: Callable[[], object],
        throughput: Throughput,
        save_every: float = 60.0,
        validate_every: float = 300.0,
    ) -> None:
        self.max_seconds = max_seconds
        self.folder = folder
        self.validate = validate
        self.on_hold_end = on_hold_end
        self.throughput = throughput
        self.save_every = save_every
        self.validate_every = validate_every
        self.seconds = 0.0
        self.scores: dict[str, float] = {}  # of the last validation
        self.is_interrupted = False  # on all processes at the same step
        self._is_signalled = False  # this one
        self._mean_loss: float | None = None
        self._last_loss: torch.Tensor | None = None  # not in the mean yet
        self._agreed: torch.Tensor | None = None  # at the step before

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a resumed run restores."""
        return {"seconds": self.seconds, "mean_loss": self._mean_loss}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the callback's state."""
        self.seconds = state_dict["seconds"]
        self._mean_loss = state_dict["mean_loss"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start counting."""
        assert isinstance(pl_module, PretrainingModule)
        dtype = torch.bfloat16 if "bf16" in str(trainer.precision) else torch.float32
        self.throughput.peak = peak_flops(pl_module.device, dtype)
        self.throughput.world_size = trainer.world_size
        self._started = time.monotonic() - self.seconds
        # In place of Lightning's handler, whose broadcast meets other collectives of other ranks.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._note_signal)
        pl_module.progress = self.seconds / self.max_seconds
        self.throughput.start()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Stop, save or validate if it is time to."""
        assert isinstance(pl_module, PretrainingModule)
        self._count_loss()  # of the step before, so that the device never idles
        self._last_loss = trainer.callback_metrics["loss"]
        self.throughput.stop(batch.batch)
        before, self.seconds = self.seconds, self._agree(trainer, pl_module)
        pl_module.progress = self.seconds / self.max_seconds
        hold = (1.0 - pl_module.config.decay) * self.max_seconds
        if before < hold <= self.seconds:
            self.on_hold_end()
        if trainer.logger is not None and pl_module.steps % LOG_EVERY == 0:
            trainer.logger.log_metrics({"loss": float(self._last_loss)}, pl_module.steps)
        over = self.seconds >= self.max_seconds
        if over or _ticked(before, self.seconds, self.validate_every):
            self._validate(trainer, pl_module)
        if over or self.is_interrupted or _ticked(before, self.seconds, self.save_every):
            self.save(trainer)
        trainer.should_stop = over or self.is_interrupted
        self.throughput.start()

    def _count_loss(self) -> None:
        """Let the last step's loss into the running mean, once."""
        if self._last_loss is None:
            return
        loss, self._last_loss = float(self._last_loss), None
        if math.isfinite(loss):  # a step of another loss was not taken
            mean = loss if self._mean_loss is None else self._mean_loss
            self._mean_loss = 0.995 * mean + 0.005 * loss

    def save(self, trainer: pl.Trainer) -> None:
        """Write the resumption state; a kill while writing leaves the one before."""
        self._count_loss()
        path = self.folder / RESUME_FILE
        with replacing(path) if trainer.is_global_zero else nullcontext(path) as partial:
            # Rank 0 writes what all gather.
            trainer.save_checkpoint(partial, weights_only=False)

    def _note_signal(self, *signal: Any) -> None:
        self._is_signalled = True

    def _agree(self, trainer: pl.Trainer, module: PretrainingModule) -> float:
        """Return the time, the same on all processes: the first one's at the step before.

        Also learn whether any of them had a signal by then.
        """
        seconds = time.monotonic() - self._started
        if trainer.world_size == 1:
            self.is_interrupted = self._is_signalled
            return seconds
        mine = [seconds if trainer.is_global_zero else 0.0, float(self._is_signalled)]
        told, self._agreed = self._agreed, torch.tensor(mine, device=module.device)
        torch.distributed.all_reduce(self._agreed, torch.distributed.ReduceOp.MAX)
        if told is None:
            return self.seconds
        self.is_interrupted = bool(told[1])
        return float(told[0])

    def _validate(self, trainer: pl.Trainer, module: PretrainingModule) -> None:
        self._count_loss()
        self.scores = self.validate()
        n_tasks = module.count_tasks()
        if trainer.is_global_zero:
            row = dict(
                zip(
                    CURVE_FIELDS,
                    (round(self.seconds), module.steps, n_tasks, self._mean_loss),
                    strict=False,
                ),
                **self.scores,
                **self.throughput.read(),
            )
            _append(self.folder / CURVE_FILE, row)
            if trainer.logger is not None:
                scores = {f"validation_{name}": value for name, value in self.scores.items()}
                trainer.logger.log_metrics(scores, module.steps)
                trainer.logger.save()
            said = "  ".join(f"{name} {value:.4f}" for name, value in self.scores.items())
            trainer.print(
                f"{row['seconds']:>6} s  step {row['steps']:>7}  tasks {row['tasks']:>9}  "
                f"loss {row['loss']:.4f}  validation {said}  {_say_speed(row)}",
                flush=True,
            )
        trainer.strategy.barrier()


def _ticked(before: float, now: float, every: float) -> bool:
    return before // every != now // every


def _say_speed(row: dict[str, Any]) -> str:
    parts = ", ".join(f"{part} {row[f'peak_share_{part}']:.1%}" for part in PARTS)
    return (
        f"{row['tasks_per_second']:.1f} tasks/s  {row['cells_per_second']:,.0f} cells/s  "
        f"{row['gflop_per_batch']:,.1f} GFLOP a batch, {row['peak_share']:.1%} of a large matrix "
        f"product's speed ({parts})"
    )


def _append(path: Path, row: dict[str, Any]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, CURVE_FIELDS)
        if new:
            writer.writeheader()
        writer.writerow({key: f"{v:.5f}" if isinstance(v, float) else v for key, v in row.items()})
