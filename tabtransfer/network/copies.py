"""What is left out where a training row is predicted without its own label.

That is one copy of the row, or all rows of equal cells with their whole weight; see `TaskBatch`.

Shapes: b tasks, n training rows, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from tabtransfer.tasks import TaskBatch

__all__ = ["LeftOut", "sum_over_copies"]


def sum_over_copies(values: Tensor, copies: Tensor, n_train: int) -> Tensor:
    """Return the sum over the copies of each row, itself among them.

    Parameters
    ----------
    values : Tensor, (…, m, k)
        Numbers of some training rows.
    copies : Tensor of int64, (…, m)
        The same number, below n_train, for the copies of a row.
    n_train : int
        Training rows in all.

    Returns
    -------
    Tensor, (…, m, k)

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.copies import sum_over_copies
    >>> values = torch.tensor([[1.0], [2.0], [4.0]])
    >>> sum_over_copies(values, torch.tensor([0, 1, 0]), 3)[:, 0]
    tensor([5., 2., 5.])
    """
    place = copies[..., None].expand_as(values)
    sums = values.new_zeros(*values.shape[:-2], n_train, values.shape[-1])
    return sums.scatter_add_(-2, place, values).gather(-2, place)


@dataclass(frozen=True)
class LeftOut:
    """Weights and labels that are left out with each training row.

    Parameters
    ----------
    weights : Tensor, (b, n)
        Sums of the weights.
    labels : Tensor, (b, n, k)
        Sums of the weighted label channels.
    """

    weights: Tensor
    labels: Tensor

    @classmethod
    def of(cls, batch: TaskBatch, label_channels: Tensor) -> LeftOut:
        """Find what is left out with each training row of a batch.

        Parameters
        ----------
        batch : TaskBatch
            The tasks, of which the query rows are not read.
        label_channels : Tensor, (b, n, k)
            Numeric labels of the training rows.
        """
        weights = batch.row_weights[..., None]
        if batch.copies is None:
            one = weights.clamp(max=1.0)
            return cls(one[..., 0], one * label_channels)
        total = sum_over_copies(weights, batch.copies, batch.n_train)[..., 0]
        labels = sum_over_copies(weights * label_channels, batch.copies, batch.n_train)
        return cls(total, labels)

    def take(self, rows: slice) -> LeftOut:
        """Return those of some training rows."""
        return LeftOut(self.weights[:, rows], self.labels[:, rows])
