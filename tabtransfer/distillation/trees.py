"""Boosted trees that learn probabilities or numbers, by CatBoost (Prokhorenkova et al. 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.copies import held_out_together, left_out_together, of_first_copy

__all__ = ["fit_trees", "predict_trees", "tree_cells"]

MISSING = np.float32(-1e30)
"""Stands for cells that are missing, below all others: ONNX has no missing cells."""
_LEAST = 0.01  # probability that a row is shown with
_WATCHED = 5  # every fifth row says how many trees are enough, and its copies
_MOST_TREES, _PATIENCE = 600, 30


def fit_trees(
    cells: NDArray[np.float32],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_classes: int,
    seed: int,
    n_threads: int = 1,
) -> Any:
    """Fit boosted trees, as many as predict a fifth of the rows best.

    Parameters
    ----------
    cells : ndarray of float32, (n_rows, n_columns)
        From `tree_cells`.
    targets : ndarray of float64, (n_rows, n_classes) or (n_rows, 1)
        Probabilities of the classes, or numbers.
    weights : ndarray of float64, (n_rows,)
        Weights of the rows.
    n_classes : int
        Number of classes; 0 for numbers.
    seed : int
        Same seed, same trees.
    n_threads : int, default=1
        Threads.

    Returns
    -------
    catboost.CatBoost

    Raises
    ------
    TabTransferError
        If no column tells the rows apart, or no target.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.distillation.trees import fit_trees, predict_trees
    >>> cells = np.arange(100, dtype=np.float32)[:, None]
    >>> sure = np.where(cells < 50, [0.9, 0.1], [0.2, 0.8])
    >>> booster = fit_trees(cells, sure, np.ones(100), 2, seed=0)
    >>> predict_trees(booster, cells[[5, 95]], 2).argmax(1)
    array([0, 1])
    """
    from catboost import CatBoost, Pool

    watched = _watched(cells, weights, seed)
    learned = cells[~watched]
    if (learned == learned[:1]).all():
        raise TabTransferError(
            "The rows to learn from are alike in every column: a student can't tell them apart. "
            "Predict with the model itself."
        )
    settings: dict[str, Any] = {
        "loss_function": {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass"),
        "depth": 6,
        "learning_rate": 0.08,
        "random_seed": seed,
        "thread_count": n_threads,
        "verbose": 0,
        "allow_writing_files": False,
    }
    if n_classes > 2:
        settings["classes_count"] = n_classes

    def pool(chosen: NDArray[np.bool_]) -> Pool:
        shown, labels, shares = _shown(cells[chosen], targets[chosen], weights[chosen], n_classes)
        return Pool(shown, labels, weight=shares)

    training = pool(~watched)
    # As precisely as CatBoost reads them, which refuses to learn from a single one.
    if np.ptp(np.asarray(training.get_label(), np.float32)) == 0.0:
        raise TabTransferError(
            "The rows to learn from have next to the same target, all of them: there is nothing to "
            "learn. Predict with the model itself."
        )
    trial = CatBoost({**settings, "iterations": _MOST_TREES})
    trial.fit(training, eval_set=pool(watched), early_stopping_rounds=_PATIENCE)
    n_trees = max(1, int(trial.get_best_iteration()) + 1)
    booster = CatBoost({**settings, "iterations": n_trees})
    return booster.fit(pool(np.ones_like(watched)))


def _watched(
    cells: NDArray[np.float32], weights: NDArray[np.float64], seed: int
) -> NDArray[np.bool_]:
    """Return the rows that say how many trees are enough: a fifth, none with a copy elsewhere."""
    watched = np.random.default_rng(seed).permutation(len(cells)) % _WATCHED == 0
    copies = held_out_together(left_out_together(cells, weights))
    return watched if copies is None else of_first_copy(watched, copies)


def _shown(
    cells: NDArray[np.float32],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_classes: int,
) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float64]]:
    """Return rows as CatBoost takes them: once for each class that is likely, by its probability.

    So the log loss of labels is the cross-entropy with the probabilities.
    """
    if not n_classes:
        return cells, targets[:, 0], weights
    rows, classes = np.nonzero(targets >= _LEAST)
    return cells[rows], classes, weights[rows] * targets[rows, classes]


def predict_trees(booster: Any, cells: NDArray[np.float32], n_classes: int) -> NDArray[np.float64]:
    """Predict probabilities (n_rows, n_classes), or numbers (n_rows, 1)."""
    if not n_classes:
        return np.asarray(booster.predict(cells), dtype=np.float64)[:, None]
    found = booster.predict(cells, prediction_type="Probability")
    return np.asarray(found, dtype=np.float64)


def tree_cells(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return encoded cells with a number for those that are missing."""
    return np.where(np.isnan(cells), MISSING, cells)
