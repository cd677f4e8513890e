"""The choice of learners and their sizes by the table's (records 015, 023, 026, 029, 034)."""

from __future__ import annotations

import math

from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.learners.forest import ForestSettings
from tabtransfer.learners.kernel import KernelSettings

__all__ = ["FEWEST_ROWS", "MOST_CLASSES", "N_FOLDS", "choose_learners"]

N_FOLDS = 5
FEWEST_ROWS = 60  # distinct training rows, or three a class; fewer say nothing in folds
MOST_CLASSES = 10  # to boost, which costs in proportion to them
_SOME_ROWS, _MANY_ROWS = 500, 2000
_MOST_LEAVES = 20_000  # of a tree of the forest, about
_SPLIT_BYTES = 64
_BYTES_PER_PAIR = 128  # of centres: some matrices of them, and ten rows a centre
_MOST_CENTRES, _FEWEST_CENTRES = 1000, 50


def choose_learners(
    n_rows: int, n_classes: int, n_bytes: float = math.inf
) -> tuple[ForestSettings, BoostingSettings | None, KernelSettings] | None:
    """Return settings of a forest, of boosted trees and of kernels to try; None if none would help.

    Parameters
    ----------
    n_rows : int
        Distinct training rows.
    n_classes : int
        Number of classes; 0 for numbers.
    n_bytes : float, optional
        Memory that the forest may take, and that a kernel may; where that is little, leaves get
        larger, and centres fewer.

    Returns
    -------
    tuple of ForestSettings, of BoostingSettings or None, and of KernelSettings; or None

    Examples
    --------
    >>> from tabtransfer.learners.choice import choose_learners
    >>> choose_learners(1000, 2)[0].n_trees, choose_learners(1000, 100)[1], choose_learners(20, 2)
    (40, None, None)
    """
    if n_rows < max(FEWEST_ROWS, 3 * n_classes):
        return None
    n_trees = 40 if n_classes or n_rows < 5000 else 20
    bytes_per_leaf = 2 * (_SPLIT_BYTES + 8 * max(1, n_classes))  # with the split above it
    largest = N_FOLDS * n_trees * n_rows * bytes_per_leaf  # with a row a leaf
    fewest = 1 if n_classes else 2  # fully grown trees tell classes apart better, not numbers
    least_rows = math.ceil(max(fewest, n_rows / _MOST_LEAVES, largest / n_bytes))
    forest = ForestSettings(n_trees, least_rows, column_share=1.0 if n_classes else 0.5)
    n_centres = int(min(_MOST_CENTRES, max(_FEWEST_CENTRES, (n_bytes / _BYTES_PER_PAIR) ** 0.5)))
    kernel = KernelSettings(n_centres=n_centres)
    if n_classes > MOST_CLASSES:
        return forest, None, kernel
    if n_rows >= _MANY_ROWS:
        most = max(600, 7500 // max(3, n_classes))  # a tree of CatBoost's holds all classes
        boosting = BoostingSettings(
            most,
            depth=6,
            learning_rate=0.1,
            n_borders=128 if n_classes else 254,
            patience=40,
            most_levels=32 if n_classes else 0,
        )
    elif n_classes and n_rows < _SOME_ROWS:  # too few in a fold to stop by
        boosting = BoostingSettings(100, depth=4, learning_rate=0.2)
    elif n_classes:
        boosting = BoostingSettings(300, depth=4, learning_rate=0.2, patience=30)
    else:
        boosting = BoostingSettings(1500, depth=5, learning_rate=0.15, n_borders=128, patience=30)
    return forest, boosting, kernel
