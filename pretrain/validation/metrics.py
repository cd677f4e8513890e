"""Scores that compare across tables: of class probabilities, whatever their number, and numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SMALLEST_PROBABILITY = 1e-7
LOWEST_R2 = -1.0


def relative_log_loss(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Compute the log-loss divided by ln(n_classes): 1 is what guessing evenly costs.

    Parameters
    ----------
    probabilities : ndarray of float, (n, n_classes)
        Predicted probabilities.
    labels : ndarray of int, (n,)
        Class indices.

    Returns
    -------
    float
        Mean over the rows.

    Examples
    --------
    >>> relative_log_loss(np.full((3, 4), 0.25), np.array([0, 3, 1]))
    1.0
    """
    chosen = probabilities[np.arange(len(labels)), labels]
    losses = -np.log(np.maximum(chosen, SMALLEST_PROBABILITY))
    return float(losses.mean() / np.log(probabilities.shape[1]))


def one_vs_one_auc(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """Average the ROC AUC over the pairs of classes that occur among the labels.

    Parameters
    ----------
    probabilities : ndarray of float, (n, n_classes)
        Predicted probabilities.
    labels : ndarray of int, (n,)
        Class indices.

    Returns
    -------
    float
        NaN where fewer than two classes occur.

    Examples
    --------
    >>> one_vs_one_auc(np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]]), np.array([0, 1]))
    1.0
    """
    from sklearn.metrics import roc_auc_score

    present = np.unique(labels)
    if len(present) < 2:
        return float("nan")
    kept = probabilities[:, present].astype(np.float64) + SMALLEST_PROBABILITY
    kept = kept / kept.sum(axis=1, keepdims=True)
    if len(present) == 2:
        return float(roc_auc_score(labels == present[1], kept[:, 1]))
    return float(roc_auc_score(labels, kept, multi_class="ovo", labels=present))


def r_squared(predictions: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """Compute R²: the share of the targets' variance that predictions explain.

    Parameters
    ----------
    predictions, targets : ndarray of float, (n,)
        Predicted and true numbers.

    Returns
    -------
    float
        1 for the truth, 0 for the targets' mean, and never less than -1, so that one table
        can't outweigh all others in a mean. NaN where the targets are all equal.

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    total = np.square(targets - targets.mean()).sum()
    if total == 0.0:
        return float("nan")
    return max(LOWEST_R2, float(1.0 - np.square(targets - predictions).sum() / total))
