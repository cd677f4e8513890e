"""Score a network on real tables while it trains: one pass, fixed splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.network import TabularTransformer
from tabtransfer.pretrain.corpus import RealTable, to_task
from tabtransfer.pretrain.scores import one_vs_one_auc, relative_log_loss
from tabtransfer.tasks import TaskBatch

MAX_CONTEXT = 500
MAX_QUERY = 500


def validation_tasks(tables: Sequence[RealTable]) -> list[TaskBatch]:
    """Split tables into equal training and query halves, always the same ones.

    Parameters
    ----------
    tables : sequence of RealTable
        Tables with classes as target.

    Returns
    -------
    list of TaskBatch
        One batch of one task for each table, at most 500 training and 500 query rows and the 10
        most frequent classes.

    Raises
    ------
    TabTransferError
        If a table can't be split (see `to_task`).

    Examples
    --------
    >>> import pandas as pd
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> [task.n_train for task in validation_tasks([table])]
    [4]
    """
    rows = MAX_CONTEXT + MAX_QUERY
    return [to_task(table, rows, MAX_CONTEXT / rows, seed=0) for table in tables]


def validation_score(network: TabularTransformer, tasks: Sequence[TaskBatch]) -> dict[str, float]:
    """Score one pass of a network: no ensemble, no fine-tuning.

    The network runs in evaluation mode and returns to the mode that it was in.

    Parameters
    ----------
    network : TabularTransformer
        Network to score, on any device.
    tasks : sequence of TaskBatch
        From `validation_tasks`.

    Returns
    -------
    dict of str to float
        ``"roc_auc"`` (one-vs-one) and ``"log_loss"`` (divided by ln(classes)), means over tables.

    Raises
    ------
    TabTransferError
        If there are no tasks.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.network import NetworkConfig
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> network = TabularTransformer(NetworkConfig())
    >>> sorted(validation_score(network, validation_tasks([table])))
    ['log_loss', 'roc_auc']
    """
    if not tasks:
        raise TabTransferError("no tables to validate on: give a corpus with classification tables")
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    try:
        scores = np.array([_score_task(network, task.to(device)) for task in tasks])
    finally:
        network.train(was_training)
    roc_auc, log_loss = np.nanmean(scores, axis=0)
    return {"roc_auc": float(roc_auc), "log_loss": float(log_loss)}


@torch.inference_mode()
def _score_task(network: TabularTransformer, task: TaskBatch) -> tuple[float, float]:
    n_classes = int(task.n_classes[0])
    logits = network(task)[0, :, :n_classes].double()
    probabilities = logits.softmax(dim=-1).cpu().numpy()
    labels = task.labels[0, task.n_train :].cpu().numpy()
    return one_vs_one_auc(probabilities, labels), relative_log_loss(probabilities, labels)
