"""Metrics of predictions: of classes, of numbers, of quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.bench.reliability import COVERAGE, interval_coverage

METRICS = (
    *("roc_auc", "log_loss", "accuracy", "calibration_error"),
    *("rmse", "r2", "mae", "crps", *COVERAGE),
)
QUANTILE_LEVELS = tuple(percent / 100 for percent in range(1, 100))
"""Levels of the quantiles that `crps` and the coverage of intervals are computed from."""
N_CALIBRATION_BINS = 15


def score_probabilities(
    y: Sequence[Any], probabilities: NDArray[Any], classes: Sequence[Any], labels: Sequence[Any]
) -> dict[str, float]:
    """Score class probabilities against the true labels.

    Parameters
    ----------
    y : sequence, (n_rows,)
        True labels, at least two different ones.
    probabilities : array, (n_rows, n_known)
        Predicted probabilities, columns in the order of `classes`.
    classes : sequence, (n_known,)
        The classes that the model met in training (its `classes_`).
    labels : sequence, (n_classes,)
        Every class of the table. One that the model never met gets probability 0.

    Returns
    -------
    dict
        ``roc_auc`` (plain for two classes, else the mean over pairs of classes),
        ``log_loss``, ``accuracy`` and ``calibration_error`` (see `calibration_error`).

    Raises
    ------
    ValueError
        The probabilities have the wrong shape, aren't finite, are negative, or a row
        of them sums to 0.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    >>> scores = score_probabilities(["a", "b", "a", "a"], p, ["a", "b"], ["a", "b"])
    >>> round(scores["roc_auc"], 3), scores["accuracy"]
    (0.667, 0.75)
    """
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    codes = {label: code for code, label in enumerate(labels)}
    truth = np.array([codes[label] for label in y])
    full = _spread(np.asarray(probabilities, dtype=np.float64), classes, codes, len(truth))
    every = np.arange(len(labels))
    if len(np.unique(truth)) < len(labels):
        roc_auc = math.nan  # some pairs of classes have no rows to rank
    elif len(labels) == 2:
        roc_auc = roc_auc_score(truth, full[:, 1])
    else:
        roc_auc = roc_auc_score(truth, full, labels=every, multi_class="ovo", average="macro")
    return {
        "roc_auc": float(roc_auc),
        "log_loss": float(log_loss(truth, full, labels=every)),
        "accuracy": float(accuracy_score(truth, full.argmax(axis=1))),
        "calibration_error": calibration_error(truth, full),
    }


def calibration_error(truth: NDArray[Any], probabilities: NDArray[np.float64]) -> float:
    """Return the expected calibration error of the likeliest class.

    Rows are sorted by the probability of their likeliest class and cut into 15 bins of the same
    size (equal mass, as in Nguyen and O'Connor 2015, arXiv:1508.05154); in each, the mean
    probability is compared to the share of rows where that class is the true one.

    Parameters
    ----------
    truth : array, (n_rows,)
        True classes as column numbers.
    probabilities : array, (n_rows, n_classes)
        Predicted probabilities.

    Returns
    -------
    float
        Mean distance over the rows, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(calibration_error(np.array([0] * 9 + [1]), np.array([[0.9, 0.1]] * 10)), 3)
    0.18
    >>> round(calibration_error(np.zeros(30), np.array([[0.75, 0.25]] * 30)), 3)
    0.25
    """
    confidence = probabilities.max(axis=1)
    surplus = confidence - (probabilities.argmax(axis=1) == truth)
    in_order = surplus[np.argsort(confidence, kind="stable")]
    bins = np.array_split(in_order, N_CALIBRATION_BINS)
    return float(sum(abs(part.sum()) for part in bins) / len(in_order))


def score_numbers(
    y: Sequence[float], predicted: NDArray[Any], quantiles: NDArray[Any] | None = None
) -> dict[str, float]:
    """Score predicted numbers, and quantiles where there are any.

    Parameters
    ----------
    y : sequence of float, (n_rows,)
        True values; if all are the same, R² is NaN.
    predicted : array, (n_rows,)
        Predictions.
    quantiles : array, (n_rows, len(QUANTILE_LEVELS)), optional
        Predicted quantiles at `QUANTILE_LEVELS`.

    Returns
    -------
    dict
        ``rmse``, ``r2``, ``mae``; if `quantiles` are given, also ``crps``, the continuous ranked
        probability score, which is twice the pinball loss averaged over the levels
        (Gneiting and Ranjan 2011), and the shares of `interval_coverage`.

    Raises
    ------
    ValueError
        Predictions or quantiles have the wrong shape or aren't finite.

    Examples
    --------
    >>> import numpy as np
    >>> scores = score_numbers([1.0, 2.0, 3.0], np.array([1.0, 2.0, 6.0]))
    >>> round(scores["rmse"], 3), scores["mae"], scores["r2"]
    (1.732, 1.0, -3.5)
    """
    truth = np.asarray(y, dtype=np.float64)
    error = truth - _finite(predicted, (len(truth),), "predict")
    variance = np.var(truth)
    scores = {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "r2": float(1 - np.mean(error**2) / variance) if variance > 0 else math.nan,
        "mae": float(np.mean(np.abs(error))),
    }
    if quantiles is not None:
        levels = np.array(QUANTILE_LEVELS)
        quantiles = _finite(quantiles, (len(truth), len(levels)), "quantiles")
        above = truth[:, None] - quantiles
        scores["crps"] = float(2 * np.maximum(levels * above, (levels - 1) * above).mean())
        scores.update(interval_coverage(truth, quantiles, QUANTILE_LEVELS))
    return scores


def ranking_error(task: str, scores: Mapping[str, float]) -> float:
    """Return the error that rankings use: for each task the one that TabArena takes.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        Kind of task.
    scores : mapping
        Metrics of one job.

    Returns
    -------
    float
        1 − ROC AUC for two classes, log-loss for more, RMSE for numbers.

    Examples
    --------
    >>> ranking_error("binary", {"roc_auc": 0.75, "log_loss": 0.6})
    0.25
    """
    if task == "binary":
        return round(1 - scores["roc_auc"], 12)  # exactly 0 for a perfect ranking
    return scores["rmse" if task == "regression" else "log_loss"]


def _finite(values: NDArray[Any], shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != shape:
        raise ValueError(f"{what} gave shape {values.shape}, expected {shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} gave values that are not finite")
    return values


def _spread(
    probabilities: NDArray[np.float64],
    classes: Sequence[Any],
    codes: dict[Any, int],
    n_rows: int,
) -> NDArray[np.float64]:
    """Return probabilities with a column for each class code, rows summing to one."""
    if probabilities.shape != (n_rows, len(classes)):
        raise ValueError(
            f"predict_proba gave shape {probabilities.shape}, "
            f"expected {(n_rows, len(classes))} (rows, classes)"
        )
    if not np.isfinite(probabilities).all() or (probabilities < 0).any():
        raise ValueError("predict_proba gave values that are negative or not finite")
    totals = probabilities.sum(axis=1, keepdims=True)
    if (totals == 0).any():
        raise ValueError("predict_proba gave rows that sum to 0")
    full = np.zeros((n_rows, len(codes)))  # (n_rows, n_classes)
    full[:, [codes[label] for label in classes]] = probabilities / totals
    return full
