"""Rank methods by their errors: Elo, improvability, mean ranks and wins, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.elo import elo_table, pairwise_wins
from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.statistics import add_interval, table_scores
from tabtransfer.bench.analysis.table_ranks import rank_on_tables


def improvability(errors: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each error that the table's best method does without.

    Parameters
    ----------
    errors : pandas.DataFrame, (n_tables, n_methods)
        Errors, lower being better.

    Returns
    -------
    pandas.DataFrame, (n_tables, n_methods)
        ``1 - best / error``, as TabArena has it: 0 for the best method, below 1 for others.

    Examples
    --------
    >>> import pandas as pd
    >>> improvability(pd.DataFrame({"a": [0.1], "b": [0.2]})).iloc[0].tolist()
    [0.0, 0.5]
    """
    best = errors.min(axis=1)
    # Without any error there is nothing to improve, and 0 / 0 isn't a number.
    return (1 - errors.rdiv(best, axis=0)).mask(errors == 0, 0.0)


def relative_gain(errors: pd.DataFrame, method: str, base: str) -> pd.Series:
    """Return how much lower one method's error is on each table, as a share of the larger error.

    Parameters
    ----------
    errors : pandas.DataFrame, (n_tables, n_methods)
        Errors, lower being better.
    method, base : str
        The gain is that of `method` over `base`.

    Returns
    -------
    pandas.Series
        From -1 to 1, one number for each table where both have an error. Unlike differences, it
        can be averaged over tables of different metrics.

    Examples
    --------
    >>> import pandas as pd
    >>> errors = pd.DataFrame({"a": [0.1, 0.4], "b": [0.2, 0.3]})
    >>> relative_gain(errors, "a", "b").round(2).tolist()
    [0.5, -0.25]
    """
    pair = errors[[method, base]].dropna()
    larger = pair.max(axis=1)
    return ((pair[base] - pair[method]) / larger).mask(larger == 0, 0.0)


def win_matrix(results: pd.DataFrame) -> pd.DataFrame:
    """Return the share of families of tables that each method (row) wins over each other (column).

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame, (n_methods, n_methods)
        A tie is half a win; NaN where two methods never met.
    """
    methods, wins = pairwise_wins(results)
    won = wins.sum(axis=0)
    met = won + won.T
    shares = np.divide(won, met, out=np.full_like(won, np.nan), where=met > 0)
    return pd.DataFrame(shares, index=methods, columns=methods)


def mean_ranks(results: pd.DataFrame) -> pd.Series:
    """Return the mean rank of each method that has an error, as `rank_methods` does."""
    return average_families(rank_on_tables(results), results).mean()


def rank_methods(results: pd.DataFrame) -> pd.DataFrame:
    """Rank the methods by Elo, improvability, mean rank and win rate.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame
        One row a method that has a score on any table, best mean rank first. ``elo``,
        ``improvability``, ``rank`` and ``win_rate`` each have ``_low`` and ``_high``, the 95 %
        bootstrap interval over families of tables (ranks: see `rank_on_tables`). ``n_best`` counts
        the families where the method has the lowest error.
    """
    errors = table_scores(results, "error")
    errors = errors.loc[:, errors.notna().any()]
    by_family = average_families(errors, results)
    board = pd.DataFrame(index=pd.Index(errors.columns, name="method"))
    board = board.join(elo_table(results))
    add_interval(board, "improvability", average_families(improvability(errors), results))
    add_interval(board, "rank", average_families(rank_on_tables(results), results))
    add_interval(board, "win_rate", _win_rates(results).reindex(columns=board.index))
    family_ranks = average_families(errors.rank(axis=1, method="min"), results)
    board["n_best"] = (family_ranks == 1).sum()
    board["n_families"] = by_family.notna().sum()
    return board.sort_values(["rank", "improvability"])


def _win_rates(results: pd.DataFrame) -> pd.DataFrame:
    """Average, family by family, the wins over the methods that a method met there."""
    methods, wins = pairwise_wins(results)
    met = (wins + wins.swapaxes(1, 2)).sum(axis=2)
    rates = np.divide(wins.sum(axis=2), met, out=np.full_like(met, np.nan), where=met > 0)
    return pd.DataFrame(rates, columns=methods)
