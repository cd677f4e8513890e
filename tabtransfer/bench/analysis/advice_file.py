"""The results that advice goes by, as a small file: a row for each method on each table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tabtransfer.bench.analysis.sizes import by_size
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.results import OK, read_results
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

SHIPPED = Path(__file__).parents[1] / "advice.parquet"
"""Results that come with the package, where it has any; tables themselves are none of it."""
_FACTS = (
    *("suite", "family", "task", "n_rows", "n_columns", "n_categorical", "missing_share"),
    "n_classes",
)
_SCORES = ("error", "roc_auc", "r2")
COLUMNS = ("max_train", "table", "method", *_FACTS, *_SCORES)


def summarise_results(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average each method's scores over the splits of each table.

    Parameters
    ----------
    parts : sequence of pandas.DataFrame
        Results tables, such as those of several suites.

    Returns
    -------
    pandas.DataFrame
        Its columns are `COLUMNS`; tables of several suites are told apart by ``suite/table``.
        Methods without a score on a table have no row there.
    """
    found = []
    for results in parts:
        for size, rows in by_size(results).items():
            scores = {name: table_scores(rows, name).stack() for name in _SCORES}
            summary = pd.DataFrame(scores).dropna(subset=["error"])
            summary = summary.rename_axis(["table", "method"]).reset_index()
            facts = rows.drop_duplicates("table")[["table", *_FACTS]]
            found.append(summary.merge(facts, on="table").assign(max_train=size))
    joined = pd.concat(found, ignore_index=True)[list(COLUMNS)]
    if joined["suite"].nunique() > 1:
        for name in ("table", "family"):
            joined[name] = joined["suite"] + "/" + joined[name]
    return joined


def write_advice(paths: Sequence[Path], path: Path) -> pd.DataFrame:
    """Write the summary of results files to one small file, and return it."""
    summary = summarise_results([read_results(one) for one in paths])
    with replacing(path) as partial:
        summary.to_parquet(partial, index=False, compression="zstd")
    return summary


def read_advice(path: Path) -> pd.DataFrame:
    """Read a summary, or the summary of a results file, as results of one split a table.

    Parameters
    ----------
    path : Path
        What `write_advice` or ``tabtransfer benchmark`` wrote.

    Raises
    ------
    TabTransferError
        If it is neither, or holds no score.
    """
    try:
        summary = pd.read_parquet(path)
    except (OSError, ValueError):
        summary = pd.DataFrame()
    if list(summary.columns) != list(COLUMNS):
        summary = summarise_results([read_results(path)])
    if summary.empty:
        raise TabTransferError(f"{path} has no score: nothing finished.")
    return summary.assign(split=0, seed=0, status=OK)


def size_for(summary: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """Return the results of the largest training sets that a table of so many rows gives.

    Parameters
    ----------
    summary : pandas.DataFrame
        As `read_advice` returns it.
    n_rows : int
        Rows of the table; with fewer than of all, the smallest training sets are taken.

    Examples
    --------
    >>> summary = pd.DataFrame({"max_train": [1000, 10_000]})
    >>> [int(size_for(summary, n)["max_train"].iloc[0]) for n in (500, 5_000, 50_000)]
    [1000, 1000, 10000]
    """
    sizes = sorted(summary["max_train"].unique())
    chosen = max([size for size in sizes if size <= n_rows], default=sizes[0])
    return summary[summary["max_train"] == chosen]
