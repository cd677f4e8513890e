"""The report's sections on ranks and on single tables."""

from __future__ import annotations

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


def list_splits(results: pd.DataFrame) -> dict[str, dict[str, list[float]]]:
    """List, for each table, each method's error on each split."""
    finished = results[results["status"] == OK].sort_values(["seed", "split"])
    found: dict[str, dict[str, list[float]]] = {}
    for (table, method), part in finished.groupby(["table", "method"], sort=False):
        found.setdefault(str(table), {})[str(method)] = [float(error) for error in part["error"]]
    return found
