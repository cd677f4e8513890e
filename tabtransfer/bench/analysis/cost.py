"""The time that results took: seconds by size, and the harness's own share."""

from __future__ import annotations

import math

import pandas as pd

from tabtransfer.bench.results import OK


def seconds_per_thousand(results: pd.DataFrame) -> pd.DataFrame:
    """Divide seconds by thousands of rows: training rows for fit, test rows for predict.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame, (n_methods, 2)
        ``fit_seconds`` and ``predict_seconds`` per 1,000 rows, by method: the median over the
        jobs that went well, as TabArena has it.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"method": "a", "status": "ok", "n_train": 500, "n_test": 250}
    >>> results = pd.DataFrame([{**row, "fit_seconds": 2.0, "predict_seconds": 0.5}])
    >>> seconds_per_thousand(results).loc["a"].tolist()
    [4.0, 2.0]
    """
    finished = results[results["status"] == OK]
    seconds = pd.DataFrame(
        {
            "method": finished["method"],
            "fit_seconds": 1000 * finished["fit_seconds"] / finished["n_train"],
            "predict_seconds": 1000 * finished["predict_seconds"] / finished["n_test"],
        }
    )
    return seconds.groupby("method").median()


def harness_share(results: pd.DataFrame) -> float:
    """Return the share of the jobs' time that was spent outside the methods' own work.

    Work is fit, predict and the prediction of quantiles; the rest is to start processes, import,
    hand tables over and score. Jobs that didn't end well aren't counted.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    float
        0 to 1; NaN where no job went well.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"status": "ok", "fit_seconds": 8.0, "predict_seconds": 1.5, "job_seconds": 10.0}
    >>> round(harness_share(pd.DataFrame([{**row, "quantile_seconds": None}])), 3)
    0.05
    """
    finished = results[results["status"] == OK]
    total = finished["job_seconds"].sum()
    work = finished[["fit_seconds", "predict_seconds", "quantile_seconds"]].sum().sum()
    return float(1 - work / total) if total > 0 else math.nan
