"""What the results table says: means, wins and gains, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.results import LEFT_OUT, OK

TIE = 0.002
"""Two methods tie on a table when their mean ROC AUC differ by at most this."""
MIN_TABLES = 6
"""With fewer tables, winning on every one has a chance above 5 % for equal methods."""
LEVEL = 0.95
N_RESAMPLES = 10_000


@dataclass(frozen=True)
class Gain:
    """How much one method is above another over tables.

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


def table_scores(results: pd.DataFrame, metric: str = "roc_auc") -> pd.DataFrame:
    """Average each method's metric over the splits of each table.

    A method has a score on a table only where it finished every split that any method
    finished there: means over different splits can't be compared. Splits that a run's end cut
    short don't count (see `drop_cut_splits`).

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    metric : str, default="roc_auc"
        Column to average.

    Returns
    -------
    pandas.DataFrame, (n_tables, n_methods)
        NaN where a method has no score. Tables where no method has one are left out;
        methods that have none keep their column.
    """
    results = drop_cut_splits(results)
    finished = results[results["status"] == OK]
    by_split = finished.pivot_table(
        index=["table", "seed", "split"], columns="method", values=metric, observed=True
    )
    # A method's mean is NaN as soon as one split is.
    means = by_split.groupby(level="table").agg(lambda column: column.mean(skipna=False))
    order = list(dict.fromkeys(results["table"]))
    means = means.reindex(index=[name for name in order if name in means.index])
    return means.reindex(columns=sorted(results["method"].unique()))


def drop_cut_splits(results: pd.DataFrame) -> pd.DataFrame:
    """Drop the splits that some methods weren't started on because the run's time was over.

    A method that was started on no split of the table cuts none.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame
        Its other rows.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", 0, "ok"), ("a", 1, "left_out"), ("b", 1, "ok")]
    >>> results = pd.DataFrame(rows, columns=["method", "split", "status"])
    >>> len(drop_cut_splits(results.assign(table="t", seed=0, max_train=1000)))
    1
    """
    left_out = results["status"] == LEFT_OUT
    if not left_out.any():
        return results
    table = ["table", "seed", "max_train"]
    pair, place = [*table, "method"], [*table, "split"]
    started = pd.MultiIndex.from_frame(results.loc[~left_out, pair])
    cuts = left_out & pd.MultiIndex.from_frame(results[pair]).isin(started)
    cut_places = pd.MultiIndex.from_frame(results.loc[cuts, place])
    return results[~pd.MultiIndex.from_frame(results[place]).isin(cut_places)]


def bootstrap_mean(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound the mean over tables by drawing tables with replacement.

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
        Scores as `table_scores` gives them.
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


def add_interval(board: pd.DataFrame, name: str, values: pd.DataFrame) -> None:
    """Set a method's mean and interval in a board: ``name``, ``name_low`` and ``name_high``.

    Parameters
    ----------
    board : pandas.DataFrame
        One row a method; changed in place. NaN for a method without a value.
    name : str
        Name of the figure.
    values : pandas.DataFrame, (n_tables, n_methods)
        The figure, one row an independent table or family.
    """
    columns = [name, f"{name}_low", f"{name}_high"]
    board[columns] = np.nan
    for method in values.columns:
        own = values[method].dropna().to_numpy(dtype=np.float64)
        if len(own):
            low, high = bootstrap_mean(own[:, None])
            board.loc[method, columns] = own.mean(), low.item(), high.item()


def gains_by_kind(results: pd.DataFrame, method: str, base: str) -> dict[str, Gain]:
    """Compare two methods on all tables and on each kind of table, a family counting once.

    Returns
    -------
    dict of str to Gain
        "all tables" first, then the kinds; empty where no table has both scores.
    """
    scores = table_scores(results)
    kinds = results.drop_duplicates("table").set_index("table")["kind"].reindex(scores.index)
    groups = {"all tables": scores, **{str(k): part for k, part in scores.groupby(kinds)}}
    found = {
        name: gain(average_families(part, results), method, base) for name, part in groups.items()
    }
    return {name: value for name, value in found.items() if value is not None}
