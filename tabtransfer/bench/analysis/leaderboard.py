"""The leaderboard: one row a method, best mean rank first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.ranking import rank_methods
from tabtransfer.bench.analysis.scores import CLASSES, NUMBERS, mean_scores
from tabtransfer.bench.analysis.statistics import add_interval, table_scores
from tabtransfer.bench.results import OK
from tabtransfer.gains import gain


def leaderboard(results: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Rank the methods.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    reference : str
        Method that wins, ties and losses in ROC AUC are counted against.

    Returns
    -------
    pandas.DataFrame
        Best mean rank first; methods without any score come last. Elo, improvability, rank and win
        rate are those of `rank_methods`; ``skill`` is the score of numbers (see `add_score`). Means
        and seconds are over the tables where the method has
        a score (`n_tables`), a family of tables counting once; seconds are those of a mean job.
    """
    errors = table_scores(results, "error")
    board = pd.DataFrame(index=pd.Index(errors.columns, name="method"))
    board["n_tables"] = errors.notna().sum()
    board = board.join(rank_methods(results))
    by_kind = mean_scores(results)
    for kind in (CLASSES, NUMBERS):
        scores = by_kind.get(kind, pd.DataFrame(columns=board.index, dtype=float))
        add_interval(board, kind.column, average_families(scores, results))
    scores = average_families(table_scores(results), results)
    for name in ("log_loss", "accuracy", "fit_seconds", "predict_seconds"):
        board[name] = average_families(table_scores(results, name), results).mean()
    finished = results[results["status"] == OK]
    board["peak_memory_mb"] = finished.groupby("method")["peak_memory_mb"].max()
    for name in ("wins", "ties", "losses"):
        board[name] = [
            getattr(gain(scores, method, reference), name, np.nan)
            if method != reference
            else np.nan
            for method in board.index
        ]
    board = board.astype({name: "Int64" for name in ("wins", "ties", "losses")})
    return board.sort_values(["rank", "improvability"]).reset_index()
