"""Statistics of the results table: means, wins and gains, with bootstrap intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.results import LEFT_OUT, OK
from tabtransfer.gains import Gain, bootstrap_mean, gain

MIN_TABLES = 6
"""With fewer tables, winning on every one has a chance above 5 % for equal methods."""


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
        scores = values[method].dropna().to_numpy(dtype=np.float64)
        if len(scores):
            low, high = bootstrap_mean(scores[:, None])
            board.loc[method, columns] = scores.mean(), low.item(), high.item()


def gains_by_kind(
    results: pd.DataFrame, method: str, base: str, metric: str = "roc_auc"
) -> dict[str, Gain]:
    """Compare two methods on all tables and on each kind of table, a family counting once.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    method, base : str
        The gain is that of `method` over `base`.
    metric : str, default="roc_auc"
        Column of the results, higher where better.

    Returns
    -------
    dict of str to Gain
        "all tables" first, then the kinds; empty where no table has both scores.
    """
    scores = table_scores(results, metric)
    kinds = results.drop_duplicates("table").set_index("table")["kind"].reindex(scores.index)
    groups = {"all tables": scores, **{str(k): part for k, part in scores.groupby(kinds)}}
    found = {
        name: gain(average_families(part, results), method, base) for name, part in groups.items()
    }
    return {name: value for name, value in found.items() if value is not None}
