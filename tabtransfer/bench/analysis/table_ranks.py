"""The rank of each method on each table, where some methods have no error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.results import FAILED, OUT_OF_MEMORY, TIMEOUT

_LOST = (FAILED, TIMEOUT, OUT_OF_MEMORY)


def rank_on_tables(results: pd.DataFrame) -> pd.DataFrame:
    """Rank the methods on each table by their errors.

    A method that failed, or ran into a limit, loses to all that didn't. One that was skipped or
    left out, as on a table that it was trained on, is neither ranked there nor in anybody's way:
    others lose to it as often as on the tables where they met it.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame, (n_tables, n_methods)
        1 for the best, ties sharing the mean rank; NaN where a method was skipped. Methods
        without any error are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("t", "a", 0.1), ("t", "b", 0.2), ("u", "a", None), ("u", "b", 0.2)]
    >>> results = pd.DataFrame(rows, columns=["table", "method", "error"])
    >>> status = results["error"].isna().map({False: "ok", True: "skipped"})
    >>> rank_on_tables(results.assign(status=status, seed=0, split=0)).loc["u"].tolist()
    [nan, 2.0]
    """
    errors = table_scores(results, "error")
    errors = errors.loc[:, errors.notna().any()]
    lost = results[results["status"].isin(_LOST)]
    for table, method in zip(lost["table"], lost["method"], strict=True):
        if table in errors.index and method in errors and pd.isna(errors.at[table, method]):
            errors.at[table, method] = np.inf
    values = errors.to_numpy(dtype=np.float64)
    mine, its = values[:, :, None], values[:, None, :]  # (n_tables, n_methods, n_methods)
    met = ~np.isnan(mine) & ~np.isnan(its)
    losses = np.where(met, (mine > its) + 0.5 * (mine == its), 0.0)
    n_met = met.sum(axis=0)
    usual = np.divide(losses.sum(axis=0), n_met, out=np.full(n_met.shape, 0.5), where=n_met > 0)
    behind = np.where(met, losses, usual)
    diagonal = np.arange(values.shape[1])
    behind[:, diagonal, diagonal] = 0.0
    ranks = np.where(np.isnan(values), np.nan, 1.0 + behind.sum(axis=2))
    return pd.DataFrame(ranks, index=errors.index, columns=errors.columns)
