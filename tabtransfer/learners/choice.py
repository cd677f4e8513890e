"""Which learners a table gets, and how large, by the size of the table (record 015)."""

from __future__ import annotations

import math

from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.learners.forest import ForestSettings

__all__ = ["FEWEST_ROWS", "MOST_CLASSES", "N_FOLDS", "choose_learners"]

N_FOLDS = 5
FEWEST_ROWS = 60  # distinct training rows, or three a class; fewer say nothing in folds
MOST_CLASSES = 10  # to boost, which costs in proportion to them
_MANY_ROWS = 5000
_MOST_LEAVES = 20_000  # of a tree of the forest, about
_SPLIT_BYTES = 64


def choose_learners(
    n_rows: int, n_classes: int, n_bytes: float = math.inf
) -> tuple[ForestSettings, BoostingSettings | None] | None:
    """Choose a forest and boosted trees, or not, where they don't pay.

    Parameters
    ----------
    n_rows : int
        Distinct training rows.
    n_classes : int
        Number of classes; 0 for numbers.
    n_bytes : float, optional
        Memory that the forest may take; its leaves get larger where that is little.

    Returns
    -------
    tuple of ForestSettings, and of BoostingSettings or None; or None

    Examples
    --------
    >>> from tabtransfer.learners.choice import choose_learners
    >>> choose_learners(1000, 2)[0].n_trees, choose_learners(1000, 100)[1], choose_learners(20, 2)
    (40, None, None)
    """
    if n_rows < max(FEWEST_ROWS, 3 * n_classes):
        return None
    few = n_rows < _MANY_ROWS
    n_trees = 40 if few else 20
    bytes_per_leaf = 2 * (_SPLIT_BYTES + 8 * max(1, n_classes))  # with the split above it
    largest = N_FOLDS * n_trees * n_rows * bytes_per_leaf  # with a row a leaf
    least_rows = math.ceil(max(2, n_rows / _MOST_LEAVES, largest / n_bytes))
    forest = ForestSettings(n_trees, least_rows)
    if n_classes > MOST_CLASSES:
        return forest, None
    boosting = BoostingSettings(
        n_trees=100 if few else 300,
        depth=4 if n_classes and few else 6,
        learning_rate=0.1 if few and not n_classes else 0.2,
        n_borders=64 if few else 128,
    )
    return forest, boosting
