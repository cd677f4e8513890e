"""What is known of a task's rows before the network's weights come in.

None of it depends on weights, so training may have it made one batch ahead, on other processors.

Shapes: b tasks, r rows, n training rows, q query rows, c columns, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.network.cells import CellFeatures, ColumnStatistics
from tabtransfer.network.copies import LeftOut
from tabtransfer.network.row_predictions import RowPredictions
from tabtransfer.tasks import TaskBatch, moved


@dataclass(frozen=True)
class TaskKind:
    """Say what the network must know of tasks beside their rows.

    Parameters
    ----------
    task : {"classification", "regression"}
        Kind of the tasks.
    n_columns, n_classes : Tensor of int64, (b,)
        As in `TaskBatch`.
    is_padded : bool
        Whether columns are masked, as they are where a task has fewer of them than the batch.
    """

    task: str
    n_columns: Tensor
    n_classes: Tensor
    is_padded: bool

    @classmethod
    def of(cls, batch: TaskBatch, masks_columns: bool = False) -> TaskKind:
        """Read the kind of a batch, whose columns may be masked in any case."""
        task = "regression" if batch.is_regression else "classification"
        is_padded = masks_columns or bool((batch.n_columns < batch.values.shape[-1]).any())
        return cls(task, batch.n_columns, batch.n_classes, is_padded)


@dataclass(frozen=True)
class TrainingRows:
    """Hold what the training rows say of columns, of rows, and of themselves.

    Parameters
    ----------
    labels : Tensor, (b, n, k)
        Label channels of the training rows.
    columns : ColumnStatistics
        Describe cells of any row.
    predictions : RowPredictions
        Predict any row before the network looks at it.
    cells : list of CellFeatures
        Of the training rows, some rows at a time.
    leave_one_out : Tensor, (b, n, 8, k)
        What is predicted for each training row by the others, as `RowPredictions.of` has it.
    """

    labels: Tensor
    columns: ColumnStatistics
    predictions: RowPredictions
    cells: list[CellFeatures]
    leave_one_out: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, batch: TaskBatch, chunk_rows: int | None = None) -> TrainingRows:
        """Learn from the training rows of a batch.

        Parameters
        ----------
        batch : TaskBatch
            Tasks of one kind; their query rows are not read.
        chunk_rows : int, optional
            Rows that are described at once; all if not given.
        """
        n_train = batch.n_train
        labels = label_channels(batch)  # (b, n, k)
        columns, left_out = ColumnStatistics.of(batch, labels), LeftOut.of(batch, labels)
        n_rows = chunk_rows or n_train
        parts = [slice(start, min(start + n_rows, n_train)) for start in range(0, n_train, n_rows)]
        cells = [
            columns.describe(batch.values[:, p], batch.missing[:, p], left_out.take(p))
            for p in parts
        ]
        predictions, own = RowPredictions.of(batch, _joined(cells), labels)
        return cls(labels, columns, predictions, cells, own)


@dataclass(frozen=True)
class DescribedBatch:
    """Hold tasks with all that is known of their rows without weights.

    Parameters
    ----------
    batch : TaskBatch
        The tasks.
    kind : TaskKind
        Theirs.
    labels : Tensor, (b, n, k)
        Label channels of the training rows.
    cells, query_cells : CellFeatures
        Of the training rows, and of the query rows.
    predictions, query_predictions : Tensor, (b, n, 8, k) and (b, q, 8, k)
        What kernels, learners and their stack predict for them, as `RowPredictions` has it.
    """

    batch: TaskBatch
    kind: TaskKind
    labels: Tensor
    cells: CellFeatures
    predictions: Tensor
    query_cells: CellFeatures
    query_predictions: Tensor

    def to(self, *args: Any, **kwargs: Any) -> DescribedBatch:
        """Move every tensor to a device, or every floating tensor to a dtype."""
        return moved(self, *args, **kwargs)


@torch.no_grad()
def describe(batch: TaskBatch, masks_columns: bool = False) -> DescribedBatch:
    """Describe the rows of tasks.

    Parameters
    ----------
    batch : TaskBatch
        Tasks of one kind.
    masks_columns : bool, default=False
        Whether the network masks columns even where none is padded, which changes nothing but
        that all batches of a shape then take the same code.

    Returns
    -------
    DescribedBatch
        On the same device.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.described import describe
    >>> from tabtransfer.tasks import TaskBatch
    >>> batch = TaskBatch(
    ...     values=torch.randn(1, 12, 3), missing=torch.zeros(1, 12, 3, dtype=torch.bool),
    ...     categorical=torch.zeros(1, 3, dtype=torch.bool), labels=torch.arange(12)[None] % 2,
    ...     n_train=8, n_columns=torch.tensor([3]), n_classes=torch.tensor([2]))
    >>> describe(batch).query_predictions.shape
    torch.Size([1, 4, 8, 2])
    """
    known = TrainingRows.of(batch)
    (cells,) = known.cells
    values, missing = batch.values[:, batch.n_train :], batch.missing[:, batch.n_train :]
    learners = None if batch.learners is None else batch.learners[:, batch.n_train :]
    query_cells = known.columns.describe(values, missing)
    query_predictions = known.predictions.predict(values, query_cells, learners)
    return DescribedBatch(
        batch,
        TaskKind.of(batch, masks_columns),
        known.labels,
        cells,
        known.leave_one_out,
        query_cells,
        query_predictions,
    )


def label_channels(batch: TaskBatch) -> Tensor:
    """Return numeric labels of the training rows, of the classes that the tasks have.

    Parameters
    ----------
    batch : TaskBatch
        Tasks of one kind.

    Returns
    -------
    Tensor, (b, n, k)
        One-hot classes; or the target and its square less 1.
    """
    labels = batch.labels[:, : batch.n_train]
    if batch.is_regression:
        return torch.stack([labels, labels.square() - 1.0], -1).to(batch.values.dtype)
    return F.one_hot(labels, int(batch.n_classes.max())).to(batch.values.dtype)


def _joined(cells: list[CellFeatures]) -> CellFeatures:
    """Put the cells of several parts of the rows together."""
    if len(cells) == 1:
        return cells[0]
    return CellFeatures(
        torch.cat([part.features for part in cells], 2),
        torch.cat([part.neighbour_labels for part in cells], 2),
    )
