"""Learners' predictions as inputs of training tasks: random in strength, often from more rows.

In use, learners learn from all rows of a table and are as strong as these make them, while the
network reads some of the rows. In training most are small, to be quick; they are strong beside
the network where they see rows that the network doesn't, or are those that estimators choose.

Shapes: b tasks, r rows, k label channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tabtransfer.learners import (
    BoostingSettings,
    DistinctRows,
    ForestSettings,
    KernelSettings,
    fit_learners,
)
from tabtransfer.learners.channels import RegressionChannels
from tabtransfer.learners.choice import N_FOLDS, choose_learners
from tabtransfer.learners.fitted import Settings
from tabtransfer.learners.kernel import KERNELS
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.target_scale import TargetScale
from tabtransfer.tasks import N_LEARNERS, TaskBatch

Chosen = tuple[Sequence[Settings | None] | None, int]  # settings of learners, and folds
_FEW_FOLDS = 3  # of learners of random strength
_ABSENT = 0.1  # share of the tasks without a learner, for each
_AS_IT_IS = TargetScale(0.0, 1.0)  # targets in training are on the network's scale


def with_learners(
    batch: TaskBatch, random: np.random.Generator, chosen_share: float = 0.0
) -> TaskBatch:
    """Fit learners to each task, of random strength or chosen, and add their predictions to it.

    Parameters
    ----------
    batch : TaskBatch
        Tasks on the CPU.
    random : numpy.random.Generator
        Source of randomness.
    chosen_share : float, default=0.0
        Share of the tasks whose learners are those that the estimators would choose.

    Returns
    -------
    TaskBatch
        The tasks with `TaskBatch.learners`.
    """

    def choose(n_rows: int, n_classes: int) -> Chosen:
        # A share of 0 draws nothing, so that tasks are those of versions without one.
        if chosen_share > 0 and random.random() < chosen_share:
            return _choose_as_estimators(n_rows, n_classes)
        return draw_settings(random, n_classes), _FEW_FOLDS

    return _with_learners(batch, choose, random)


def with_chosen_learners(batch: TaskBatch) -> TaskBatch:
    """Fit the learners that the estimators would choose, and add their predictions to the tasks.

    Parameters
    ----------
    batch : TaskBatch
        Tasks on the CPU; always get the same learners.

    Returns
    -------
    TaskBatch
        The tasks with `TaskBatch.learners`.
    """
    return _with_learners(batch, _choose_as_estimators, np.random.default_rng(0))


def _choose_as_estimators(n_rows: int, n_classes: int) -> Chosen:
    return choose_learners(n_rows, n_classes), N_FOLDS


def _with_learners(
    batch: TaskBatch, choose: Callable[[int, int], Chosen], random: np.random.Generator
) -> TaskBatch:
    n_train, n_rows = batch.n_train, batch.labels.shape[1]
    n_channels = 2 if batch.is_regression else int(batch.n_classes.max())
    learners = np.full((len(batch.labels), n_rows, N_LEARNERS, n_channels), np.nan)
    for index in range(len(batch.labels)):
        n_classes = int(batch.n_classes[index])
        labels = batch.labels[index, :n_train].numpy()
        targets = labels.astype(np.float64) if batch.is_regression else labels
        table = _table(batch, index)
        known, query = table.take(slice(n_train)), table.take(slice(n_train, None))
        rows = DistinctRows.of(known.cells, targets, None)
        settings, n_folds = choose(rows.n_rows, n_classes)
        if settings is None or (labels == labels[0]).all():
            continue
        seed = int(random.integers(2**31))
        fitted = fit_learners(known, targets, n_classes, rows, settings, n_folds, seed)
        found = np.concatenate([fitted.out_of_fold, fitted.predict(query)])
        if batch.is_regression:
            learners[index] = RegressionChannels.of(fitted.out_of_fold, targets, _AS_IT_IS, None)(
                found
            )
        else:
            learners[index, :, :, :n_classes] = found
            learners[index, :, :, n_classes:] = np.where(np.isnan(found[..., :1]), np.nan, 0.0)
    return replace(batch, learners=torch.from_numpy(learners.astype(np.float32)))


def draw_settings(random: np.random.Generator, n_classes: int) -> tuple[Settings | None, ...]:
    """Draw a forest, boosted trees and a kernel of random strength, any of which may be absent."""
    fewer = 1.0 if n_classes <= 2 else math.sqrt(2.0 / n_classes)  # boosting grows one a class
    forest = ForestSettings(
        n_trees=round(log_uniform(random, 5, 20)),
        least_rows=int(random.choice((1, 2, 3, 5))),
        column_share=float(random.choice((0.3, 0.5, 0.8))),
    )
    boosting = BoostingSettings(
        n_trees=max(6, round(fewer * log_uniform(random, 10, 60))),
        depth=int(random.choice((3, 4, 5, 6))),
        learning_rate=log_uniform(random, 0.08, 0.3),
        n_borders=32,
    )
    tried = random.choice(len(KERNELS), random.integers(1, 5), replace=False)
    kernel = KernelSettings(tuple(KERNELS[place] for place in sorted(tried)), 200, 200)
    settings: tuple[Settings, ...] = (forest, boosting, kernel)
    absent = random.random(len(settings)) < _ABSENT
    return tuple(
        None if left_out else chosen for chosen, left_out in zip(settings, absent, strict=True)
    )


def hide_rows(batch: TaskBatch, n_hidden: int) -> TaskBatch:
    """Remove some training rows from tasks after learners were fitted to them.

    Every class keeps a row. Numeric targets, and what is predicted of them, are put on the scale
    of the rows that are left.
    """
    if not n_hidden:
        return batch
    if not batch.is_regression:
        batch = _one_of_each_class_last(batch)
    labels, learners = batch.labels[:, n_hidden:], batch.learners
    learners = None if learners is None else learners[:, n_hidden:]
    n_train = batch.n_train - n_hidden
    if batch.is_regression:
        shown = labels[:, :n_train]
        mean = shown.mean(1, keepdim=True)
        deviation = shown.std(1, keepdim=True, unbiased=False).clamp(min=1e-3)
        labels = (labels - mean) / deviation
        if learners is not None:
            first, second = learners.unbind(-1)
            mean, deviation = mean[..., None], deviation[..., None]
            square = (second + 1.0 - 2.0 * mean * first + mean.square()) / deviation.square()
            learners = torch.stack([(first - mean) / deviation, square - 1.0], -1)
    return replace(
        batch,
        values=batch.values[:, n_hidden:],
        missing=batch.missing[:, n_hidden:],
        labels=labels,
        n_train=n_train,
        learners=learners,
    )


def show_in_turn(batch: TaskBatch, n_train: int, n_tasks: int) -> TaskBatch:
    """Make a number of tasks that show so many training rows, after learners were fitted to all.

    Where more tasks are wanted than there are, each gives several, which show training rows in
    turn and have the same query rows (see `hide_rows`).
    """
    n_turns = math.ceil(n_tasks / len(batch.labels))
    rows = torch.arange(batch.labels.shape[1])
    turns = []
    for turn in range(n_turns):
        known = rows[: batch.n_train].roll(-(turn * batch.n_train // n_turns))
        order = torch.cat([known, rows[batch.n_train :]]).expand(batch.labels.shape)
        turns.append(hide_rows(_in_order(batch, order), batch.n_train - n_train))
    fields: dict[str, Any] = {
        name: torch.cat([getattr(part, name) for part in turns])[:n_tasks]
        for name, value in vars(batch).items()
        if isinstance(value, Tensor)
    }
    return replace(turns[0], **fields)


def _in_order(batch: TaskBatch, order: Tensor) -> TaskBatch:
    """Return tasks with their rows in another order (n_tasks, n_rows)."""
    cells, learners = order[..., None], batch.learners
    if learners is not None:
        learners = torch.take_along_dim(learners, cells[..., None], 1)
    return replace(
        batch,
        values=torch.take_along_dim(batch.values, cells, 1),
        missing=torch.take_along_dim(batch.missing, cells, 1),
        labels=torch.take_along_dim(batch.labels, order, 1),
        learners=learners,
    )


def _one_of_each_class_last(batch: TaskBatch) -> TaskBatch:
    """Move one training row of each class to the end, so that the rows before it can be hidden."""
    order = torch.arange(batch.labels.shape[1]).repeat(len(batch.labels), 1)
    for index, labels in enumerate(batch.labels[:, : batch.n_train].numpy()):
        _, chosen = np.unique(labels, return_index=True)
        others = np.setdiff1d(np.arange(batch.n_train), chosen)
        order[index, : batch.n_train] = torch.from_numpy(np.concatenate([others, chosen]))
    return _in_order(batch, order)


def _table(batch: TaskBatch, index: int) -> EncodedTable:
    """Return the cells of a task as a table."""
    n_columns = int(batch.n_columns[index])
    values = batch.values[index, :, :n_columns].numpy().astype(np.float32)
    missing = batch.missing[index, :, :n_columns].numpy()
    categorical = batch.categorical[index, :n_columns].numpy()
    n_categories = np.where(categorical, np.where(missing, 0, values).max(0) + 1, 0)
    return EncodedTable(values, missing, categorical, n_categories.astype(np.int64))


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return math.exp(random.uniform(math.log(low), math.log(high)))
