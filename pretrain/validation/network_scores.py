"""Score a network on real tables while it trains, in one pass over fixed splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.pretrain.learner_inputs import with_chosen_learners
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.validation.metrics import one_vs_one_auc, r_squared, relative_log_loss
from tabtransfer.tasks import TaskBatch

_FEWEST_ROWS = 1000
_TRAIN_SHARE = 0.5


def validation_tasks(
    tables: Sequence[RealTable], task: str = "classification", max_rows: int = _FEWEST_ROWS
) -> list[TaskBatch]:
    """Split tables into equal training and query halves, always the same ones.

    What training on long contexts gains or loses there, short ones don't show (record 036).

    Parameters
    ----------
    tables : sequence of RealTable
        Tables with classes, or with numbers, as target.
    task : {"classification", "regression"}
        Which of the two.
    max_rows : int, default=1000
        Most rows of a table, such as training tasks have; never fewer than 1,000.

    Returns
    -------
    list of TaskBatch
        One batch of one task for each table, of its 10 most frequent classes. Numeric targets are
        standardised by the training rows. Trees that the estimators would choose are grown on the
        training rows.

    Raises
    ------
    TabTransferError
        If a table can't be split (see `draw_rows`).

    Examples
    --------
    >>> import pandas as pd
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> [task.n_train for task in validation_tasks([table])]
    [4]
    """
    max_rows = max(max_rows, _FEWEST_ROWS)
    return [with_chosen_learners(_encoded_task(table, task, max_rows)) for table in tables]


def _encoded_task(table: RealTable, task: str, max_rows: int) -> TaskBatch:
    """Return a task of a table, encoded as the estimators do, by the training rows alone."""
    from tabtransfer.inference.predict import task_batch
    from tabtransfer.preprocessing.encoder import TableEncoder

    rows, labels, n_train = draw_rows(table, task, max_rows, _TRAIN_SHARE, seed=0)
    n_classes = 0 if task == "regression" else len(np.unique(labels))
    X = table.X.iloc[rows]
    encoder = TableEncoder().fit(X[:n_train])
    return task_batch(
        encoder.transform(X[:n_train]),
        labels[:n_train],
        encoder.transform(X[n_train:]),
        n_classes=n_classes,
        query_labels=labels[n_train:],
    )


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
        Means over tables: ``"roc_auc"`` (one-vs-one) and ``"log_loss"`` (divided by
        ln(classes)) if there are classification tasks, ``"r2"`` (at least -1 a table) if there
        are regression tasks.

    Raises
    ------
    TabTransferError
        If there are no tasks.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> table = RealTable("toy", pd.DataFrame({"a": range(8)}), pd.Series(list("xyxyxyxy")))
    >>> network = TabularTransformer(NetworkConfig())
    >>> sorted(validation_score(network, validation_tasks([table])))
    ['log_loss', 'roc_auc']
    """
    if not tasks:
        raise TabTransferError(
            "no tables to validate on: give a corpus with tables that have a target"
        )
    device = next(network.parameters()).device
    was_training = network.training
    network.eval()
    try:
        scores = [_score_task(network, task.to(device)) for task in tasks]
    finally:
        network.train(was_training)
    names = dict.fromkeys(name for score in scores for name in score)
    return {
        name: float(np.nanmean([score[name] for score in scores if name in score]))
        for name in names
    }


@torch.inference_mode()
def _score_task(network: TabularTransformer, task: TaskBatch) -> dict[str, float]:
    output = network(task)[0].double()
    labels = task.labels[0, task.n_train :].cpu().numpy()
    if task.is_regression:
        return {"r2": r_squared(output.mean(-1).cpu().numpy(), labels.astype(np.float64))}
    probabilities = output[:, : int(task.n_classes[0])].softmax(dim=-1).cpu().numpy()
    return {
        "roc_auc": one_vs_one_auc(probabilities, labels),
        "log_loss": relative_log_loss(probabilities, labels),
    }
