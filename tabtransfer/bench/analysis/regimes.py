"""Regimes: which method wins on which kind of table, at what cost, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.ranking import mean_ranks, relative_gain
from tabtransfer.bench.analysis.statistics import MIN_TABLES, table_scores
from tabtransfer.bench.analysis.verdict import Decision
from tabtransfer.bench.protocol import PRETRAINED
from tabtransfer.gains import Gain, summarise_gains

_INFINITY = float("inf")


@dataclass(frozen=True)
class Regime:
    """The results on one kind of table.

    Parameters
    ----------
    name : str
        Which tables: "all tables", "rows: up to 500", ...
    ranks : pandas.Series
        Mean rank of each method, best first.
    winner, runner_up : str
        The best of ours and the best of the others by mean rank, the better one first; the two
        methods of best mean rank where all are ours or none is.
    gain : Gain
        How much lower the winner's error is than the runner-up's, as a share.
    state : {"supported", "contradicted", "undecided"}
        Whether the interval of `gain` says that the winner is better: above 0, below 0, or
        neither, as with too few tables.
    behind : dict of str to float
        How much lower the winner's error is than each other method's, as a share, averaged over
        the tables where both have one. Below 0 where the winner ranks better but loses by more
        than it wins.
    seconds : dict of str to float
        Fit and predict of a mean job by method.
    """

    name: str
    ranks: pd.Series
    winner: str
    runner_up: str
    gain: Gain
    state: Decision
    behind: dict[str, float]
    seconds: dict[str, float]


def summarise_gain(errors: pd.DataFrame, method: str, base: str) -> Gain | None:
    """Average the relative gain of one method over another, with its interval and its wins.

    Parameters
    ----------
    errors : pandas.DataFrame, (n_tables, n_methods)
        Errors, one row an independent table or family.
    method, base : str
        The gain is that of `method` over `base`.

    Returns
    -------
    Gain or None
        None where no table has both errors.
    """
    gains = relative_gain(errors, method, base).to_numpy(dtype=np.float64)
    if not len(gains):
        return None
    return summarise_gains(gains, gains == 0)


def decide(gain: Gain) -> Decision:
    """Return what an interval shows.

    Examples
    --------
    >>> decide(Gain(9, 0.1, 0.02, 0.2, 7, 0, 2)), decide(Gain(9, 0.1, -0.1, 0.2, 5, 0, 4))
    ('supported', 'undecided')
    """
    if gain.n_tables < MIN_TABLES:
        return "undecided"
    if gain.low > 0:
        return "supported"
    return "contradicted" if gain.high < 0 else "undecided"


def label_tables(results: pd.DataFrame) -> dict[str, list[str]]:
    """Sort tables into regimes by task, rows, columns, classes, categorical share and gaps.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    dict of str to list of str
        Tables by regime, "all tables" first; regimes without tables are left out.
    """
    tables = results.drop_duplicates("table").set_index("table")
    share = tables["n_categorical"] / tables["n_columns"]
    classes = tables["n_classes"].astype(float).where(tables["task"] != "regression")
    facts: list[tuple[str, pd.Series, list[float]]] = [
        ("rows", tables["n_rows"], [0, 500, 2000, 10_000, _INFINITY]),
        ("columns", tables["n_columns"], [0, 10, 50, _INFINITY]),
        ("classes", classes, [0, 2, 5, _INFINITY]),
        ("categorical columns, %", 100 * share, [-1, 0, 50, 100]),
        ("missing cells, %", 100 * tables["missing_share"], [-1, 0, 5, 100]),
    ]
    found = {"all tables": list(tables.index)}
    for task, part in tables.groupby("task"):
        found[f"task: {task}"] = list(part.index)
    for name, values, edges in facts:
        for low, high in pairwise(edges):
            inside = list(values.index[(values > low) & (values <= high)])
            if inside:
                found[f"{name}: {_describe(low, high)}"] = inside
    return found


def judge_regimes(results: pd.DataFrame) -> list[Regime]:
    """Find the winner of each regime.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    list of Regime
        Those with at least two methods that meet on a table. A family of tables counts once.
    """
    regimes = []
    for name, tables in label_tables(results).items():
        part = results[results["table"].isin(tables)]
        ranks = mean_ranks(part).sort_values(kind="stable")
        if len(ranks) < 2:
            continue
        winner, runner_up = _contenders(list(map(str, ranks.index)))
        errors = average_families(table_scores(part, "error"), part)
        gain = summarise_gain(errors, winner, runner_up)
        if gain is None:
            continue
        seconds = table_scores(part, "fit_seconds") + table_scores(part, "predict_seconds")
        means = {str(method): float(value) for method, value in seconds.mean().items()}
        behind = {
            other: float(relative_gain(errors, winner, other).mean())
            for other in map(str, ranks.index[1:])
        }
        regimes.append(Regime(name, ranks, winner, runner_up, gain, decide(gain), behind, means))
    return regimes


def _contenders(ranked: list[str]) -> tuple[str, str]:
    """Return the best method and the best of the other side: our variants aren't compared."""
    first, *rest = ranked
    ours = first.startswith(PRETRAINED)
    others = [name for name in rest if name.startswith(PRETRAINED) != ours]
    return first, (others or rest)[0]


def _describe(low: float, high: float) -> str:
    if low < 0:
        return "none"
    if high == _INFINITY:
        return f"above {low:,.0f}"
    return f"up to {high:,.0f}" if low == 0 else f"{low:,.0f} to {high:,.0f}"
