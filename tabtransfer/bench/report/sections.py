"""The report's sections on ranks and on single tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.paired import critical_difference, describe_p, paired_tests
from tabtransfer.bench.analysis.ranking import win_matrix
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.results import OK


def describe_ranks(results: pd.DataFrame, board: pd.DataFrame) -> dict[str, Any]:
    """Return the win matrix, the paired tests and the critical difference, in the board's order."""
    methods = [name for name, n in zip(board["method"], board["n_tables"], strict=True) if n]
    wins = win_matrix(results).reindex(index=methods, columns=methods)
    errors = average_families(table_scores(results, "error")[methods], results)
    critical = critical_difference(errors)
    return {
        "methods": methods,
        "wins": [{"method": name, "shares": list(row)} for name, row in wins.iterrows()],
        "tests": paired_tests(errors).to_dict("records"),
        "critical": critical,
        "friedman": "" if critical is None else describe_p(critical.p),
    }


@dataclass(frozen=True)
class SplitErrors:
    """The errors of a method on the splits of a table, and where the results file has them.

    Parameters
    ----------
    errors : list of float
        One a split.
    rows : list of int
        Numbers of their rows in the results file, from 0.
    anchor : str
        Id of the place in the page that lists them.
    """

    errors: list[float]
    rows: list[int]
    anchor: str


def list_splits(results: pd.DataFrame, at: str = "") -> dict[str, dict[str, SplitErrors]]:
    """List, for each table, each method's error on each split.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, or a part of it; its index counts the rows of the whole.
    at : str, default=""
        What tells this part's anchors from those of others.
    """
    finished = results[results["status"] == OK].sort_values(["seed", "split"])
    found: dict[str, dict[str, SplitErrors]] = {}
    for (table, method), part in finished.groupby(["table", "method"], sort=False):
        of_table = found.setdefault(str(table), {})
        of_table[str(method)] = SplitErrors(
            [float(error) for error in part["error"]],
            [int(row) for row in part.index],
            f"rows{at}-{len(found)}-{len(of_table) + 1}",
        )
    return found
