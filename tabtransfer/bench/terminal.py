"""The leaderboard as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from tabtransfer.bench.protocol import PRETRAINED

if TYPE_CHECKING:
    from collections.abc import Hashable


def leaderboard_table(board: pd.DataFrame, reference: str) -> Table:
    """Lay the leaderboard out for a terminal.

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
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        collapse_padding=True,
        caption=f"95 % intervals of the mean ROC AUC; tables won/tied/lost against {reference}",
    )
    table.add_column("method", no_wrap=True)
    for heading in ("rank", "ROC AUC", "interval", f"vs {reference}", "seconds", "tables"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in board.to_dict("records"):
        style = "bold" if str(row["method"]).startswith(PRETRAINED) else ""
        table.add_row(str(row["method"]), *_cells(row, reference), style=style)
    return table


def _cells(row: dict[Hashable, Any], reference: str) -> list[str]:
    if not row["n_tables"]:
        return ["–", "–", *["–"] * 3, "0"]
    compared = row["method"] != reference and not pd.isna(row["wins"])
    record = f"{row['wins']}/{row['ties']}/{row['losses']}" if compared else "–"
    return [
        f"{row['rank']:.2f}",
        f"{row['roc_auc']:.3f}",
        f"{row['roc_auc_low']:.3f}–{row['roc_auc_high']:.3f}".replace("nan–nan", "–"),
        record,
        f"{row['fit_seconds'] + row['predict_seconds']:.2f}",
        str(row["n_tables"]),
    ]
