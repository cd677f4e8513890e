"""How hard tasks are: the scores of two classical models beside the facts of the table.

Log-losses are on the query rows and divided by ln(classes), so that 1 means "no better than
guessing evenly" whatever the number of classes; numbers have R², 0 for the mean. A prior is worth
training on when these figures of its tasks spread as those of real tables do.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.target_scale import MAX_TARGET
from tabtransfer.pretrain.validation.metrics import one_vs_one_auc, r_squared, relative_log_loss
from tabtransfer.tasks import TaskBatch

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

Floats = NDArray[np.float64]

SCORES = ("majority", "linear", "linear_auc", "forest", "forest_auc")
SHARES_MIXED_IN = 0.01
MAX_LEVELS = 50
# Three rows a leaf keep the shares of 100 trees honest on small tables; with one, the loss on
# tables of few levels measures overconfidence instead of what there is to learn.
FOREST = {"n_estimators": 100, "min_samples_leaf": 3, "n_jobs": 1, "random_state": 0}


def measure_difficulty(batch: TaskBatch) -> pd.DataFrame:
    """Measure every task of a batch.

    Parameters
    ----------
    batch : TaskBatch
        Tasks with at least one training and one query row; the labels of the query rows must be
        there.

    Returns
    -------
    pandas.DataFrame
        One row per task. Facts of all rows: ``n_rows``, ``n_columns``, ``categorical`` and
        ``missing`` (shares of columns and of cells), ``columns_with_missing`` (count),
        ``distinct`` (mean share of distinct values of a column). The models are linear ones on
        one-hot categories, at most 50 levels a column, and forests of 100 trees with three rows
        a leaf.

        Of classes: ``n_classes`` and ``largest_class`` (share). Log-losses on the query rows:
        ``majority`` (the class shares of the training rows), ``linear`` (logistic regression),
        ``forest``. One-vs-one ROC AUC: ``linear_auc``, ``forest_auc``; NaN where the query rows
        hold one class. A task of a single class has NaN for all five.

        Of numbers, clipped at `MAX_TARGET`: ``distinct_targets`` and ``most_frequent_target``
        (shares of rows), ``skewness`` (NaN where all are equal), ``largest_target`` (magnitude).
        R² on the query rows: ``linear_r2`` (ridge regression), ``forest_r2``; NaN where the
        query rows' targets are all equal.

    Raises
    ------
    TabTransferError
        If there are no rows on one side of the split.

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

    if not 0 < batch.n_train < batch.labels.shape[1]:
        raise TabTransferError(
            f"difficulty needs training and query rows; n_train={batch.n_train} "
            f"of {batch.labels.shape[1]} rows leaves one side empty"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unconverged fits and unknown levels are fine
        return pd.DataFrame([_measure_task(batch, index) for index in range(len(batch.labels))])


def _measure_task(batch: TaskBatch, index: int) -> dict[str, float]:
    n_columns = int(batch.n_columns[index])
    values = batch.values[index, :, :n_columns].double().cpu().numpy()
    missing = batch.missing[index, :, :n_columns].cpu().numpy()
    categorical = batch.categorical[index, :n_columns].cpu().numpy()
    labels = batch.labels[index].cpu().numpy()
    cells = np.where(missing, np.nan, values)
    facts = {
        "n_rows": len(labels),
        "n_columns": n_columns,
        "categorical": float(categorical.mean()),
        "missing": float(missing.mean()),
        "columns_with_missing": int(missing.any(axis=0).sum()),
        "distinct": _share_of_distinct(cells),
    }
    known = ~np.isnan(cells[: batch.n_train]).all(axis=0)
    cells, categorical = cells[:, known], categorical[known]
    if batch.is_regression:
        return facts | _measure_numbers(cells, categorical, labels, batch.n_train)
    n_classes = int(batch.n_classes[index])
    return facts | _measure_classes(cells, categorical, labels, batch.n_train, n_classes)


def _share_of_distinct(cells: Floats) -> float:
    counts = [len(np.unique(column[~np.isnan(column)])) for column in cells.T]
    return float(np.mean(counts)) / len(cells)


def _measure_classes(
    cells: Floats, categorical: NDArray[np.bool_], labels: NDArray, n_train: int, n_classes: int
) -> dict[str, float]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    largest = float(np.bincount(labels).max() / len(labels))
    measured = {"n_classes": n_classes, "largest_class": largest}
    if n_classes < 2:
        return measured | dict.fromkeys(SCORES, float("nan"))
    train, query = labels[:n_train], labels[n_train:]
    shares = (np.bincount(train, minlength=n_classes) + 1) / (n_train + n_classes)
    measured["majority"] = relative_log_loss(np.tile(shares, (len(query), 1)), query)
    linear = _on_columns(categorical, LogisticRegression(max_iter=300))
    for name, model in (("linear", linear), ("forest", RandomForestClassifier(**FOREST))):
        probabilities = np.tile(shares, (len(query), 1))
        if cells.size and len(np.unique(train)) > 1:
            model.fit(cells[:n_train], train)
            predicted = np.zeros_like(probabilities)
            predicted[:, model.classes_] = model.predict_proba(cells[n_train:])
            probabilities = (1 - SHARES_MIXED_IN) * predicted + SHARES_MIXED_IN * shares
        measured[name] = relative_log_loss(probabilities, query)
        measured[f"{name}_auc"] = one_vs_one_auc(probabilities, query)
    return measured


def _measure_numbers(
    cells: Floats, categorical: NDArray[np.bool_], targets: NDArray, n_train: int
) -> dict[str, float]:
    from scipy.stats import skew
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge

    targets = targets.astype(np.float64).clip(-MAX_TARGET, MAX_TARGET)
    counts = np.unique(targets, return_counts=True)[1]
    measured = {
        "distinct_targets": len(counts) / len(targets),
        "most_frequent_target": counts.max() / len(targets),
        "skewness": float(skew(targets)) if len(counts) > 1 else float("nan"),
        "largest_target": float(np.abs(targets).max()),
    }
    train, query = targets[:n_train], targets[n_train:]
    linear = _on_columns(categorical, Ridge())
    for name, model in (("linear_r2", linear), ("forest_r2", RandomForestRegressor(**FOREST))):
        predicted = np.full(len(query), train.mean())
        if cells.size:
            model.fit(cells[:n_train], train)
            predicted = model.predict(cells[n_train:])
        measured[name] = r_squared(predicted, query)
    return measured


def _on_columns(categorical: NDArray[np.bool_], model: BaseEstimator) -> Pipeline:
    """Put a linear model behind one-hot codes of categories and standardised numbers."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_LEVELS)
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = ColumnTransformer(
        [("levels", levels, categorical), ("numbers", numbers, ~categorical)]
    )
    return make_pipeline(columns, model)
