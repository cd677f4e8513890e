"""Mean labels of categories, and of crossed categories, as further columns for trees.

A tree can't cut the codes of many categories into useful halves, nor find which two columns
matter together by splitting one; the mean label of each level tells it both. A training row's
means are of other folds than its own, or trees would read its label out of them (target encoding:
Micci-Barreca 2001; in folds: scikit-learn's `TargetEncoder`).

Shapes: f folds, g groups of rows (of a level, or of two that meet), k label channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError

__all__ = ["MEAN_PARTS", "CategoryMeans", "LabelledGroups", "label_values"]

MEAN_PARTS = ("n_columns", "columns", "counts", "levels", "means", "default", "n_levels")

SMOOTHING = 10.0  # rows' worth of the mean of all
MOST_CROSSED = 8  # columns of which pairs are tried
MOST_PAIRS = 8
LEAST_ROWS = 5  # of a combination, on average: pairs of fewer are not tried
LEAST_GAIN = 0.01  # of the labels' variance, that a pair must explain beyond its columns
MOST_CHANNELS = 4  # label channels; each makes a column of every group
_FEWEST_LEVELS = 3  # two are told apart by one split
_MOST_SUMS = 2**24  # values of all columns, some 128 MiB


@dataclass(frozen=True)
class CategoryMeans:
    """Mean labels of the groups of rows that categorical columns make.

    Parameters
    ----------
    columns : tuple of tuple of int
        Of each group of columns: one, or two that are crossed.
    levels : tuple of ndarray of int64, (g,)
        Codes of the combinations that were seen, ascending.
    means : tuple of ndarray of float64, (g, k)
        Their mean label channels.
    default : ndarray of float64, (k,)
        Mean of all rows, for combinations that were not seen.
    n_levels : ndarray of int64, (n_columns,)
        Codes of each column, missing and unseen ones among them.
    """

    columns: tuple[tuple[int, ...], ...]
    levels: tuple[NDArray[np.int64], ...]
    means: tuple[NDArray[np.float64], ...]
    default: NDArray[np.float64]
    n_levels: NDArray[np.int64]

    def append(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add the means (n_rows, n_groups * k) to the cells of rows that were not seen."""
        found = [cells]
        for columns, levels, means in zip(self.columns, self.levels, self.means, strict=True):
            codes = _codes(cells, columns, self.n_levels)
            places = np.searchsorted(levels, codes).clip(max=len(levels) - 1)
            seen = levels[places] == codes
            found.append(np.where(seen[:, None], means[places], self.default).astype(np.float32))
        return np.hstack(found)

    @property
    def n_table_columns(self) -> int:
        """Columns of the cells that it reads."""
        return len(self.n_levels)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of it as the arrays of `MEAN_PARTS`."""
        return {
            "n_columns": np.array([len(columns) for columns in self.columns]),
            "columns": np.concatenate([np.array(columns) for columns in self.columns]),
            "counts": np.array([len(levels) for levels in self.levels]),
            "levels": np.concatenate(self.levels),
            "means": np.concatenate(self.means),
            "default": self.default,
            "n_levels": self.n_levels,
        }

    @classmethod
    def from_arrays(cls, parts: Mapping[str, NDArray[Any]]) -> CategoryMeans:
        """Put together what `arrays` took apart.

        Raises
        ------
        TabTransferError
            If the parts don't belong together.
        """
        columns = np.split(parts["columns"], np.cumsum(parts["n_columns"])[:-1])
        stops = np.cumsum(parts["counts"])
        sound = (
            len(parts["columns"]) == parts["n_columns"].sum()
            and len(parts["counts"]) == len(columns) > 0
            and len(parts["levels"]) == len(parts["means"]) == stops[-1]
            and parts["means"].shape[1:] == parts["default"].shape
            and parts["n_columns"].min() > 0
            and parts["counts"].min() > 0
            and parts["columns"].min() >= 0
            and parts["columns"].max() < len(parts["n_levels"])
        )
        if not sound:
            raise TabTransferError("The means of the saved model refer to what isn't there.")
        return cls(
            tuple(tuple(map(int, places)) for places in columns),
            tuple(np.split(parts["levels"], stops[:-1])),
            tuple(np.split(parts["means"], stops[:-1])),
            parts["default"],
            parts["n_levels"],
        )


@dataclass(frozen=True)
class LabelledGroups:
    """Training rows by the groups that their categories make, for means without some folds.

    Parameters
    ----------
    cells : ndarray of float32, (n_rows, n_columns)
        Of the training rows.
    folds : ndarray of int64, (n_rows,)
        Their folds, from 0 on.
    values : ndarray of float64, (n_rows, k)
        Their label channels.
    weights : ndarray of float64, (n_rows,)
        Their weights.
    n_levels : ndarray of int64, (n_columns,)
        Codes of each column; 0 of a column that makes no groups.
    single : dict of tuple of int to GroupSums
        Of each column that makes groups.
    """

    cells: NDArray[np.float32]
    folds: NDArray[np.int64]
    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    n_levels: NDArray[np.int64]
    single: dict[tuple[int, ...], GroupSums]

    @classmethod
    def of(
        cls,
        cells: NDArray[np.float32],
        categorical: NDArray[np.bool_],
        folds: NDArray[np.int64],
        values: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> LabelledGroups | None:
        """Sum over the levels of each categorical column.

        None where there are no such columns, or too many label channels. Columns of the most
        levels are left out where the sums of all would take too much memory.
        """
        n_levels = np.zeros(cells.shape[1], np.int64)
        for place in np.flatnonzero(categorical):
            known = cells[~np.isnan(cells[:, place]), place]
            if len(np.unique(known)) >= _FEWEST_LEVELS:
                n_levels[place] = int(known.max()) + 3  # a code for missing ones, one for unseen
        n_sums = n_levels * (int(folds.max()) + 1) * (values.shape[1] + 1)
        order = np.argsort(n_sums, kind="stable")
        n_levels[order[np.cumsum(n_sums[order]) > _MOST_SUMS]] = 0
        if not n_levels.any() or values.shape[1] > MOST_CHANNELS:
            return None
        single: dict[tuple[int, ...], GroupSums] = {}
        for column in map(int, np.flatnonzero(n_levels)):
            codes = _codes(cells, (column,), n_levels)
            levels, places = np.unique(codes, return_inverse=True)
            single[(column,)] = GroupSums.of(levels, places, folds, values, weights)
        return cls(cells, folds, values, weights, n_levels, single)

    def without(self, fold: int) -> tuple[CategoryMeans, NDArray[np.float32]]:
        """Learn from all folds but one.

        Returns
        -------
        means : CategoryMeans
            For rows of that fold, and any others.
        cells : ndarray of float32, (n_rows, n_columns + n_groups * k)
            The cells, with the means of the folds that are neither ``fold`` nor the row's own.
        """
        of_rows = {
            columns: sums.means_of_rows(fold, self.folds) for columns, sums in self.single.items()
        }
        pairs = self._best_pairs(fold, of_rows)
        chosen = self.single | {columns: sums for columns, (sums, _) in pairs.items()}
        of_rows |= {columns: found for columns, (_, found) in pairs.items()}
        default = next(iter(chosen.values())).default(fold)
        means = CategoryMeans(
            tuple(chosen),
            tuple(sums.levels for sums in chosen.values()),
            tuple(sums.means(fold) for sums in chosen.values()),
            default,
            self.n_levels,
        )
        return means, np.hstack([self.cells, *of_rows.values()]).astype(np.float32)

    def _best_pairs(
        self, fold: int, means: dict[tuple[int, ...], NDArray[np.float64]]
    ) -> dict[tuple[int, ...], tuple[GroupSums, NDArray[np.float64]]]:
        """Return the pairs that explain most beyond both of their columns, with rows' means.

        The means of rows by single columns (n_rows, k) are given.
        """
        seen = self.folds != fold
        weights = self.weights[seen] / self.weights[seen].sum()

        def error(predicted: NDArray[np.float64]) -> float:
            return float((weights @ np.square(self.values[seen] - predicted[seen])).sum())

        mean = next(iter(self.single.values())).default(fold)
        variance = error(np.broadcast_to(mean, self.values.shape)) + 1e-12
        errors = {columns: error(found) for columns, found in means.items()}
        crossed = sorted(errors, key=lambda columns: (errors[columns], columns))[:MOST_CROSSED]
        gains: dict[tuple[int, ...], float] = {}
        pairs: dict[tuple[int, ...], tuple[GroupSums, NDArray[np.float64]]] = {}
        for one, other in combinations(sorted(crossed), 2):
            codes = _codes(self.cells, one + other, self.n_levels)
            levels, places = np.unique(codes, return_inverse=True)
            if len(levels) * LEAST_ROWS > len(codes):
                continue
            pair = GroupSums.of(levels, places, self.folds, self.values, self.weights)
            found = pair.means_of_rows(fold, self.folds)
            # What both columns explain, each on its own, is no merit of the pair.
            least = min(errors[one], errors[other], error(means[one] + means[other] - mean))
            gain = (least - error(found)) / variance
            if gain > LEAST_GAIN:
                gains[one + other], pairs[one + other] = gain, (pair, found)
        best = sorted(gains, key=lambda columns: (-gains[columns], columns))[:MOST_PAIRS]
        return {columns: pairs[columns] for columns in best}


@dataclass(frozen=True)
class GroupSums:
    """Sums of labels over groups of rows.

    Parameters
    ----------
    levels : ndarray of int64, (g,)
        Codes of the groups, ascending.
    places : ndarray of int64, (n_rows,)
        The group of each row.
    sums : ndarray of float64, (f, g, k + 1)
        Of label channels and of weights, by fold.
    """

    levels: NDArray[np.int64]
    places: NDArray[np.int64]
    sums: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        levels: NDArray[np.int64],
        places: NDArray[np.int64],
        folds: NDArray[np.int64],
        values: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> GroupSums:
        """Sum over the rows of each group."""
        n_folds = int(folds.max()) + 1
        cell = folds * len(levels) + places
        channels = np.column_stack([values, np.ones(len(places))]) * weights[:, None]
        sums = np.zeros((n_folds * len(levels), channels.shape[1]))
        for index, channel in enumerate(channels.T):
            sums[:, index] = np.bincount(cell, channel, len(sums))
        return cls(levels, places, sums.reshape(n_folds, len(levels), -1))

    def default(self, *left_out: int) -> NDArray[np.float64]:
        """Return the mean (k,) of all rows but those of some folds."""
        total = self._without(*left_out).sum(0)
        return total[:-1] / max(total[-1], 1e-12)

    def means(self, *left_out: int) -> NDArray[np.float64]:
        """Return the means (g, k) of all groups but for some folds, drawn towards that of all."""
        sums = self._without(*left_out)
        default = self.default(*left_out)
        return (sums[:, :-1] + SMOOTHING * default) / (sums[:, -1:] + SMOOTHING)

    def means_of_rows(self, fold: int, folds: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return each row's mean (n_rows, k), from the folds but ``fold`` and the row's own."""
        by_fold = np.stack([self.means(fold, own) for own in range(len(self.sums))])
        return by_fold[folds, self.places]

    def _without(self, *left_out: int) -> NDArray[np.float64]:
        kept = [fold for fold in range(len(self.sums)) if fold not in left_out]
        return self.sums[kept].sum(0)


def label_values(labels: NDArray[Any], n_classes: int) -> NDArray[np.float64]:
    """Return label channels (n_rows, k): the target, or one of each class but the last.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.category_means import label_values
    >>> label_values(np.array([0, 2, 1]), 3)
    array([[1., 0.],
           [0., 0.],
           [0., 1.]])
    """
    if not n_classes:
        return labels.astype(np.float64)[:, None]
    return (labels[:, None] == np.arange(n_classes - 1)).astype(np.float64)


def _codes(
    cells: NDArray[np.float32], columns: Sequence[int], n_levels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return one number for each combination of levels; 0 of a column is missing."""
    codes = np.zeros(len(cells), np.int64)
    for column in columns:
        most = n_levels[column] - 1
        own = np.nan_to_num(cells[:, column], nan=-1.0).astype(np.int64) + 1
        codes = codes * n_levels[column] + own.clip(0, most)
    return codes
