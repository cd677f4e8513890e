"""How hard tasks are: the scores of two classical models beside the facts of the table.

Log-losses are on the query rows and divided by ln(classes), so that 1 means "no better than
guessing evenly" whatever the number of classes. A prior is worth training on when these figures
of its tasks spread as those of real tables do.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.scores import one_vs_one_auc, relative_log_loss
from tabtransfer.tasks import TaskBatch

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import ClassifierMixin

Floats = NDArray[np.float64]

SCORES = ("majority", "linear", "linear_auc", "forest", "forest_auc")
SHARES_MIXED_IN = 0.01
MAX_LEVELS = 50


def measure_difficulty(batch: TaskBatch) -> pd.DataFrame:
    """Measure every task of a batch of classification tasks.

    Parameters
    ----------
    batch : TaskBatch
        Classification tasks with at least one training and one query row; the labels of the
        query rows must be there.

    Returns
    -------
    pandas.DataFrame
        One row per task. Log-losses on the query rows: ``majority`` (the class shares of the
        training rows), ``linear`` (a logistic regression on one-hot categories, at most 50
        levels a column), ``forest`` (100 trees, three rows a leaf). One-vs-one ROC AUC:
        ``linear_auc``, ``forest_auc``; NaN where the query rows hold one class. A task of a
        single class has NaN for all five. Facts of all rows: ``n_rows``, ``n_columns``,
        ``n_classes``, ``categorical`` and ``missing`` (shares of columns and of cells),
        ``columns_with_missing`` (count), ``distinct`` (mean share of distinct values of a
        column), ``largest_class`` (share).

    Raises
    ------
    TabTransferError
        If the tasks have numeric targets or no rows on one side of the split.

    Notes
    -----
    Probabilities of the models are mixed with 1 % of the class shares of the training rows
    (each class counted once more than it occurs), so that one sure and wrong tree vote costs
    about ln(100 · classes) and not infinity.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.tasks import TaskBatch
    >>> values = torch.arange(40.0).reshape(1, 40, 1) % 10
    >>> batch = TaskBatch(
    ...     values=values,
    ...     missing=torch.zeros(1, 40, 1, dtype=torch.bool),
    ...     categorical=torch.zeros(1, 1, dtype=torch.bool),
    ...     labels=(values[..., 0] > 4).long(),
    ...     n_train=30,
    ...     n_columns=torch.tensor([1]),
    ...     n_classes=torch.tensor([2]),
    ... )
    >>> measured = measure_difficulty(batch)
    >>> bool(measured["forest"][0] < 0.1 < measured["majority"][0])
    True
    """
    import pandas as pd

    if batch.is_regression:
        raise TabTransferError("difficulty is measured on classification tasks; these have numbers")
    if not 0 < batch.n_train < batch.labels.shape[1]:
        raise TabTransferError(
            f"difficulty needs training and query rows; n_train={batch.n_train} "
            f"of {batch.labels.shape[1]} rows leaves one side empty"
        )
    return pd.DataFrame([_measure_task(batch, index) for index in range(len(batch.labels))])


def _measure_task(batch: TaskBatch, index: int) -> dict[str, float]:
    n_columns, n_classes = int(batch.n_columns[index]), int(batch.n_classes[index])
    values = batch.values[index, :, :n_columns].double().cpu().numpy()
    missing = batch.missing[index, :, :n_columns].cpu().numpy()
    categorical = batch.categorical[index, :n_columns].cpu().numpy()
    labels = batch.labels[index].cpu().numpy()
    cells = np.where(missing, np.nan, values)
    return {
        "n_rows": len(labels),
        "n_columns": n_columns,
        "n_classes": n_classes,
        "categorical": float(categorical.mean()),
        "missing": float(missing.mean()),
        "columns_with_missing": int(missing.any(axis=0).sum()),
        "distinct": _share_of_distinct(cells),
        "largest_class": float(np.bincount(labels).max() / len(labels)),
        **_scores(cells, categorical, labels, batch.n_train, n_classes),
    }


def _share_of_distinct(cells: Floats) -> float:
    counts = [len(np.unique(column[~np.isnan(column)])) for column in cells.T]
    return float(np.mean(counts)) / len(cells)


def _scores(
    cells: Floats, categorical: NDArray[np.bool_], labels: NDArray, n_train: int, n_classes: int
) -> dict[str, float]:
    if n_classes < 2:
        return dict.fromkeys(SCORES, float("nan"))
    train, query = labels[:n_train], labels[n_train:]
    shares = (np.bincount(train, minlength=n_classes) + 1) / (n_train + n_classes)
    known = ~np.isnan(cells[:n_train]).all(axis=0)
    cells, categorical = cells[:, known], categorical[known]
    scores = {"majority": relative_log_loss(np.tile(shares, (len(query), 1)), query)}
    for name, model in (("linear", _linear(categorical)), ("forest", _forest())):
        probabilities = np.tile(shares, (len(query), 1))
        if known.any() and len(np.unique(train)) > 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # unconverged fits and unknown levels are fine
                model.fit(cells[:n_train], train)
                predicted = np.zeros_like(probabilities)
                predicted[:, model.classes_] = model.predict_proba(cells[n_train:])
            probabilities = (1 - SHARES_MIXED_IN) * predicted + SHARES_MIXED_IN * shares
        scores[name] = relative_log_loss(probabilities, query)
        scores[f"{name}_auc"] = one_vs_one_auc(probabilities, query)
    return scores


def _linear(categorical: NDArray[np.bool_]) -> ClassifierMixin:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_LEVELS)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer(
        [("levels", levels, categorical), ("numbers", numbers, ~categorical)]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=300))


def _forest() -> ClassifierMixin:
    from sklearn.ensemble import RandomForestClassifier

    # Three rows a leaf keep the shares of 100 trees honest on small tables; with one, the loss on
    # tables of few levels measures overconfidence instead of what there is to learn.
    return RandomForestClassifier(100, min_samples_leaf=3, n_jobs=1, random_state=0)
