"""Losses of two networks on real tables, as the estimators predict with them.

The learners are fitted once for both, and both read the same rows in the same views. A loss is
that of guessing by the training rows at 1, and 0 at best: of classes the log loss, of numbers the
root of the mean squared error.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows
from tabtransfer.pretrain.real_tables.real_table import RealTable

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.inference.fitting import PreparedRows
    from tabtransfer.inference.settings import TaskType

__all__ = ["TableTask", "compare_checkpoints"]

_MAX_ROWS = 1200  # half of them to learn from
_LEAST = 1e-7  # probability


@dataclass(frozen=True, eq=False)
class TableTask:
    """A table with what to predict of it.

    Parameters
    ----------
    table : RealTable
        The table, with its target.
    task : {"classification", "regression"}
        What the target is.
    """

    table: RealTable
    task: TaskType


def compare_checkpoints(
    tasks: Sequence[TableTask],
    before: Path | None,
    after: Path | None,
    advance: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """Measure the losses of two checkpoints.

    Parameters
    ----------
    tasks : sequence of TableTask
        What to predict. Of larger tables, 1,200 rows are drawn; those that can't be split are
        left out.
    before, after : Path or None
        The checkpoints; None for the shipped one.
    advance : callable, optional
        Called after each task.

    Returns
    -------
    pandas.DataFrame
        A row for each task: ``table``, ``target``, ``task``, ``before`` and ``after``.
    """
    import pandas as pd

    rows = []
    for task in tasks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            losses = _losses(task, (before, after))
        if losses is not None:
            table = task.table
            rows.append((table.name, str(table.y.name), task.task, *losses))
        advance()
    return pd.DataFrame(rows, columns=["table", "target", "task", "before", "after"])


def _losses(task: TableTask, checkpoints: Sequence[Path | None]) -> list[float] | None:
    from tabtransfer.inference.fitting import add_learners, prepare_rows
    from tabtransfer.inference.resources import Resources
    from tabtransfer.inference.settings import FitSettings
    from tabtransfer.preprocessing.training_input import TrainingInput

    try:
        rows, labels, n_train = draw_rows(task.table, task.task, _MAX_ROWS, 0.5, seed=0)
    except TabTransferError:
        return None
    X = task.table.X.iloc[rows].reset_index(drop=True)
    settings = FitSettings(task.task, None, 4096)
    try:
        given = TrainingInput(X[:n_train], labels[:n_train], None)
        prepared = prepare_rows(given, settings, seed=0)
    except TabTransferError:  # infinite cells, say
        return None
    prepared = add_learners(prepared, Resources())
    guessing = _guess(labels[:n_train], labels[n_train:], task.task)
    if not guessing > 0:
        return None
    return [_loss(prepared, path, X[n_train:], labels[n_train:]) / guessing for path in checkpoints]


def _loss(prepared: PreparedRows, path: Path | None, X: pd.DataFrame, labels: NDArray) -> float:
    from tabtransfer.checkpoint import load_checkpoint
    from tabtransfer.inference.fitted import FittedClassifier
    from tabtransfer.inference.fitting import add_blend, build_model
    from tabtransfer.inference.kept_network import KeptNetwork
    from tabtransfer.inference.resources import Resources

    network = KeptNetwork.of(load_checkpoint(path), path)
    model = add_blend(build_model(prepared, network, Resources()), prepared)
    if isinstance(model, FittedClassifier):
        probabilities = model.probabilities(X)[np.arange(len(labels)), labels]
        return float(-np.log(probabilities.clip(_LEAST)).mean())
    return _root_mean_square(labels - np.concatenate(model.ask(X, model.values))[:, 0])


def _guess(known: NDArray, labels: NDArray, task: str) -> float:
    """Return the loss of guessing the class shares, or the mean."""
    if task == "regression":
        return _root_mean_square(labels - known.mean())
    shares = np.bincount(known) / len(known)
    return float(-np.log(shares[labels]).mean())


def _root_mean_square(errors: NDArray) -> float:
    return float(np.sqrt(np.square(errors).mean()))
