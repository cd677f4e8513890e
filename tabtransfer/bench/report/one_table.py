"""The report of a single table: the recommendation, and the results that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tabtransfer.bench.analysis.comparison import FILE, Comparison
from tabtransfer.bench.analysis.ladder import WHAT, Ladder
from tabtransfer.bench.analysis.pooling import average_coverage, pool_confidence
from tabtransfer.bench.protocol import REFERENCE
from tabtransfer.bench.report.conditions import describe_conditions, list_troubles
from tabtransfer.bench.report.confidence_plot import describe_confidence, draw_confidence
from tabtransfer.bench.report.ladder_plot import describe_ladder, draw_ladder
from tabtransfer.bench.report.plot_style import (
    GRID,
    INK,
    draw_interval,
    method_colour,
    new_axes,
    to_svg,
)
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.report.sections import list_splits
from tabtransfer.number_text import interval, significant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_METADATA = (
    *("table", "task", "kind", "n_rows", "n_columns", "n_categorical", "missing_share"),
    *("n_classes", "target", "description", "dropped", "source", "licence"),
)
"""The metadata of a table that a report shows."""


def comparison_facts(
    results: pd.DataFrame, board: pd.DataFrame, comparison: Comparison, ladder: Ladder | None
) -> dict[str, Any]:
    """Return the facts of one table that both pages show.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of one table.
    board : pandas.DataFrame
        The leaderboard, for the order of the methods.
    comparison : Comparison
        What the results say.
    ladder : Ladder or None
        What they say of the ladder, if it was measured.
    """
    methods = list(board["method"])
    confidence = pool_confidence(results, methods)
    pictures = {}
    if comparison.entrants:
        described = ", ".join(
            f"{one.method} {significant(one.behind.mean)}"
            f" ({interval(one.behind.low, one.behind.high)})"
            for one in comparison.entrants
            if one.behind is not None
        )
        first = comparison.entrants[0].method
        alt = f"{comparison.error_name} above that of {first}, 95 % interval: {described}."
        pictures["errors"] = to_svg(draw_comparison(comparison), alt, "errors")
    if ladder is not None:
        pictures["ladder"] = to_svg(draw_ladder(ladder), describe_ladder(ladder), "ladder")
    if confidence:
        pictures["confidence"] = to_svg(
            draw_confidence(confidence), describe_confidence(confidence), "confidence"
        )
    metadata = results.iloc[0][list(SHOWN_METADATA)].to_dict()
    from_file = str(results["suite"].iloc[0]).startswith(FILE)
    return dict(
        at="",
        reference=REFERENCE,
        name=metadata["source"] if from_file else metadata["table"],
        metadata=metadata,
        comparison=comparison,
        ladder=ladder,
        what=WHAT,
        board=board.to_dict("records"),
        colours={name: method_colour(name) for name in methods},
        pictures=pictures,
        confidence=confidence,
        coverage=average_coverage(results, methods),
        splits=list_splits(results).get(metadata["table"], {}),
        conditions=describe_conditions(results),
        troubles=list_troubles(results),
        command=reproduction_command(results),
    )


def draw_comparison(comparison: Comparison) -> Figure:
    """Draw how much higher each method's error is than the lowest, which is on top."""
    figure, axes = new_axes(0.9 + 0.36 * len(comparison.entrants))
    entrants = comparison.entrants[::-1]
    for height, one in enumerate(entrants):
        behind, label = one.behind, significant(one.error.mean)
        mean, between = 0.0, (0.0, 0.0)
        if behind is not None:
            mean, between = behind.mean, (behind.low, behind.high)
        draw_interval(axes, height, one.method, mean, between, label)
    axes.set_yticks(range(len(entrants)), [one.method for one in entrants])
    axes.set_ylim(-0.6, len(entrants) - 0.25)
    axes.grid(axis="x", color=GRID, lw=0.8)
    axes.axvline(0, color=INK, lw=1)
    axes.set_xlabel(f"{comparison.error_name} above the lowest, same splits, 95 % interval")
    return figure
