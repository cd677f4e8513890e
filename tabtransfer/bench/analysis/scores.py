"""The score of each kind of table, higher being better and free of the target's unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.statistics import table_scores


@dataclass(frozen=True)
class ScoreKind:
    """Tables whose scores can be averaged.

    Parameters
    ----------
    tables : str
        What is predicted on them: "classes" or "numbers".
    score : str
        Name of the score.
    column : str
        Its column on the leaderboard.
    """

    tables: str
    score: str
    column: str


CLASSES = ScoreKind("classes", "ROC AUC", "roc_auc")
NUMBERS = ScoreKind("numbers", "1 − RMSE / baseline", "skill")


def add_score(results: pd.DataFrame) -> pd.DataFrame:
    """Add a column ``score`` to results.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame
        With the ROC AUC of classes, and for numbers ``1 - RMSE / baseline``, where the baseline
        is the RMSE of predicting the test rows' mean: 0 is guessing, 1 is perfect.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [{"task": "binary", "roc_auc": 0.9}, {"task": "regression", "r2": 0.75}]
    >>> add_score(pd.DataFrame(rows))["score"].tolist()
    [0.9, 0.5]
    """
    skill = 1 - np.sqrt(1 - results["r2"].astype(float))
    numeric = results["task"] == "regression"
    return results.assign(score=results["roc_auc"].astype(float).mask(numeric, skill))


def by_kind(results: pd.DataFrame) -> dict[ScoreKind, pd.DataFrame]:
    """Group rows by the kind of their table, each with a ``score``; absent kinds are left out."""
    scored = add_score(results)
    numeric = scored["task"] == "regression"
    parts = {CLASSES: scored[~numeric], NUMBERS: scored[numeric]}
    return {kind: part for kind, part in parts.items() if len(part)}


def mean_scores(results: pd.DataFrame) -> dict[ScoreKind, pd.DataFrame]:
    """Return the mean scores of each kind of table, (n_tables, n_methods) each."""
    return {kind: table_scores(part, "score") for kind, part in by_kind(results).items()}
