"""The training step as a Lightning module, a thin layer around the torch network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.distributed.tensor import DTensor

from tabtransfer.network.described import DescribedBatch, describe
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.pretrain.training.schedule import learning_rate_factor
from tabtransfer.pretrain.training.sharding import shard_network
from tabtransfer.pretrain.training.stream import TaskStream


@dataclass(frozen=True)
class TrainConfig:
    """Settings of the optimisation."""

    learning_rate: float = 1.0  # factor on the rates of `build_optimizers`
    warmup_steps: int = 100
    decay: float = 0.3  # share of the time
    clip: float = 2.0
    accumulate: int = 1  # batches whose gradients make one optimizer step


class PretrainingModule(pl.LightningModule):
    """Train a network on a stream of tasks for a given time.

    ``progress``, the share of the time that is over, is set from outside, by the clock.

    Parameters
    ----------
    network : TabularTransformer
        From TaskBatch to logits, or to quantiles where the targets are numbers.
    stream : TaskStream
        Where tasks come from.
    config : TrainConfig
        Settings.
    workers : int
        Processes on CPUs that make tasks ahead of time; 0: the device makes them in between.
    settings : mapping, optional
        What a resumption must have in common with the run (`read_state`).
    """

    def __init__(
        self,
        network: TabularTransformer,
        stream: TaskStream,
        config: TrainConfig,
        workers: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.stream = stream
        self.config = config
        self.workers = workers
        self.settings = dict(settings or {})
        self.progress = 0.0
        self.steps = 0
        self._batches_before = self._steps_before = self._tasks_before = 0  # a resumption
        self._tasks = 0  # of this process

    def configure_model(self) -> None:
        """Spread the weights over the devices where the strategy has a mesh of them (FSDP)."""
        if self.device_mesh is not None:
            shard_network(self.network, self.device_mesh["data_parallel"])

    def train_dataloader(self) -> torch.utils.data.DataLoader[DescribedBatch]:
        """Return the stream, each item a batch whose rows are described, where it was made."""
        self.stream.position = self.n_batches
        self.stream.rank, self.stream.world_size = self.global_rank, self.trainer.world_size
        self.stream.device = "cpu" if self.workers else str(self.device)
        return torch.utils.data.DataLoader(
            cast("torch.utils.data.Dataset[DescribedBatch]", self.stream),
            batch_size=None,
            num_workers=self.workers,
            # Of an item that is a batch already.
            collate_fn=cast(Any, partial(describe, masks_columns=self.stream.masks_columns)),
        )

    def configure_optimizers(self) -> Any:
        """Return Muon and AdamW; their full learning rates are kept for the schedule."""
        optimizers = build_optimizers(self.network)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["full_lr"] = group["lr"] * self.config.learning_rate
        return optimizers

    def training_step(self, described: DescribedBatch, index: int) -> Tensor:
        """Learn from one batch; the optimizers step after every ``accumulate`` batches."""
        batch = described.batch
        loss = task_loss(self.network(described), batch)
        self.manual_backward((loss + self._unused_heads()) / self.config.accumulate)
        self.steps += 1
        self._tasks += len(batch.labels)
        if self.steps % self.config.accumulate == 0:
            self._step_optimizers()
        self.log("loss", loss.detach(), prog_bar=True, logger=False, batch_size=1)
        return loss.detach()

    @property
    def n_batches(self) -> int:
        """The batches that all processes have taken, before a resumption as well."""
        return self._batches_before + (self.steps - self._steps_before) * self.trainer.world_size

    def count_tasks(self) -> int:
        """Return the tasks that all processes have seen; every process has to call this."""
        mine = torch.tensor(self._tasks, device=self.trainer.strategy.root_device)
        return self._tasks_before + int(self.trainer.strategy.reduce(mine, reduce_op="sum"))

    def _unused_heads(self) -> Tensor | float:
        """Return 0 as a function of every weight, so that the other kind's heads get gradients too.

        Sharded gradients only meet if each process has the same ones, and other processes may
        have the other kind.
        """
        if self.device_mesh is None:
            return 0.0
        return 0.0 * sum(p.sum() for p in self.network.parameters() if not isinstance(p, DTensor))

    def _step_optimizers(self) -> None:
        optimizers = cast(list[LightningOptimizer], self.optimizers())
        n_done = self.steps // self.config.accumulate - 1
        factor = learning_rate_factor(
            self.progress, n_done, self.config.warmup_steps, self.config.decay
        )
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_lr"] * factor
            # Not asked for in Python, which would wait for the device.
            cast(Any, optimizer.optimizer).found_inf = torch.isfinite(norm).logical_not().float()
            optimizer.step()
            optimizer.zero_grad()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the position in the stream, and the settings of the stream."""
        checkpoint["tabtransfer"] = {
            "settings": self.settings,
            "steps": self.steps,
            "batches": self.n_batches,
            "tasks_seen": self.count_tasks(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the position in the stream."""
        saved = checkpoint["tabtransfer"]
        self.steps = self._steps_before = saved["steps"]
        self._tasks_before = saved["tasks_seen"]
        # Version 0.1 states no batches: it counted them by process.
        self._batches_before = saved.get("batches", self.steps)
