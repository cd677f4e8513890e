"""The batch of tasks: all that makes tasks fills it, and the network reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass, replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

Record = TypeVar("Record")

N_LEARNERS = 3
"""Models whose predictions a task may carry: a forest, boosted trees and a tuned kernel."""


@dataclass(frozen=True)
class TaskBatch:
    """A batch of prediction tasks of equal shape, training rows first.

    Shapes use b tasks, r rows (training rows, then query rows), c columns, k label channels:
    as many as the task with most classes has classes; or two, a numeric target and its square
    less 1. Tasks with fewer columns than c are padded on the right; rows are never padded.

    Parameters
    ----------
    values : Tensor of float, (b, r, c)
        Cell values on any scale (the network standardises them by the training rows).
        Categories are codes 0, 1, 2, … What stands in missing or padded cells is ignored.
    missing : Tensor of bool, (b, r, c)
        True where the cell is missing.
    categorical : Tensor of bool, (b, c)
        True where the column holds category codes.
    labels : Tensor, (b, r)
        Class index (int64) or, for regression, the target (float). Query rows' labels are
        read by the loss alone; prediction may leave zeros there.
    n_train : int
        Rows before this index are training rows.
    n_columns : Tensor of int64, (b,)
        How many columns are real.
    n_classes : Tensor of int64, (b,)
        Number of classes; 0 for regression, then for every task of the batch.
    weights : Tensor of float, (b, n_train), optional
        Row weights of the training rows; weight 2 equals the row twice. None: all one.
    query_weights : Tensor of float, (b, r - n_train), optional
        Weights of the query rows; only the loss reads them. None: all one.
    learners : Tensor of float, (b, r, 3, k), optional
        What other models predict of the label channels: probabilities of classes, or the
        expected target and its expected square less 1. A training row is predicted without its
        own label, by a model of the same kind as those that predict query rows, which may have
        learned from more rows than the task shows. NaN in all rows of a model that is absent;
        None: all are.
    copies : Tensor of int64, (b, n_train), optional
        The same number, below n_train, for training rows of equal cells, which are left out
        together, and with their whole weight, where a row is predicted without its own label. None:
        one copy is left out, the row itself or 1 of its weight.
    """

    values: Tensor
    missing: Tensor
    categorical: Tensor
    labels: Tensor
    n_train: int
    n_columns: Tensor
    n_classes: Tensor
    weights: Tensor | None = None
    query_weights: Tensor | None = None
    learners: Tensor | None = None
    copies: Tensor | None = None

    @property
    def is_regression(self) -> bool:
        """Whether the tasks have numeric targets."""
        return self.labels.is_floating_point()

    @property
    def row_weights(self) -> Tensor:
        """Weights of the training rows (b, n_train), ones where none were given."""
        if self.weights is None:
            return self.values.new_ones(len(self.values), self.n_train)
        return self.weights.to(self.values.dtype)

    def to(self, *args: Any, **kwargs: Any) -> TaskBatch:
        """Move every tensor to a device, or every floating tensor to a dtype."""
        return moved(self, *args, **kwargs)


def moved(record: Record, *args: Any, **kwargs: Any) -> Record:
    """Return a record, and the records in it, with every tensor moved.

    Parameters
    ----------
    record : dataclass
        Holds tensors, other records and anything else.
    *args, **kwargs
        A device, or a dtype for floating tensors alone, as `torch.Tensor.to` takes them.

    Returns
    -------
    dataclass
        Of the same kind.
    """
    fields: dict[str, Any] = {}
    for name, value in vars(record).items():
        if isinstance(value, Tensor):
            fields[name] = value.to(*args, **kwargs) if _follows(value, args, kwargs) else value
        elif is_dataclass(value) and not isinstance(value, type):
            fields[name] = moved(cast(Any, value), *args, **kwargs)
    return replace(cast(Any, record), **fields)


def _follows(tensor: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    to_dtype = "dtype" in kwargs or any(isinstance(arg, torch.dtype) for arg in args)
    return tensor.is_floating_point() or not to_dtype
