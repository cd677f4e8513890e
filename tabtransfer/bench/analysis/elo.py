"""Elo ratings: the Bradley-Terry model, fitted by maximum likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.analysis.statistics import MIN_TABLES
from tabtransfer.bench.results import OK

ANCHOR = "random-forest"
ANCHOR_RATING = 1000.0
N_ELO_RESAMPLES = 1_000
_POINTS = 400 / np.log(10)  # points of one unit of log-odds: 400 points are odds of 10 to 1
# A method that always wins has no finite rating; so weak a penalty gives it one far away and moves
# the others by hundredths of a point.
_RIDGE = 1e-4
_MAX_STEP = 2.0
_N_STEPS = 100


def pairwise_wins(results: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Count wins between each two methods, one in all for each family of tables.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table. A split counts for two methods where both finished it; the splits of a
        table weigh the same, so do the tables of a family.

    Returns
    -------
    methods : list of str
        Those that finished a job, sorted.
    wins : array, (n_families, n_methods, n_methods)
        ``wins[f, i, j]`` is the share of the family that i won over j, a tie being half a win.
        ``wins[f, i, j] + wins[f, j, i]`` is 1, or 0 where the two never met.
    """
    finished = results[results["status"] == OK]
    errors = finished.pivot_table(
        index=["family", "table", "seed", "split"], columns="method", values="error", observed=True
    )
    values = errors.to_numpy(dtype=np.float64)  # (n_splits, n_methods)
    above = values[:, :, None] < values[:, None, :]
    same = values[:, :, None] == values[:, None, :]
    met = ~np.isnan(values[:, :, None] + values[:, None, :])
    won = np.where(met, above + 0.5 * same, np.nan)  # (n_splits, n_methods, n_methods)
    n_methods = values.shape[1]
    flat = pd.DataFrame(won.reshape(len(won), n_methods**2), index=errors.index)
    # Means leave the splits and tables out where two methods didn't meet.
    by_family = flat.groupby(level=["family", "table"]).mean().groupby(level="family").mean()
    wins = by_family.fillna(0.0).to_numpy(copy=True).reshape(len(by_family), n_methods, n_methods)
    wins[:, np.arange(n_methods), np.arange(n_methods)] = 0.0
    return list(errors.columns), wins


def fit_elo(wins: NDArray[np.float64], anchor: int | None = None) -> NDArray[np.float64]:
    """Fit Elo ratings to counts of wins.

    Parameters
    ----------
    wins : array, (..., n_methods, n_methods)
        ``wins[i, j]`` counts how often i beat j, fractions allowed. Leading axes are fitted apart.
    anchor : int, optional
        Method whose rating is 1000; without one the mean is.

    Returns
    -------
    array, (..., n_methods)
        Ratings; NaN for a method that met nobody.

    Examples
    --------
    >>> import numpy as np
    >>> fit_elo(np.array([[0.0, 10.0], [1.0, 0.0]]), anchor=1).round().tolist()
    [1400.0, 1000.0]
    """
    n_methods = wins.shape[-1]
    met = wins + np.swapaxes(wins, -1, -2)
    strength = np.zeros(wins.shape[:-1])  # (..., n_methods), log-odds
    diagonal = np.eye(n_methods, dtype=bool)
    for _ in range(_N_STEPS):
        chance = 1 / (1 + np.exp(strength[..., None, :] - strength[..., :, None]))
        gradient = (wins - met * chance).sum(axis=-1) - _RIDGE * strength
        weights = met * chance * (1 - chance)
        hessian = np.where(diagonal, weights.sum(axis=-1)[..., None] + _RIDGE, -weights)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        strength += np.clip(step, -_MAX_STEP, _MAX_STEP)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    ratings = np.where(met.sum(axis=-1) > 0, strength * _POINTS, np.nan)
    # The mean over no numbers is NaN without a warning.
    present = np.isfinite(ratings).sum(axis=-1, keepdims=True)
    mean = np.nansum(ratings, axis=-1, keepdims=True) / np.where(present, present, np.nan)
    origin = mean if anchor is None else ratings[..., anchor : anchor + 1]
    return np.asarray(ratings - origin + ANCHOR_RATING)


def elo_table(results: pd.DataFrame) -> pd.DataFrame:
    """Rate the methods of a results table, with intervals over families of tables.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame, (n_methods, 3)
        ``elo``, ``elo_low`` and ``elo_high`` by method: the fit and the middle 95 % of fits to
        families drawn with replacement. The random forest has 1000 where it takes part, else the
        mean has. NaN where there are fewer than `MIN_TABLES` families: the rating of a method that
        always wins has no end.
    """
    methods, wins = pairwise_wins(results)
    columns = ["elo", "elo_low", "elo_high"]
    if not methods:
        return pd.DataFrame(columns=columns, dtype=float)
    anchor = methods.index(ANCHOR) if ANCHOR in methods else None
    ratings = np.full(len(methods), np.nan)
    interval = np.full((2, len(methods)), np.nan)
    n_families = len(wins)
    if n_families >= MIN_TABLES:
        ratings = fit_elo(wins.sum(axis=0), anchor)
        rng = np.random.default_rng(0)
        counts = rng.multinomial(n_families, [1 / n_families] * n_families, N_ELO_RESAMPLES)
        drawn = np.tensordot(counts.astype(float), wins, axes=1)
        fits = fit_elo(drawn, anchor)
        # A draw in which a method meets nobody says nothing of it.
        rated = np.isfinite(fits).any(axis=0)
        if rated.any():
            interval[:, rated] = np.nanpercentile(fits[:, rated], [2.5, 97.5], axis=0)
    return pd.DataFrame(dict(zip(columns, (ratings, *interval), strict=True)), index=methods)
