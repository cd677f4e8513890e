"""Boosted trees for the folds of a table, with mean labels of categories where these help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from tabtransfer.learners.boosting import BoostingSettings, FittedBoosting
from tabtransfer.learners.category_means import LabelledGroups, label_values

__all__ = ["BoostedFolds", "LabelledRows"]


@dataclass(frozen=True)
class LabelledRows:
    """Distinct training rows, as learners read them.

    Parameters
    ----------
    cells : ndarray of float32, (n_rows, n_columns)
        Numbers and category codes; NaN where missing.
    categorical : ndarray of bool, (n_columns,)
        True where the column holds category codes.
    labels : ndarray, (n_rows,)
        Class indices, or targets of about unit scale.
    weights : ndarray of float64, (n_rows,)
        Weights of the rows.
    n_classes : int
        Number of classes; 0 for numbers.
    """

    cells: NDArray[np.float32]
    categorical: NDArray[np.bool_]
    labels: NDArray[Any]
    weights: NDArray[np.float64]
    n_classes: int


class BoostedFolds:
    """Boost trees on all folds but one, for any fold.

    Whether trees read mean labels of categories is decided by the first fold: fitted both ways, the
    one that predicts it better shows the way for all. The means say much where a column has many
    categories or two matter together, and mislead where each has few rows.

    Parameters
    ----------
    rows : LabelledRows
        The training rows.
    folds : ndarray of int64, (n_rows,)
        Their folds.
    settings : BoostingSettings
        The trees.
    seeds : ndarray of int64, (n_folds,)
        One for each fold.
    most_rows : int
        Rows that a fit learns from; of more, a sample.
    n_threads : int
        Fits at a time.

    Attributes
    ----------
    groups : LabelledGroups or None
        What the means are made of; None where trees do without.
    """

    def __init__(
        self,
        rows: LabelledRows,
        folds: NDArray[np.int64],
        settings: BoostingSettings,
        seeds: NDArray[np.int64],
        most_rows: int,
        n_threads: int = 1,
    ) -> None:
        self.rows, self.folds, self.settings = rows, folds, settings
        self.seeds, self.most_rows = seeds, most_rows
        self.groups: LabelledGroups | None = None
        self._first: FittedBoosting | None = None
        if settings.patience:
            self._decide(n_threads)

    def _decide(self, n_threads: int) -> None:
        rows = self.rows
        values = label_values(rows.labels, rows.n_classes)
        groups = LabelledGroups.of(rows.cells, rows.categorical, self.folds, values, rows.weights)
        if groups is None:
            return
        fits = Parallel(n_threads, prefer="threads")(
            delayed(self._fit)(0, found) for found in (None, groups)
        )
        least = [np.inf if fit.losses is None else fit.losses.min() for fit in fits]
        better = int(least[1] < least[0])
        self._first = fits[better]
        self.groups = groups if better else None

    def fit(self, fold: int) -> FittedBoosting:
        """Boost trees on all folds but one, until that one gains no more."""
        if fold == 0 and self._first is not None:
            return self._first
        return self._fit(fold, self.groups)

    def cut(self, fits: Sequence[FittedBoosting]) -> list[FittedBoosting]:
        """Take away trees of each fold's fit that are too many for the rows of the other folds.

        Its own rows don't decide how many are left: that would tell their labels (record 038).
        """
        found = []
        for fold, fit in enumerate(fits):
            others = [
                other.losses
                for place, other in enumerate(fits)
                if place != fold and other.losses is not None
            ]
            found.append(fit.cut(_best_number(others)) if others else fit)
        return found

    def _fit(self, fold: int, groups: LabelledGroups | None) -> FittedBoosting:
        rows, seed = self.rows, int(self.seeds[fold])
        held_out = self.folds == fold
        seen = sample_rows(np.flatnonzero(~held_out), self.most_rows, seed)
        means, cells, unseen = None, rows.cells, rows.cells[held_out]
        categorical = rows.categorical
        if groups is not None:
            means, cells = groups.without(fold)
            unseen = means.append(unseen)
            categorical = np.pad(categorical, (0, cells.shape[1] - len(categorical)))
        fit = self.settings.fit(
            cells[seen],
            rows.labels[seen],
            rows.weights[seen],
            rows.n_classes,
            seed,
            held_out=(unseen, rows.labels[held_out], rows.weights[held_out]),
            categorical=categorical,
        )
        return replace(fit, means=means)


def _best_number(losses: Sequence[NDArray[np.float64]]) -> int:
    """Return the number of trees of least loss in all; fits that stopped earlier lose no more."""
    longest = max(map(len, losses))
    total = np.sum([np.pad(each, (0, longest - len(each)), "edge") for each in losses], 0)
    return int(total.argmin()) + 1


def sample_rows(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Draw a sample of rows, in their order, where there are more than a learner is fitted to."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
