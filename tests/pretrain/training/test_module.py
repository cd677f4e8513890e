"""Accumulated batches make the step that one batch of them all would make."""

from __future__ import annotations

import dataclasses

import pytest
import pytorch_lightning as pl
import torch

from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.training.module import PretrainingModule, TrainConfig
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream
from tabtransfer.tasks import TaskBatch

SIZES = StreamConfig(max_rows=64, max_columns=3, min_tasks=4, max_tasks=4)


class Halves(TaskStream):
    """Yield each batch of four tasks as two of two."""

    def batch(self, step: int) -> TaskBatch:
        """Return the first or the last two tasks."""
        whole = super().batch(step // 2)
        part = slice(0, 2) if step % 2 == 0 else slice(2, 4)
        tensors = {k: v[part] for k, v in vars(whole).items() if isinstance(v, torch.Tensor)}
        if whole.learners is not None and not whole.is_regression:
            n_channels = int(tensors["n_classes"].max())
            tensors["learners"] = tensors["learners"][..., :n_channels]
        return dataclasses.replace(whole, **tensors)


def train(stream: type[TaskStream], accumulate: int, n_batches: int) -> TabularTransformer:
    torch.manual_seed(0)
    network = TabularTransformer(
        NetworkConfig(d_cell=8, n_summary=2, row_layers=1, context_layers=1)
    )
    module = PretrainingModule(
        network, stream(PriorConfig(), SIZES), TrainConfig(accumulate=accumulate, warmup_steps=5)
    )
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=-1,
        limit_train_batches=n_batches,
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module)
    return network


def flat(network: TabularTransformer) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


@pytest.mark.slow
def test_two_halves_step_as_the_whole():
    fresh, whole, halves = (
        flat(train(*a)) for a in ((TaskStream, 1, 0), (TaskStream, 1, 3), (Halves, 2, 6))
    )
    moved = (whole - fresh).norm()
    assert moved > 1e-3
    assert (halves - whole).norm() < 0.1 * moved  # rounding, which the first steps enlarge


def test_an_unfinished_accumulation_changes_nothing():
    fresh, unfinished = train(TaskStream, 1, 0), train(Halves, 2, 1)
    for a, b in zip(fresh.parameters(), unfinished.parameters(), strict=True):
        assert torch.equal(a, b)
