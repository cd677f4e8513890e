"""The gain from pretraining at each number of training rows, and where it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.scores import add_score
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.protocol import FINETUNED, PRETRAINED, SCRATCH, SYNTHETIC
from tabtransfer.gains import LEVEL, N_RESAMPLES, Gain, gain

if TYPE_CHECKING:
    from tabtransfer.inference.settings import TaskType

ARMS = (PRETRAINED, FINETUNED, SYNTHETIC, SCRATCH)
"""The same network with more and less transfer; everything else is an opponent."""


@dataclass(frozen=True)
class Crossing:
    """Where the mean gain of one method over another first changes its sign.

    Parameters
    ----------
    starts_above : bool
        Whether the gain is positive at the smallest size.
    size : float
        Training rows at which the mean gain reaches zero, interpolated in the logarithm of the
        size; infinite where it doesn't up to the largest size.
    low, high : float
        Middle 95 % of that size over bootstrap draws of the tables: 0 where the gain has the other
        sign from the smallest size on, infinite where it keeps its sign. NaN for one table. Draws
        without a table at some size don't count.
    n_changes : int
        Changes of the sign over all sizes.
    """

    starts_above: bool
    size: float
    low: float
    high: float
    n_changes: int


@dataclass(frozen=True)
class GainCurve:
    """The gain of one method over another at each number of training rows.

    Parameters
    ----------
    task : {"classification", "regression"}
        Which tables; the two have scores that can't be averaged.
    method, base : str
        The gain is that of `method` over `base`.
    points : dict of int to Gain
        The gain by training rows, ascending, at the sizes where any table has both scores.
    crossing : Crossing
        Where it changes its sign.
    """

    task: TaskType
    method: str
    base: str
    points: dict[int, Gain]
    crossing: Crossing


def gain_curves(results: pd.DataFrame) -> list[GainCurve]:
    """Compare the arms with each other and with their opponents at every size.

    Parameters
    ----------
    results : pandas.DataFrame
        Results of nested training sets; ``max_train`` is the size.

    Returns
    -------
    list of GainCurve
        Classes first. In each task, the gains over the network trained from scratch, which is
        what transfer means, that of all tables over synthetic ones alone, and those over every
        other method. Pairs that never meet are left out. A family of tables counts once.
    """
    scored = add_score(results)
    numeric = scored["task"] == "regression"
    tasks: list[tuple[TaskType, pd.DataFrame]] = [
        ("classification", scored[~numeric]),
        ("regression", scored[numeric]),
    ]
    found = []
    for task, part in tasks:
        scores = {
            int(size): average_families(table_scores(rows, "score"), rows)
            for size, rows in part.groupby("max_train")
        }
        for method, base in _pairs(list(dict.fromkeys(part["method"]))):
            points = {size: gain(table, method, base) for size, table in scores.items()}
            met = {size: value for size, value in points.items() if value is not None}
            if met:
                gains = pd.DataFrame({n: scores[n][method] - scores[n][base] for n in met})
                found.append(GainCurve(task, method, base, met, find_crossing(gains)))
    return found


def find_crossing(gains: pd.DataFrame) -> Crossing:
    """Find the size at which the mean gain first changes its sign.

    Parameters
    ----------
    gains : pandas.DataFrame, (n_tables, n_sizes)
        Gains, one row an independent table or family, columns ascending sizes; NaN where a table
        has none at a size. Each size has a gain.

    Returns
    -------
    Crossing
        The size, its interval over tables drawn with replacement, and all changes of the sign.

    Examples
    --------
    >>> import pandas as pd
    >>> crossing = find_crossing(pd.DataFrame({10: [0.2, 0.4], 1000: [-0.4, -0.2]}))
    >>> crossing.starts_above, round(crossing.size), crossing.n_changes
    (True, 100, 1)
    """
    sizes = np.log(gains.columns.to_numpy(dtype=np.float64))
    values = gains.to_numpy(dtype=np.float64)  # (n_tables, n_sizes)
    mean = np.nanmean(values, axis=0)
    starts_above = bool(mean[0] > 0)
    sign = 1.0 if starts_above else -1.0
    signs = np.sign(mean[mean != 0])
    low = high = math.nan
    if len(values) > 1:
        drawn = np.sort(_reach_zero(sign * _resampled_means(values), sizes))
        tail = (1 - LEVEL) / 2
        low = math.exp(drawn[int(tail * len(drawn))])
        high = math.exp(drawn[int((1 - tail) * len(drawn)) - 1])
    return Crossing(
        starts_above,
        math.exp(_reach_zero(sign * mean[None], sizes).item()),
        low,
        high,
        int((signs[1:] != signs[:-1]).sum()),
    )


def _pairs(methods: list[str]) -> list[tuple[str, str]]:
    present = [arm for arm in ARMS if arm in methods]
    over_scratch = [(arm, SCRATCH) for arm in present if arm != SCRATCH and SCRATCH in present]
    over_synthetic = [(PRETRAINED, SYNTHETIC)] if {PRETRAINED, SYNTHETIC} <= set(present) else []
    opponents = [name for name in methods if name not in ARMS]
    return [*over_scratch, *over_synthetic, *((arm, name) for name in opponents for arm in present)]


def _resampled_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average tables drawn with replacement, in each draw that has a table at every size."""
    n_tables = len(values)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n_tables, [1 / n_tables] * n_tables, N_RESAMPLES).astype(float)
    n_met = counts @ np.isfinite(values)  # (n_draws, n_sizes)
    whole = (n_met > 0).all(axis=1)
    return (counts @ np.nan_to_num(values))[whole] / n_met[whole]


def _reach_zero(curves: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the size at which each curve first comes down to zero, as a logarithm.

    Minus infinity where it is below from its first size on, infinity where it stays above.
    """
    rows = np.arange(len(curves))
    reached = curves <= 0  # (n_curves, n_sizes)
    after = reached.argmax(axis=1)
    before = np.maximum(after - 1, 0)
    high, low = curves[rows, before], curves[rows, after]
    # Where the first size is below, both ends are that size and the share doesn't matter.
    fall = np.where(after > 0, high - low, 1.0)
    places = sizes[before] + (sizes[after] - sizes[before]) * high / fall
    places[curves[:, 0] < 0] = -np.inf
    places[~reached.any(axis=1)] = np.inf
    return places
