"""An endless stream of tasks, each batch known by its seed and its number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from tabtransfer.pretrain.learner_inputs import (
    hide_rows,
    log_uniform,
    show_in_turn,
    with_learners,
)
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
from tabtransfer.pretrain.real_tables.real_tasks import RealTasks
from tabtransfer.pretrain.training.shapes import Shape, fixed_shapes
from tabtransfer.tasks import TaskBatch


@dataclass(frozen=True)
class StreamConfig:
    """How large the tasks of a step are.

    Rows and columns are log-uniform between their bounds and the same for all tasks of a step;
    as many tasks go into a step as ``cells`` allows, within ``min_tasks`` and ``max_tasks``. Where
    there are real tables, ``real_share`` of the steps draw from them, with their own columns;
    where none gives a task, the step draws from the prior. In ``learner_share`` of the steps, trees
    are grown on each task's training rows (`tabtransfer.pretrain.learner_inputs`); of these steps,
    in ``hidden_share`` on up to ``max_hidden`` further rows as well that the network doesn't see.
    In ``chosen_share`` of the tasks with trees, learners are those that estimators choose, without
    which the network doesn't learn to follow strong ones; elsewhere they are small. None by
    default, as they take long: 0.45 s a task of 300 training rows and 2 s of 2,000 (10 columns, one
    core), where small ones take 0.1 and 0.2 s.

    With ``shapes``, every batch has one of so many shapes (`fixed_shapes`), each as likely as any
    other. Tasks of real tables are padded to the shape's columns; a table has at least three
    quarters of them, or some of its own are drawn. Where no tables fill the shape with as many
    tasks, the step takes the largest one that they do, and the prior where there is none. With
    hidden rows, trees are grown on fewer tables, each of which gives several tasks, with other
    training rows among those that the trees know and with the same query rows.
    """

    min_rows: int = 64
    max_rows: int = 800
    min_columns: int = 2
    max_columns: int = 40
    cells: int = 40_960
    min_tasks: int = 2
    max_tasks: int = 32
    train_share: tuple[float, float] = (0.4, 0.85)
    real_share: float = 0.35
    learner_share: float = 0.8
    chosen_share: float = 0.0
    hidden_share: float = 0.4
    max_hidden: int = 4000
    learner_rows: int = 12_000  # of all tasks of a step, to grow trees on
    shapes: int = 0  # 0: any

    def bound_tasks(self, n_tasks: int) -> int:
        """Return a number of tasks of a step within its bounds."""
        return min(max(n_tasks, self.min_tasks), self.max_tasks)


class TaskStream(IterableDataset[TaskBatch]):
    """Yield batches for ever, starting at a given one.

    A batch depends on (seed, number) alone. The processes of a run take turns: at a step, each
    takes the next number. So N processes see the batches that one sees in N times as many steps,
    a resumed run those that an unbroken one would have, on any number of devices. Worker processes
    of a DataLoader take turns as well, so that it gives the same batches in the same order.

    Parameters
    ----------
    prior : PriorConfig
        Settings of the prior.
    config : StreamConfig
        Sizes.
    seed : int
        Seed of the run.
    real : RealTasks, optional
        Real tables to draw from as well.

    Attributes
    ----------
    position, rank, world_size, device
        The number of the run's next batch, which of the run's processes this is, how many there
        are, and where batches are made: 0, 0, 1 and the CPU until set.
    shapes : list of Shape
        The shapes of batches; empty where sizes are free.
    """

    def __init__(
        self,
        prior: PriorConfig,
        config: StreamConfig,
        seed: int = 0,
        real: RealTasks | None = None,
    ) -> None:
        self.prior = prior
        self.config = config
        self.seed = seed
        self.real = real
        self.position = 0
        self.rank = 0
        self.world_size = 1
        self.device = "cpu"
        self.shapes = fixed_shapes(config)

    @property
    def masks_columns(self) -> bool:
        """Whether columns are to be masked in every batch, so that one code serves a shape."""
        return bool(self.shapes) and self.real is not None

    def __iter__(self) -> Iterator[TaskBatch]:
        worker = get_worker_info()
        turn, n_workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        first = self.position + self.rank + turn * self.world_size
        for number in itertools.count(first, n_workers * self.world_size):
            yield self.batch(number)

    def batch(self, number: int) -> TaskBatch:
        """Make the batch of a number."""
        random = np.random.default_rng([self.seed, 0, number])  # 0: tasks of a seed stay the same
        if self.shapes:
            return self._batch_of_a_shape(random).to(self.device)
        c = self.config
        n_rows = round(log_uniform(random, c.min_rows, c.max_rows))
        n_train = int(n_rows * random.uniform(*c.train_share))
        if random.random() >= c.learner_share:
            return self._draw(random, n_rows, n_train, c.cells, c.max_tasks, self.device)
        n_hidden = 0
        if random.random() < c.hidden_share:
            n_hidden = round(log_uniform(random, n_train, max(n_train, c.max_hidden)))
        n_all = n_rows + n_hidden
        cells = c.cells * n_all // n_rows  # most of which the network won't see
        most = c.bound_tasks(c.learner_rows // (n_train + n_hidden))
        batch = self._draw(random, n_all, n_train + n_hidden, cells, most, "cpu")
        # Where no table had as many rows, half of the training rows stay at most.
        n_shown = min(n_train, max(1, batch.n_train // 2)) if n_hidden else batch.n_train
        batch = with_learners(batch, random, c.chosen_share)
        batch = hide_rows(batch, batch.n_train - n_shown)
        return batch.to(self.device)

    def _draw(
        self,
        random: np.random.Generator,
        n_rows: int,
        n_train: int,
        cells: int,
        max_tasks: int,
        device: str,
    ) -> TaskBatch:
        """Draw tasks from real tables or from the prior."""
        c = self.config
        if self.real is not None and random.random() < c.real_share:
            regression = random.random() < self.prior.regression
            tasks = (c.min_tasks, max_tasks)
            batch = self.real.batch(
                random, n_rows, n_train, cells, tasks, c.max_columns, regression
            )
            if batch is not None:
                return batch.to(device)
        n_columns = round(log_uniform(random, c.min_columns, c.max_columns))
        n_tasks = min(c.bound_tasks(cells // (n_rows * n_columns)), max_tasks)
        return self._from_prior(random, Shape(n_rows, n_columns, n_train, n_tasks), device)

    def _from_prior(self, random: np.random.Generator, shape: Shape, device: str) -> TaskBatch:
        generator = torch.Generator(device).manual_seed(int(random.integers(2**62)))
        return sample_batch(
            self.prior, shape.n_tasks, shape.n_rows, shape.n_columns, shape.n_train, generator
        )

    def _batch_of_a_shape(self, random: np.random.Generator) -> TaskBatch:
        """Draw one of the shapes, and tasks that fill it."""
        c = self.config
        shape = self.shapes[random.integers(len(self.shapes))]
        has_learners = random.random() < c.learner_share
        n_hidden = 0
        if has_learners and random.random() < c.hidden_share:
            n_hidden = round(log_uniform(random, shape.n_train, max(shape.n_train, c.max_hidden)))
        drawn = None
        if self.real is not None and random.random() < c.real_share:
            drawn = self._from_tables(random, self.real, shape, n_hidden)
        if drawn is None:
            device = "cpu" if has_learners else self.device
            drawn = shape, self._from_prior(random, self._to_draw(shape, n_hidden), device)
        shape, batch = drawn
        if not has_learners:
            return batch
        batch = with_learners(batch, random, c.chosen_share)
        return show_in_turn(batch, shape.n_train, shape.n_tasks)

    def _from_tables(
        self, random: np.random.Generator, real: RealTasks, shape: Shape, n_hidden: int
    ) -> tuple[Shape, TaskBatch] | None:
        """Draw tasks from real tables that fill a shape, or else the largest that they fill."""
        regression = random.random() < self.prior.regression
        largest = sorted(self.shapes, key=lambda s: s.n_rows * s.n_columns, reverse=True)
        for fitting in (shape, *(other for other in largest if other != shape)):
            longest = real.longest(fitting.n_columns, self.config.max_columns, regression)
            further = min(n_hidden, longest - fitting.n_rows)
            if further < 0:
                continue
            # With fewer, tasks of one table would show much the same rows.
            drawn = self._to_draw(fitting, further if further >= fitting.n_train else 0)
            batch = real.batch_of_shape(
                random,
                drawn.n_rows,
                drawn.n_train,
                drawn.n_columns,
                drawn.n_tasks,
                self.config.max_columns,
                regression,
            )
            if batch is not None:
                return fitting, batch
        return None

    def _to_draw(self, shape: Shape, n_hidden: int) -> Shape:
        """Return the shape with hidden rows, and with as many tables as trees may be grown on."""
        if not n_hidden:
            return shape
        n_known = shape.n_train + n_hidden
        most = self.config.bound_tasks(self.config.learner_rows // n_known)
        return replace(
            shape,
            n_rows=shape.n_rows + n_hidden,
            n_train=n_known,
            n_tasks=min(shape.n_tasks, most),
        )
