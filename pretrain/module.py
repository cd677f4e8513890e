"""The training step, as Lightning wants it: a thin shell around the plain torch network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from tabtransfer.loss import task_loss
from tabtransfer.pretrain.optim import build_optimizers
from tabtransfer.pretrain.schedule import learning_rate_factor
from tabtransfer.pretrain.stream import TaskStream
from tabtransfer.tasks import TaskBatch


@dataclass(frozen=True)
class TrainConfig:
    """Settings of the optimisation."""

    learning_rate: float = 1.0  # factor on the rates of `build_optimizers`
    warmup_steps: int = 100
    decay: float = 0.3  # share of the time
    clip: float = 2.0


class PretrainingModule(pl.LightningModule):
    """Train a network on a stream of tasks for a given time.

    ``progress``, the share of the time that is over, is set from outside, by the clock.

    Parameters
    ----------
    network : nn.Module
        From TaskBatch to logits, or to quantiles where the targets are numbers.
    stream : TaskStream
        Where tasks come from.
    config : TrainConfig
        Settings.
    """

    def __init__(self, network: nn.Module, stream: TaskStream, config: TrainConfig) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.stream = stream
        self.config = config
        self.progress = 0.0
        self.steps = 0
        self.tasks_seen = 0

    def train_dataloader(self) -> torch.utils.data.DataLoader[TaskBatch]:
        """Give the stream, each item already a batch."""
        self.stream.step = self.steps
        self.stream.rank = self.global_rank
        self.stream.device = str(self.device)
        return torch.utils.data.DataLoader(self.stream, batch_size=None)

    def configure_optimizers(self) -> Any:
        """Make Muon and AdamW, remembering their full rates."""
        optimizers = build_optimizers(self.network)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["full_lr"] = group["lr"] * self.config.learning_rate
        return optimizers

    def training_step(self, batch: TaskBatch, index: int) -> Tensor:
        """Take one step."""
        optimizers = cast(list[LightningOptimizer], self.optimizers())
        factor = learning_rate_factor(
            self.progress, self.steps, self.config.warmup_steps, self.config.decay
        )
        loss = task_loss(self.network(batch), batch)
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = group["full_lr"] * factor
        self.manual_backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        if torch.isfinite(norm):
            for optimizer in optimizers:
                optimizer.step()
        self.steps += 1
        self.tasks_seen += len(batch.labels) * self.trainer.world_size
        self.log("loss", loss.detach(), prog_bar=True, batch_size=1)
        return loss.detach()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Remember the place in the stream."""
        checkpoint["tabtransfer"] = {"steps": self.steps, "tasks_seen": self.tasks_seen}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from that place."""
        self.steps = checkpoint["tabtransfer"]["steps"]
        self.tasks_seen = checkpoint["tabtransfer"]["tasks_seen"]
        self.stream.step = self.steps
