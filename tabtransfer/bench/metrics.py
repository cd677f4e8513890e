"""How good predicted probabilities are: ROC AUC, log-loss, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS = ("roc_auc", "log_loss", "accuracy")


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
        ``log_loss`` and ``accuracy``.

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
    if len(labels) == 2:
        roc_auc = roc_auc_score(truth, full[:, 1])
    else:
        roc_auc = roc_auc_score(truth, full, labels=every, multi_class="ovo", average="macro")
    return {
        "roc_auc": float(roc_auc),
        "log_loss": float(log_loss(truth, full, labels=every)),
        "accuracy": float(accuracy_score(truth, full.argmax(axis=1))),
    }


def _spread(
    probabilities: NDArray[np.float64],
    classes: Sequence[Any],
    codes: dict[Any, int],
    n_rows: int,
) -> NDArray[np.float64]:
    """Put each class's column where its code says, rows summing to one."""
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
