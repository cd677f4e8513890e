"""The loss of pretraining and fine-tuning, for both kinds of tasks."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from tabtransfer.network.quantiles import pinball_loss
from tabtransfer.tasks import TaskBatch

__all__ = ["task_loss"]


def task_loss(output: Tensor, batch: TaskBatch) -> Tensor:
    """Return the mean loss of the query rows, averaged over tasks; 1 is what guessing costs.

    Rows count by their weights. Of classes it is the cross-entropy over ln(classes), and
    guessing is even. Of numbers it is the pinball loss over all quantiles, and guessing is to
    know no more than the standardised target's normal distribution.

    Parameters
    ----------
    output : Tensor, (b, q, max_classes) or (b, q, n_quantiles)
        What the network says of the query rows: logits, or quantiles.
    batch : TaskBatch
        The tasks, with the labels of the query rows.

    Returns
    -------
    Tensor
        A scalar.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.loss import task_loss
    >>> from tabtransfer.tasks import TaskBatch
    >>> batch = TaskBatch(
    ...     values=torch.randn(1, 12, 3), missing=torch.zeros(1, 12, 3, dtype=torch.bool),
    ...     categorical=torch.zeros(1, 3, dtype=torch.bool), labels=torch.arange(12)[None] % 2,
    ...     n_train=8, n_columns=torch.tensor([3]), n_classes=torch.tensor([2]))
    >>> round(task_loss(torch.zeros(1, 4, 2), batch).item(), 3)
    1.0
    """
    labels = batch.labels[:, batch.n_train :]
    if batch.is_regression:
        losses = pinball_loss(output, labels.to(output.dtype))  # (b, q)
    else:
        losses = F.cross_entropy(output.transpose(1, 2), labels, reduction="none")
        # Of a task with one class there is nothing to learn.
        losses = losses / batch.n_classes[:, None].clamp(min=2).log()
    if batch.query_weights is not None:
        losses = losses * (batch.query_weights / batch.query_weights.mean(-1, keepdim=True))
    return losses.mean()
