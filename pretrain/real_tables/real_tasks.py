"""Tasks drawn from real tables: any column may be the target, rows and columns are random.

After TabDPT (Ma et al. 2024, arXiv 2410.18164), with more ways to make a new task of an old
table: numbers are transformed and categories recoded.

Shapes: r rows, c columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.target_scale import TargetScale
from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.targets import present_classes
from tabtransfer.pretrain.real_tables.drawn_rows import MAX_CLASSES
from tabtransfer.tasks import TaskBatch

_KNOWN_TARGET = 0.5  # chance to take the column that the table's source calls the target
_NATURAL_CLASSES = 0.5  # chance to take a column that has classes, not one that must be cut
_ALL_COLUMNS = 0.6  # chance to keep all columns
_FEWEST_COLUMNS = 0.3  # share of them, else
_MORE_MISSING = 0.1
_BENT = 0.25  # share of tables whose numbers are bent, each in its own way
_MAX_MAJORITY = 0.97
_SIMILAR_WIDTH = 0.75  # of the widest table of a batch: less would be padding
_TRIES = 8
_LARGEST = 1e9  # of all numbers: beyond, squares and powers leave single precision


@dataclass(frozen=True)
class NumericTable:
    """A real table as numbers, to draw tasks from.

    Parameters
    ----------
    name : str
        Name of the table.
    values : ndarray of float32, (r, c)
        Numbers, or category codes; NaN where missing.
    categorical : ndarray of bool, (c,)
        Which columns hold codes.
    target : int
        Column that the source calls the target; -1 if none.
    copies : ndarray of int64, (c,)
        The same number for columns that say the same (see `find_copies`).
    targets : ndarray of int64, optional
        Columns that may be predicted; all, if not given.
    """

    name: str
    values: NDArray[np.float32]
    categorical: NDArray[np.bool_]
    target: int
    copies: NDArray[np.int64]
    targets: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class _Task:
    values: NDArray[np.float32]  # (r, c), NaN where missing
    categorical: NDArray[np.bool_]  # (c,)
    labels: NDArray  # (r,) of int64, or float64


@dataclass(frozen=True)
class _Targets:
    """Columns of a table that can be predicted, by what they hold."""

    every: NDArray[np.int64]
    natural: NDArray[np.int64]  # classes without cutting
    numbers: NDArray[np.int64]  # numbers for regression

    @classmethod
    def of(cls, table: NumericTable) -> _Targets:
        n_levels = np.array([len(np.unique(column)) for column in table.values.T])  # NaN is one
        numeric = ~table.categorical
        every = np.arange(len(n_levels)) if table.targets is None else table.targets
        return cls(
            every,
            every[(table.categorical | (n_levels <= MAX_CLASSES))[every]],
            every[(numeric & (n_levels > 2 * MAX_CLASSES + 1))[every]],
        )

    def draw(self, random: np.random.Generator, known: int, regression: bool) -> int:
        """Choose a column; often the known target."""
        columns = self.numbers if regression else self.every
        if known in columns and random.random() < _KNOWN_TARGET:
            return known
        if not regression and len(self.natural) and random.random() < _NATURAL_CLASSES:
            columns = self.natural
        return int(random.choice(columns))


class RealTasks:
    """Draw batches of tasks from real tables.

    Parameters
    ----------
    tables : sequence of NumericTable
        Where tasks come from.

    Raises
    ------
    TabTransferError
        If there are no tables.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    >>> table = NumericTable("toy", values, np.zeros(6, bool), -1, np.arange(6))
    >>> batch = RealTasks([table]).batch(np.random.default_rng(0), 64, 40, 4096, (2, 8), 40)
    >>> batch.values.shape[1], batch.n_train
    (64, 40)
    """

    def __init__(self, tables: Sequence[NumericTable]) -> None:
        if not tables:
            raise TabTransferError("no real tables are left to train on")
        self.tables = tables
        self._targets = [_Targets.of(table) for table in tables]
        self._n_rows = np.array([len(table.values) for table in tables])
        self._n_columns = np.array([table.values.shape[1] for table in tables])
        self._weights = np.log2(self._n_rows) * np.log2(self._n_columns)
        self._has_numbers = np.array([len(targets.numbers) > 0 for targets in self._targets])

    def batch(
        self,
        random: np.random.Generator,
        n_rows: int,
        n_train: int,
        cells: int,
        n_tasks: tuple[int, int],
        max_columns: int,
        regression: bool = False,
    ) -> TaskBatch | None:
        """Draw tasks of one kind and one number of rows.

        Parameters
        ----------
        random : numpy.random.Generator
            Source of randomness.
        n_rows, n_train : int
            Rows of a task, and how many of them are for training; fewer where no table has
            as many.
        cells : int
            Cells of the batch, about.
        n_tasks : tuple of int
            Least and most tasks of the batch.
        max_columns : int
            Most columns of a task.
        regression : bool, default=False
            Whether the targets are numbers.

        Returns
        -------
        TaskBatch or None
            Tables of few columns are padded to the widest. None where the tables gave no task.
        """
        train_share = n_train / n_rows
        usable = self._weights * (self._has_numbers if regression else 1.0)
        if not usable.any():
            return None
        n_rows = min(n_rows, int(self._n_rows[usable > 0].max()))
        usable = np.where(self._n_rows >= n_rows, usable, 0.0)
        first = random.choice(len(usable), p=usable / usable.sum())
        widths = np.minimum(self._n_columns - 1, max_columns)
        widest = widths[first]
        similar = (widths >= _SIMILAR_WIDTH * widest) & (widths <= widest)
        usable = np.where(similar, usable, 0.0)
        low, high = n_tasks
        count = min(max(cells // (n_rows * widest), low), high)
        tasks: list[_Task] = []
        for place in random.choice(len(usable), count, p=usable / usable.sum()):
            table, targets = self.tables[place], self._targets[place]
            task = _draw_task(random, table, targets, n_rows, max_columns, regression)
            tasks += [task] if task is not None else []
        if not tasks:
            return None
        return _to_batch(tasks, max(1, int(train_share * n_rows)), regression)

    def longest(self, n_columns: int, max_columns: int, regression: bool = False) -> int:
        """Return the rows of the longest table of tasks of a width; 0 if there is none.

        Parameters are those of `batch_of_shape`.
        """
        fits = self._of_width(n_columns, max_columns, regression) > 0
        return int(self._n_rows[fits].max(initial=0))

    def batch_of_shape(
        self,
        random: np.random.Generator,
        n_rows: int,
        n_train: int,
        n_columns: int,
        n_tasks: int,
        max_columns: int,
        regression: bool = False,
    ) -> TaskBatch | None:
        """Draw tasks of one kind that have exactly a shape.

        Parameters
        ----------
        random : numpy.random.Generator
            Source of randomness.
        n_rows, n_train, n_columns, n_tasks : int
            The shape.
        max_columns : int
            Most columns of tasks of any shape; of wider tables some are drawn in any case.
        regression : bool, default=False
            Whether the targets are numbers.

        Returns
        -------
        TaskBatch or None
            Of tables that have three quarters of the columns at least, padded to all of them, and
            of those that have up to three times as many, some of theirs. None where the tables
            gave too few tasks.
        """
        usable = self._of_width(n_columns, max_columns, regression)
        usable = np.where(self._n_rows >= n_rows, usable, 0.0)
        tasks: list[_Task] = []
        while len(tasks) < n_tasks:
            if not usable.any():
                return None
            place = random.choice(len(usable), p=usable / usable.sum())
            table, targets = self.tables[place], self._targets[place]
            task = _draw_task(random, table, targets, n_rows, n_columns, regression)
            if task is None:
                usable[place] = 0.0  # not asked again, or a batch might take for ever
            else:
                tasks.append(task)
        return _to_batch(tasks, n_train, regression, n_columns)

    def _of_width(self, n_columns: int, max_columns: int, regression: bool) -> NDArray[np.float64]:
        """Return the weights of tables, 0 of those that don't fill so many columns."""
        widths = np.minimum(self._n_columns - 1, max_columns)
        fits = (widths >= _SIMILAR_WIDTH * n_columns) & (widths * _FEWEST_COLUMNS <= n_columns)
        return np.where(fits, self._weights * (self._has_numbers if regression else 1.0), 0.0)


def _draw_task(
    random: np.random.Generator,
    table: NumericTable,
    targets: _Targets,
    n_rows: int,
    max_columns: int,
    regression: bool,
) -> _Task | None:
    """Try some columns as the target; None if none of them makes a task."""
    for _ in range(_TRIES):
        column = targets.draw(random, table.target, regression)
        y = table.values[:, column].clip(-_LARGEST, _LARGEST)
        labels = y.astype(np.float64)
        if not regression:
            labels = _class_labels(random, y, bool(table.categorical[column]))
        rows = np.flatnonzero(~np.isnan(labels))
        if len(rows) < n_rows:
            continue
        rows = random.permutation(rows)[:n_rows]
        labels = labels[rows]
        if np.unique(labels, return_counts=True)[1].max() > _MAX_MAJORITY * n_rows:
            continue
        features = _draw_columns(random, table, column, rows, max_columns)
        if len(features) == 0:
            continue
        values = table.values[np.ix_(rows, features)].clip(-_LARGEST, _LARGEST)
        return _vary(random, values, table.categorical[features], labels)
    return None


def _class_labels(random: np.random.Generator, y: NDArray, categorical: bool) -> NDArray:
    """Return classes made of a column, NaN in rows left out: its levels, or bins of numbers."""
    levels, codes, counts = np.unique(
        np.where(np.isnan(y), np.inf, y), return_inverse=True, return_counts=True
    )
    if np.isinf(levels[-1]):
        levels, counts = levels[:-1], counts[:-1]
    if categorical or len(levels) <= MAX_CLASSES:
        kept = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
        names = np.full(len(levels) + 1, np.nan)
        names[kept] = random.permutation(len(kept))
        return names[codes]
    weights = np.array(PriorConfig.class_weights)
    n_bins = 2 + int(random.choice(len(weights), p=weights / weights.sum()))
    style = random.random()
    if style < 0.5:
        edges = np.nanquantile(y, np.arange(1, n_bins) / n_bins)
    elif style < 0.75:
        edges = np.nanquantile(y, random.uniform(0.05, 0.95, n_bins - 1))
    else:
        low, high = np.nanquantile(y, [0.02, 0.98])
        edges = random.uniform(low, high, n_bins - 1)
    edges = np.unique(edges)
    names = random.permutation(len(edges) + 1) if random.random() < 0.3 else np.arange(11)
    labels = names[np.searchsorted(edges, y)].astype(np.float64)
    return np.where(np.isnan(y), np.nan, labels)


def _draw_columns(
    random: np.random.Generator, table: NumericTable, target: int, rows: NDArray, max_columns: int
) -> NDArray[np.int64]:
    """Choose input columns, without copies of the target and without constant ones."""
    columns = random.permutation(np.flatnonzero(table.copies != table.copies[target]))
    share = 1.0 if random.random() < _ALL_COLUMNS else random.uniform(_FEWEST_COLUMNS, 1.0)
    columns = columns[: min(max(2, math.ceil(share * len(columns))), max_columns)]
    cells = table.values[np.ix_(rows, columns)]
    lowest = np.where(np.isnan(cells), np.inf, cells).min(0)
    highest = np.where(np.isnan(cells), -np.inf, cells).max(0)
    return columns[lowest < highest]


def _vary(
    random: np.random.Generator, values: NDArray, categorical: NDArray, labels: NDArray
) -> _Task:
    """Recode categories, transform numbers and drop some cells, in place."""
    bends = random.random() < _BENT
    for column in range(values.shape[1]):
        x = values[:, column]
        if categorical[column]:
            levels = int(np.nanmax(x)) + 1
            known = ~np.isnan(x)
            x[known] = random.permutation(levels)[x[known].astype(np.int64)]
        elif bends:
            values[:, column] = _bend(random, x)
    if random.random() < _MORE_MISSING:
        values[random.random(values.shape) < random.uniform(0.0, 0.3)] = np.nan
    return _Task(values, categorical, labels)


def _bend(random: np.random.Generator, x: NDArray) -> NDArray:
    """Transform numbers by a random increasing or decreasing function."""
    z = np.clip(x, -1e6, 1e6)  # beyond, squares and powers leave single precision
    z = (z - np.nanmean(z)) / (np.nanstd(z) + 1e-6)
    kind = random.integers(4)
    strength = random.uniform(0.3, 1.2)
    if kind == 0:
        z = np.exp(np.clip(strength * z, -8.0, 8.0))
    elif kind == 1:
        z = np.sign(z) * np.abs(z) ** (1.0 + strength)
    elif kind == 2:
        z = np.sign(z) * np.log1p(np.abs(z))
    return (z * random.choice((-1.0, 1.0))).astype(np.float32)


def _to_batch(
    tasks: list[_Task], n_train: int, regression: bool, n_columns: int | None = None
) -> TaskBatch:
    """Put tasks together, padded to a number of columns, those of the widest if not given."""
    widest = n_columns or max(task.values.shape[1] for task in tasks)

    def padded(x: NDArray, fill: float) -> NDArray:
        wide = [(0, 0)] * (x.ndim - 1) + [(0, widest - x.shape[-1])]
        return np.pad(x, wide, constant_values=fill)

    values = np.stack([padded(task.values, 0.0) for task in tasks])
    missing = np.isnan(values)
    categorical = np.stack([padded(task.categorical, False) for task in tasks])
    labels = np.stack([task.labels for task in tasks])
    if regression:
        scaled = [TargetScale.of(row[:n_train]).standardise(row) for row in labels]
        y = torch.from_numpy(np.stack(scaled).astype(np.float32))
        n_classes = torch.zeros(len(tasks), dtype=torch.int64)
    else:
        y, n_classes = present_classes(
            torch.from_numpy(labels.astype(np.int64)), n_train, MAX_CLASSES
        )
    return TaskBatch(
        values=torch.from_numpy(np.where(missing, 0.0, values).astype(np.float32)),
        missing=torch.from_numpy(missing),
        categorical=torch.from_numpy(categorical),
        labels=y,
        n_train=n_train,
        n_columns=torch.tensor([task.values.shape[1] for task in tasks]),
        n_classes=n_classes,
    )
