"""How much better one method is than another over tables, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TIE = 0.002
"""Two methods tie on a table when their mean ROC AUC differ by at most this."""
LEVEL = 0.95
N_RESAMPLES = 10_000


@dataclass(frozen=True)
class Gain:
    """How much better one method is than another over tables.

    Parameters
    ----------
    n_tables : int
        Tables where both methods have a score.
    mean : float
        Mean difference of the ROC AUC; positive where the first method is better.
    low, high : float
        Bootstrap interval of the mean over tables; NaN for fewer than two tables.
    wins, ties, losses : int
        Tables by sign of the difference, a tie being at most `TIE` apart.
    """

    n_tables: int
    mean: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int


def bootstrap_mean(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bootstrap interval of a mean over tables.

    Parameters
    ----------
    values : array, (n_tables, n_columns)
        One row per table; the columns share the draws.

    Returns
    -------
    low, high : array, (n_columns,)
        The middle 95 % of the resampled means; NaN for fewer than two tables.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = bootstrap_mean(np.array([[1.0], [1.0], [1.0]]))
    >>> low.item(), high.item()
    (1.0, 1.0)
    """
    n_tables, n_columns = values.shape
    if n_tables < 2:
        return np.full(n_columns, np.nan), np.full(n_columns, np.nan)
    draws = np.random.default_rng(0).integers(0, n_tables, (N_RESAMPLES, n_tables))
    means = np.stack([column[draws].mean(axis=1) for column in values.T])  # (n_columns, n)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(means, [tail, 100 - tail], axis=1)
    return low, high


def gain(scores: pd.DataFrame, method: str, base: str) -> Gain | None:
    """Compare two methods on the tables where both have a score.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per table, one column per method; NaN where a method has no score.
    method, base : str
        The gain is that of `method` over `base`.

    Returns
    -------
    Gain or None
        None where no table has both scores.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"a": [0.9, 0.801, 0.6], "b": [0.8, 0.8, 0.7]})
    >>> result = gain(scores, "a", "b")
    >>> result.wins, result.ties, result.losses
    (1, 1, 1)
    """
    if method not in scores or base not in scores:
        return None
    difference = (scores[method] - scores[base]).dropna().to_numpy(dtype=np.float64)
    if not len(difference):
        return None
    # Rounded, as 0.802 - 0.8 is a hair above 0.002 in floating point.
    return summarise_gains(difference, np.abs(difference).round(9) <= TIE)


def summarise_gains(gains: NDArray[np.float64], ties: NDArray[np.bool_]) -> Gain:
    """Average gains over tables, with the interval and the wins table by table.

    Parameters
    ----------
    gains : array, (n_tables,)
        At least one gain.
    ties : array, (n_tables,)
        Which of them count as ties.

    Returns
    -------
    Gain
        The summary.

    Examples
    --------
    >>> import numpy as np
    >>> found = summarise_gains(np.array([0.1, -0.2, 0.0]), np.array([False, False, True]))
    >>> found.wins, found.ties, found.losses
    (1, 1, 1)
    """
    low, high = bootstrap_mean(gains[:, None])
    return Gain(
        n_tables=len(gains),
        mean=float(gains.mean()),
        low=low.item(),
        high=high.item(),
        wins=int(((gains > 0) & ~ties).sum()),
        ties=int(ties.sum()),
        losses=int(((gains < 0) & ~ties).sum()),
    )
