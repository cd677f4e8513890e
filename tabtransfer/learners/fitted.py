"""Learners fitted to a table, and their predictions for its rows and any others.

Trees are fitted to all folds but one, for every fold. A training row is predicted by the fit
that has not seen it (Wolpert 1992, "Stacked generalization"), any other row by the mean of all
fits. A kernel is fitted once, and leaves out a training row in closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from tabtransfer.learners.boosted_folds import BoostedFolds, LabelledRows, sample_rows
from tabtransfer.learners.boosting import BoostingSettings, FittedBoosting
from tabtransfer.learners.folds import DistinctRows
from tabtransfer.learners.forest import FittedForest, ForestSettings
from tabtransfer.learners.kernel import FittedKernel, KernelSettings
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.target_scale import TargetScale

__all__ = ["FittedLearners", "count_fits", "fit_learners"]

Settings = ForestSettings | BoostingSettings | KernelSettings
Fit = FittedForest | FittedBoosting | FittedKernel
MOST_ROWS = 200_000  # that a learner is fitted to; of more, each fit takes a sample
_FEWEST = 10  # rows of different cells to learn from


@dataclass(frozen=True)
class FittedLearners:
    """Fitted learners, and their predictions of each training row without its own label.

    Parameters
    ----------
    fits : tuple of tuple of FittedForest, FittedBoosting or FittedKernel
        Of each learner, the fits of its folds, or the one fit; empty for one that is absent.
    scale : TargetScale
        Of targets that are numbers, on which the learners were fitted; as it is for classes.
    out_of_fold : ndarray of float64, (n_rows, n_learners, n_values)
        Probabilities of the classes, or the target (one value). NaN for absent learners.
    """

    fits: tuple[tuple[Fit, ...], ...]
    scale: TargetScale
    out_of_fold: NDArray[np.float64]

    def describe(self, table: EncodedTable) -> EncodedTable:
        """Add predictions to the cells of rows that the learners weren't fitted to."""
        return replace(table, learners=self.predict(table))

    def predict(self, table: EncodedTable) -> NDArray[np.float64]:
        """Predict rows that are not among the training rows.

        Parameters
        ----------
        table : EncodedTable
            The rows, encoded as the training rows are.

        Returns
        -------
        ndarray of float64, (n_rows, n_learners, n_values)
            As in ``out_of_fold``.
        """
        cells = table.cells
        shape = table.n_rows, len(self.fits), self.out_of_fold.shape[2]
        values = np.full(shape, np.nan)
        for index, fits in enumerate(self.fits):
            if fits:
                values[:, index] = np.mean([fit.predict(cells) for fit in fits], 0)
        return self.scale.restore(values)


def fit_learners(
    table: EncodedTable,
    labels: NDArray[Any],
    n_classes: int,
    rows: DistinctRows,
    settings: Sequence[Settings | None],
    n_folds: int,
    seed: int,
    n_threads: int = 1,
    advance: Callable[[int], object] = lambda steps: None,
) -> FittedLearners:
    """Fit learners to the folds of a table.

    Parameters
    ----------
    table : EncodedTable
        The training rows.
    labels : ndarray of int64 or float64, (n_rows,)
        Class index of each, or its target as it is.
    n_classes : int
        Number of classes; 0 if the targets are numbers.
    rows : DistinctRows
        The same rows without copies, with their weights.
    settings : sequence of ForestSettings, BoostingSettings, KernelSettings or None
        Of each learner; None for one to leave out.
    n_folds : int
        Folds; copies of a row are in the same one, unless rows recur by nature. Of fewer than 10
        rows of different cells, nothing is learned.
    seed : int
        Same seed, same learners.
    n_threads : int, default=1
        Fits at a time, each by one thread.
    advance : callable
        Called with 1 whenever a fit is done.

    Returns
    -------
    FittedLearners

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.learners import BoostingSettings, DistinctRows, fit_learners
    >>> X, y = np.arange(100.0)[:, None], np.arange(100) // 50
    >>> table = TableEncoder().fit(X).transform(X)
    >>> settings = BoostingSettings(n_trees=30, depth=2, learning_rate=0.2)
    >>> rows = DistinctRows.of(table.cells, y, None)
    >>> learners = fit_learners(table, y, 2, rows, [settings], 5, seed=0)
    >>> learners.out_of_fold[[5, 95], 0].round()
    array([[1., 0.],
           [0., 1.]])
    """
    rng = np.random.default_rng(seed)
    dealt = rows.in_folds(labels[rows.first], n_folds, rng)
    folds, weights, places = dealt.folds, dealt.weights, rows.first[dealt.row]
    cells, targets = table.cells[places], labels[places]
    scale = TargetScale(0.0, 1.0) if n_classes else TargetScale.of(targets, weights)
    seeds = rng.integers(2**31, size=(len(settings), n_folds))
    if not n_classes:
        # Digits that depend on the unit of the target would decide between equal splits.
        targets = ((targets - scale.mean) / scale.deviation).round(6)
    enough = rows.n_groups >= _FEWEST
    used = [i for i, chosen in enumerate(settings) if chosen is not None and enough]

    labelled = LabelledRows(cells, table.categorical, targets, weights, n_classes)
    if any(isinstance(settings[place], BoostingSettings) for place in used):
        # Before there are threads: it imports polars, which scikit-learn in another thread would
        # take for a whole module.
        import catboost  # noqa: F401
    boosted = {
        place: BoostedFolds(labelled, folds, chosen, seeds[place], MOST_ROWS, n_threads)
        for place in used
        if isinstance(chosen := settings[place], BoostingSettings)
    }

    def fit(index: int, fold: int) -> tuple[Fit, NDArray[np.bool_], NDArray[np.float64]]:
        """Fit a learner; also return which rows it predicts without their labels, and how."""
        chosen, seed = settings[index], int(seeds[index, fold])
        held_out = folds == fold
        if isinstance(chosen, KernelSettings):
            found, leave_one_out = chosen.fit(
                cells, table.categorical, targets, weights, n_classes, seed
            )
            return found, np.ones_like(held_out), leave_one_out
        if index in boosted:  # predicts once it is cut
            return boosted[index].fit(fold), np.zeros_like(held_out), np.zeros((0, 1))
        seen = sample_rows(np.flatnonzero(~held_out), MOST_ROWS, seed)
        training = cells[seen], targets[seen], weights[seen], n_classes, seed
        forest = cast(ForestSettings, chosen).fit(*training)
        return forest, held_out, forest.predict(cells[held_out])

    jobs = [(place, fold) for place in used for fold in range(_n_fits(settings[place], n_folds))]
    out_of_fold = np.full((len(targets), len(settings), max(1, n_classes)), np.nan)
    fits: list[list[Fit]] = [[] for _ in settings]
    done = Parallel(n_threads, prefer="threads", return_as="generator")(
        delayed(fit)(*job) for job in jobs
    )
    for (index, _), (found, predicted, values) in zip(jobs, done, strict=True):
        out_of_fold[predicted, index] = values
        fits[index].append(found)
        advance(1)
    for index, of_folds in boosted.items():
        cut = of_folds.cut(cast(list[FittedBoosting], fits[index]))
        for fold, found in enumerate(cut):
            out_of_fold[folds == fold, index] = found.predict(cells[folds == fold])
        fits[index] = [*cut]
    out_of_fold = dealt.mean(scale.restore(out_of_fold))[rows.inverse]
    return FittedLearners(tuple(map(tuple, fits)), scale, out_of_fold)


def count_fits(settings: Sequence[Settings | None], n_folds: int) -> int:
    """Count the fits of `fit_learners`, and so the calls of its ``advance``."""
    return sum(_n_fits(chosen, n_folds) for chosen in settings)


def _n_fits(chosen: Settings | None, n_folds: int) -> int:
    if chosen is None:
        return 0
    return 1 if isinstance(chosen, KernelSettings) else n_folds
