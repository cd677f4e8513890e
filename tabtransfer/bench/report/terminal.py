"""Leaderboards and comparisons as tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from tabtransfer.bench.protocol import PRETRAINED
from tabtransfer.number_text import interval, minus, significant

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from tabtransfer.bench.analysis.advice import Advice, Advisor
    from tabtransfer.bench.analysis.comparison import Comparison
    from tabtransfer.bench.analysis.ladder import Ladder


def leaderboard_table(board: pd.DataFrame, reference: str) -> Table:
    """Return the leaderboard as a table for the terminal.

    Parameters
    ----------
    board : pandas.DataFrame
        The leaderboard.
    reference : str
        Method that wins, ties and losses are counted against.

    Returns
    -------
    rich.table.Table
        Print it with `rich.print`.
    """
    numbers = bool(board["roc_auc"].isna().all())
    score = "1 − RMSE / baseline" if numbers else "ROC AUC"
    table = _table(
        f"95 % intervals of the mean {score}; tables won/tied/lost against {reference} by ROC AUC"
    )
    table.add_column("method", no_wrap=True)
    heading = "skill" if numbers else score
    for name in ("rank", heading, "interval", f"vs {reference}", "seconds", "tables"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in board.to_dict("records"):
        style = "bold" if str(row["method"]).startswith(PRETRAINED) else ""
        column = "skill" if numbers else "roc_auc"
        table.add_row(str(row["method"]), *_cells(row, reference, column), style=style)
    return table


def comparison_table(comparison: Comparison) -> Table:
    """Return the comparison of methods on one table as a table for the terminal."""
    table = _table(
        f"{comparison.n_splits} splits; 95 % intervals and tests against the first method that "
        "allow for overlapping splits, Holm's correction"
        if comparison.n_splits > 1
        else "One split, which gives no intervals"
    )
    table.add_column("method", no_wrap=True)
    for heading in (comparison.error_name, "interval", "behind", "p", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in comparison.entrants:
        error, behind = one.error, one.behind
        table.add_row(
            one.method,
            significant(error.mean),
            interval(error.low, error.high),
            "–" if behind is None else significant(behind.mean, 2),
            f"{one.p:.2g}".replace("nan", "–"),
            f"{one.seconds:.2f}",
            style="bold" if one.method == comparison.choice else "",
        )
    return table


def ladder_table(ladder: Ladder) -> Table:
    """Return the ladder as a table for the terminal, the lowest rung first."""
    table = _table("The ladder: each rung against the one above it here, 95 % intervals")
    table.add_column("rung", no_wrap=True)
    for heading in (ladder.error_name, "change", "interval", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for rung in ladder.rungs:
        one, step = rung.entrant, rung.step
        table.add_row(
            one.method,
            significant(one.error.mean),
            "–" if step is None else significant(step.mean, 2),
            "–" if step is None else interval(step.low, step.high, 2),
            f"{one.seconds:.2f}",
        )
    return table


def advice_table(advisors: Sequence[Advisor], advice: Sequence[Advice]) -> Table:
    """Return the expected gains of methods on a table, in per cent, as a table for the terminal."""
    table = _table(
        f"%: lower error than {advisors[0].base}; 95 % intervals. By: the model of the table's "
        "description, or the average over all tables. Errs: root mean squared error of either, for "
        "tables left out"
    )
    table.add_column("method", no_wrap=True)
    for heading in ("lower error", "interval", "by", "model errs", "average errs"):
        table.add_column(heading, justify="right", no_wrap=True)
    for advisor, one in zip(advisors, advice, strict=True):
        shares = (one.gain, one.low, one.high, advisor.model_error, advisor.mean_error)
        gain, low, high, model, mean = (minus(f"{100 * share:.1f}") for share in shares)
        by = "average" if advisor.model is None else "model"
        row = (gain, f"{low} to {high}", by, model, mean)
        table.add_row(advisor.method, *(cell.replace("nan", "–") for cell in row))
    return table


def _table(caption: str) -> Table:
    return Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        caption=caption,
    )


def _cells(row: dict[Hashable, Any], reference: str, score: str) -> list[str]:
    if not row["n_tables"]:
        return ["–", "–", *["–"] * 3, "0"]
    compared = row["method"] != reference and not pd.isna(row["wins"])
    record = f"{row['wins']}/{row['ties']}/{row['losses']}" if compared else "–"
    return [
        f"{row['rank']:.2f}",
        significant(round(row[score], 3)),
        interval(round(row[f"{score}_low"], 3), round(row[f"{score}_high"], 3), 3),
        record,
        f"{row['fit_seconds'] + row['predict_seconds']:.2f}",
        str(row["n_tables"]),
    ]
