"""Tasks drawn from real tables: any column may be the target, rows and columns are random.

After TabDPT (Ma et al. 2024, arXiv 2410.18164), with more ways to make a new task of an old
table: numbers are bent and categories recoded.

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
from tabtransfer.pretrain.prior.targets import present_classes
from tabtransfer.target_scale import TargetScale
from tabtransfer.tasks import TaskBatch

MAX_CLASSES = 10
_KNOWN_TARGET = 0.5  # chance to take the column that the table's source calls the target
_BIN_WEIGHTS = (10, 4, 2, 1.5, 1, 0.8, 0.7, 0.6, 0.6)  # 2, 3, … 10 classes
_ALL_COLUMNS = 0.6  # chance to keep all columns
_MORE_MISSING = 0.1
_BENT = 0.25  # share of tables whose numbers are bent, each in its own way
_MAX_MAJORITY = 0.97
_COPY = 0.995  # rank correlation from which a column is a copy of the target
_TRIES = 8
_LARGEST = 1e9  # of a number in the input: beyond, squares and powers leave single precision


@dataclass(frozen=True)
class NumberTable:
    """Hold a real table as numbers, ready to draw tasks from.

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
    """

    name: str
    values: NDArray[np.float32]
    categorical: NDArray[np.bool_]
    target: int


@dataclass(frozen=True)
class _Task:
    values: NDArray[np.float32]  # (r, c), NaN where missing
    categorical: NDArray[np.bool_]  # (c,)
    labels: NDArray  # (r,) of int64, or float64


class RealTasks:
    """Draw batches of tasks from real tables.

    Parameters
    ----------
    tables : sequence of NumberTable
        Where tasks come from.

    Raises
    ------
    TabTransferError
        If there are no tables.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    >>> table = NumberTable("toy", values, np.zeros(6, bool), -1)
    >>> batch = RealTasks([table]).batch(np.random.default_rng(0), 64, 40, 4096, (2, 8), 40)
    >>> batch.values.shape[1], batch.n_train
    (64, 40)
    """

    def __init__(self, tables: Sequence[NumberTable]) -> None:
        if not tables:
            raise TabTransferError("no real tables are left to train on")
        self.tables = tables
        self._n_rows = np.array([len(table.values) for table in tables])
        self._n_columns = np.array([table.values.shape[1] for table in tables])
        self._weights = np.log2(self._n_rows) * np.log2(self._n_columns)
        self._has_numbers = np.array([(~table.categorical).any() for table in tables])

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
            Tables of few columns are padded to the widest. None where no table gave a task.
        """
        train_share = n_train / n_rows
        usable = self._weights * (self._has_numbers if regression else 1.0)
        if not usable.any():
            return None
        n_rows = min(n_rows, int(self._n_rows[usable > 0].max()))
        usable = usable * (self._n_rows >= n_rows)
        first = random.choice(len(usable), p=usable / usable.sum())
        widest = min(self._n_columns[first], max_columns)
        fits = (self._n_columns >= widest / 2) & (self._n_columns <= widest)
        fits[first] = True
        usable = usable * fits
        low, high = n_tasks
        count = min(max(cells // (n_rows * widest), low), high)
        tasks: list[_Task] = []
        for place in random.choice(len(usable), count, p=usable / usable.sum()):
            task = _draw_task(random, self.tables[place], n_rows, max_columns, regression)
            tasks += [task] if task is not None else []
        if not tasks:
            return None
        return _to_batch(random, tasks, max(1, int(train_share * n_rows)), regression)


def _draw_task(
    random: np.random.Generator, table: NumberTable, n_rows: int, max_columns: int, regression: bool
) -> _Task | None:
    """Try some columns as the target; None if none of them makes a task."""
    for _ in range(_TRIES):
        column = int(random.integers(table.values.shape[1]))
        if table.target >= 0 and random.random() < _KNOWN_TARGET:
            column = table.target
        y = table.values[:, column]
        labels = (_number_labels if regression else _class_labels)(
            random, y, bool(table.categorical[column])
        )
        if labels is None:
            continue
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


def _class_labels(random: np.random.Generator, y: NDArray, categorical: bool) -> NDArray | None:
    """Make classes of a column, NaN in rows left out: its levels, or bins of its numbers."""
    levels, codes, counts = np.unique(
        np.where(np.isnan(y), np.inf, y), return_inverse=True, return_counts=True
    )
    if np.isinf(levels[-1]):
        levels, counts = levels[:-1], counts[:-1]
    if len(levels) < 2:
        return None
    if categorical or len(levels) <= MAX_CLASSES:
        kept = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
        names = np.full(len(levels) + 1, np.nan)
        names[kept] = random.permutation(len(kept))
        return names[codes]
    weights = np.array(_BIN_WEIGHTS)
    n_bins = 2 + int(random.choice(len(weights), p=weights / weights.sum()))
    if random.random() < 0.5:
        shares = np.arange(1, n_bins) / n_bins
    else:
        shares = np.sort(random.uniform(0.05, 0.95, n_bins - 1))
    edges = np.unique(np.nanquantile(y, shares))
    names = random.permutation(len(edges) + 1) if random.random() < 0.3 else np.arange(11)
    labels = names[np.searchsorted(edges, y)].astype(np.float64)
    return np.where(np.isnan(y), np.nan, labels)


def _number_labels(random: np.random.Generator, y: NDArray, categorical: bool) -> NDArray | None:
    """Take a column of many numbers as it is."""
    if categorical or len(np.unique(y[~np.isnan(y)])) <= 2 * MAX_CLASSES:
        return None
    return y.astype(np.float64)


def _draw_columns(
    random: np.random.Generator, table: NumberTable, target: int, rows: NDArray, max_columns: int
) -> NDArray[np.int64]:
    """Choose input columns, without copies of the target and without constant ones."""
    n_columns = table.values.shape[1]
    columns = random.permutation(np.delete(np.arange(n_columns), target))
    share = 1.0 if random.random() < _ALL_COLUMNS else random.uniform(0.3, 1.0)
    columns = columns[: min(max(2, math.ceil(share * len(columns))), max_columns)]
    y = table.values[rows, target]
    useful = []
    for column in columns:
        x = table.values[rows, column]
        known = ~(np.isnan(x) | np.isnan(y))
        if known.any() and not _is_copy(x[known], y[known]):
            useful.append(column)
    return np.array(useful, dtype=np.int64)


def _is_copy(x: NDArray, y: NDArray) -> bool:
    """Whether a column is constant, orders rows as the target does, or renames its levels.

    Of levels that come once or twice each, any two columns are one-to-one: that says nothing.
    """
    x_levels, x_codes = np.unique(x, return_inverse=True)
    y_levels, y_codes = np.unique(y, return_inverse=True)
    if len(x_levels) < 2 or len(y_levels) < 2:
        return len(x_levels) < 2
    if 2 * len(y_levels) < len(y):
        pairs = len(np.unique(x_codes * len(y_levels) + y_codes))
        if pairs == len(x_levels) == len(y_levels):
            return True
    if min(len(x_levels), len(y_levels)) <= MAX_CLASSES:
        return False
    return abs(float(np.corrcoef(x_codes, y_codes)[0, 1])) > _COPY


def _vary(
    random: np.random.Generator, values: NDArray, categorical: NDArray, labels: NDArray
) -> _Task:
    """Recode categories, bend numbers, lose some cells: the same task in another dress."""
    values = values.copy()
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
    """Map numbers by a random increasing or decreasing function."""
    z = (x - np.nanmean(x)) / (np.nanstd(x) + 1e-6)
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
    random: np.random.Generator, tasks: list[_Task], n_train: int, regression: bool
) -> TaskBatch:
    widest = max(task.values.shape[1] for task in tasks)

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
