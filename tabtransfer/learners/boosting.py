"""Boosted trees, by CatBoost (Prokhorenkova et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.learners.category_means import CategoryMeans

if TYPE_CHECKING:
    from catboost import CatBoost, Pool

__all__ = ["BoostingSettings", "FittedBoosting"]

_BETWEEN = 0.55  # of the way from a value to the next one, where values of a grid aren't
_COLUMNS_PER_SPLIT = 64  # drawn from more: as good in wide tables, in half the time (record 028)
_SAMPLING = {"bootstrap_type": "Bernoulli", "subsample": 0.8}  # of rows, anew for each tree
_ALL_ROWS = {"bootstrap_type": "No"}
_FEWEST_SAMPLED = 20  # of fewer, one of the samples may be empty, which CatBoost refuses
_FEWEST_LEVELS = 3  # of a column whose categories are told apart one by one
_MOST_INDICATORS = 128  # of all columns; those of the fewest levels come first


@dataclass(frozen=True)
class BoostingSettings:
    """The settings of boosted trees.

    Parameters
    ----------
    n_trees : int
        Trees.
    depth : int
        Splits above each leaf.
    learning_rate : float
        How far each tree goes.
    n_borders : int, default=64
        Places at which a column can be split.
    patience : int, default=0
        Trees without gain on the rows held out after which no more are added; 0: never stop.
    most_levels : int, default=0
        Categories of a column up to which a split can tell each from all others; 0: none, a split
        cuts their codes in two.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.boosting import BoostingSettings
    >>> X, y = np.arange(100, dtype=np.float32)[:, None], np.arange(100) // 50
    >>> settings = BoostingSettings(n_trees=30, depth=2, learning_rate=0.2)
    >>> settings.fit(X, y, np.ones(100), 2, seed=0).predict(X[[5, 95]]).round()
    array([[1., 0.],
           [0., 1.]])
    """

    n_trees: int
    depth: int
    learning_rate: float
    n_borders: int = 64
    patience: int = 0
    most_levels: int = 0

    def fit(
        self,
        cells: NDArray[np.float32],
        labels: NDArray[Any],
        weights: NDArray[np.float64],
        n_classes: int,
        seed: int,
        held_out: tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float64]] | None = None,
        categorical: NDArray[np.bool_] | None = None,
    ) -> FittedBoosting:
        """Boost trees on rows; see `ForestSettings.fit`.

        ``held_out`` are cells, labels and weights of other rows, to stop by, ``categorical``
        (n_columns,) says which columns hold codes.
        """
        from catboost import CatBoost, Pool

        bins = ColumnBins.of(cells, self.n_borders, categorical, self.most_levels)

        known = np.unique(labels) if n_classes else np.zeros(0, np.int64)
        constant = np.array([np.average(labels, weights=weights)])
        if n_classes:
            constant = np.bincount(labels, weights, n_classes) / weights.sum()
        varies = (cells != cells[:1]).any(0) & ~np.isnan(cells).all(0)
        if not varies.any() or (labels == labels[0]).all():  # which CatBoost refuses
            return FittedBoosting(None, bins, constant, known, n_classes)
        if n_classes:
            labels = np.searchsorted(known, labels)
        numbers, watched = bins.number(cells), None
        if self.patience and held_out is not None:
            watched = _pool_of_known(held_out, bins, known)
        loss = {0: "RMSE", 2: "Logloss"}.get(len(known), "MultiClass")
        booster = CatBoost(
            {
                "loss_function": loss,
                "iterations": self.n_trees,
                "depth": self.depth,
                "learning_rate": self.learning_rate,
                "border_count": self.n_borders,
                **(_SAMPLING if len(labels) >= _FEWEST_SAMPLED else _ALL_ROWS),
                "rsm": min(1.0, _COLUMNS_PER_SPLIT / numbers.shape[1]),
                "random_seed": seed,
                "thread_count": 1,
                "verbose": 0,
                "allow_writing_files": False,
            }
        )
        training = Pool(numbers, labels, weight=weights)
        if watched is None:
            booster.fit(training)
            return FittedBoosting(booster, bins, constant, known, n_classes)
        booster.fit(
            training,
            eval_set=watched,
            early_stopping_rounds=self.patience,
            use_best_model=False,
        )
        losses = np.array(booster.get_evals_result()["validation"][loss])
        total = np.sum(watched.get_weight()) * (losses if n_classes else losses**2)
        return FittedBoosting(booster, bins, constant, known, n_classes, losses=total)


def _pool_of_known(
    held_out: tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float64]],
    bins: ColumnBins,
    known: NDArray[np.int64],
) -> Pool | None:
    """Return held-out rows in bins, without classes that no tree predicts; None if none is left."""
    from catboost import Pool

    cells, labels, weights = held_out
    if len(known):
        named = np.isin(labels, known)
        cells, weights = cells[named], weights[named]
        labels = np.searchsorted(known, labels[named])
    return Pool(bins.number(cells), labels, weight=weights) if len(labels) else None


@dataclass(frozen=True)
class ColumnBins:
    """The bins of columns, whose numbers boosted trees are fitted to.

    CatBoost does so itself, with borders halfway between values; by rounding, a value of a grid
    that lies there falls to either side.

    Parameters
    ----------
    borders : tuple of ndarray of float64, (n_borders,)
        Of each column, ascending; a value on a border is below it.
    indicated : ndarray of int64, (n_indicated,)
        Columns of which each bin also makes a column of ones and zeros.
    """

    borders: tuple[NDArray[np.float64], ...]
    indicated: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        cells: NDArray[np.float32],
        n_borders: int,
        categorical: NDArray[np.bool_] | None = None,
        most_levels: int = 0,
    ) -> ColumnBins:
        """Return bins with borders between neighbouring values, at even shares of the rows.

        Categorical columns that have few levels are indicated, up to some 100 levels in all.

        Examples
        --------
        >>> import numpy as np
        >>> from tabtransfer.learners.boosting import ColumnBins
        >>> ColumnBins.of(np.array([[1.0], [3.0], [np.nan], [7.0]]), 64).borders
        (array([2.1, 5.2]),)
        >>> codes = np.array([[0.0], [1.0], [2.0]])
        >>> ColumnBins.of(codes, 64, np.array([True]), most_levels=3).number(codes)
        array([[0., 1., 0., 0.],
               [1., 0., 1., 0.],
               [2., 0., 0., 1.]], dtype=float32)
        """
        borders = tuple(_borders(column, n_borders) for column in cells.T)
        n_levels = np.array([len(of_column) + 1 for of_column in borders])
        few = (n_levels >= _FEWEST_LEVELS) & (n_levels <= min(most_levels, n_borders))
        indicated = np.flatnonzero(few & (False if categorical is None else categorical))
        order = indicated[np.argsort(n_levels[indicated], kind="stable")]
        return cls(borders, np.sort(order[n_levels[order].cumsum() <= _MOST_INDICATORS]))

    def number(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the number of each cell's bin, NaN where it is NaN, and then the indicators.

        Returns
        -------
        ndarray of float32, (n_rows, n_columns + n_indicators)
        """
        numbers = np.empty(cells.shape, np.float32)
        for place, borders in enumerate(self.borders):
            numbers[:, place] = np.searchsorted(borders, cells[:, place])
        numbers[np.isnan(cells)] = np.nan
        indicators = [
            numbers[:, [place]] == np.arange(len(self.borders[place]) + 1)
            for place in self.indicated
        ]
        return np.hstack([numbers, *indicators]) if indicators else numbers


def _borders(column: NDArray[np.float32], n_borders: int) -> NDArray[np.float64]:
    known = np.sort(column[~np.isnan(column)]).astype(np.float64)
    values = np.unique(known)
    borders = values[:-1] + _BETWEEN * np.diff(values)
    if len(borders) <= n_borders:
        return borders
    shares = np.arange(1, n_borders + 1) / (n_borders + 1)
    reached = known[(shares * len(known)).astype(np.int64)]
    places = np.unique(np.searchsorted(values, reached))
    return borders[places[places < len(borders)]]


@dataclass(frozen=True)
class FittedBoosting:
    """Predict classes or numbers.

    Parameters
    ----------
    booster : CatBoost or None
        Fitted to the numbers of bins; None where there was nothing to tell rows apart by.
    bins : ColumnBins
        Of the columns.
    constant : ndarray of float64, (n_classes,) or (1,)
        What is predicted then.
    known : ndarray of int64
        Classes that the booster knows.
    n_classes : int
        Number of classes; 0 for numbers.
    means : CategoryMeans, optional
        Further columns that the trees read.
    losses : ndarray of float64, (n_trees,), optional
        Of the rows held out, in all, after each tree; None without such rows, and once trees are
        cut by them.
    """

    booster: CatBoost | None
    bins: ColumnBins
    constant: NDArray[np.float64]
    known: NDArray[np.int64]
    n_classes: int
    means: CategoryMeans | None = None
    losses: NDArray[np.float64] | None = None

    def cut(self, n_trees: int) -> FittedBoosting:
        """Keep the first trees, of the booster itself."""
        if self.booster is not None and n_trees < self.booster.tree_count_:
            self.booster.shrink(n_trees)
        return replace(self, losses=None)

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predict rows (n_rows, n_columns): probabilities (n_rows, n_classes), or (n_rows, 1)."""
        if self.booster is None or not len(cells):
            return np.tile(self.constant, (len(cells), 1))
        if self.means is not None:
            cells = self.means.append(cells)
        cells = self.bins.number(cells)
        if not self.n_classes:
            return np.asarray(self.booster.predict(cells, thread_count=1))[:, None]
        probabilities = np.zeros((len(cells), self.n_classes))
        found = self.booster.predict(cells, prediction_type="Probability", thread_count=1)
        probabilities[:, self.known] = found
        return probabilities
