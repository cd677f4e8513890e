"""The ladder as a picture: the error of each rung, and what it adds to the one below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tabtransfer.bench.analysis.ladder import Ladder, Rung
from tabtransfer.bench.report.pictures import format_seconds
from tabtransfer.bench.report.plot_style import GRID, INK, draw_interval, new_figure, style_axes
from tabtransfer.number_text import interval, significant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tabtransfer.bench.analysis.resampled import SplitMean

_WIDTH = 7.2  # inches, for two plots beside each other


def draw_ladder(ladder: Ladder) -> Figure:
    """Draw the rungs from the lowest up: error, change from the rung below, and seconds."""
    rungs = ladder.rungs
    figure = new_figure(0.9 + 0.42 * len(rungs), _WIDTH)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes in (left, right):
        style_axes(axes)
        axes.grid(axis="x", color=GRID, lw=0.8)
        axes.locator_params(axis="x", nbins=4)
    for height, rung in enumerate(rungs):
        _draw_mean(left, height, rung, rung.entrant.error)
        if rung.step is not None:
            _draw_mean(right, height, rung, rung.step)
        right.annotate(
            f"{format_seconds(rung.entrant.seconds)} s",
            (1.02, height),
            xycoords=right.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
            color=INK,
        )
    left.set_yticks(range(len(rungs)), [rung.entrant.method for rung in rungs])
    left.set_ylim(-0.6, len(rungs) - 0.3)
    left.set_xlabel(f"{ladder.error_name}, 95 % interval")
    right.axvline(0, color=INK, lw=1)
    right.set_xlabel("change from the rung below")
    return figure


def describe_ladder(ladder: Ladder) -> str:
    """Return what the picture shows, for those who can't see it."""
    told = ", ".join(
        f"{rung.entrant.method} {significant(rung.entrant.error.mean)}"
        + (
            ""
            if rung.step is None
            else f" (change {significant(rung.step.mean, 2)}, "
            f"{interval(rung.step.low, rung.step.high, 2)})"
        )
        for rung in ladder.rungs
    )
    return f"{ladder.error_name} from the lowest rung up: {told}."


def _draw_mean(axes: Axes, height: int, rung: Rung, mean: SplitMean) -> None:
    label = significant(mean.mean, 3)
    draw_interval(axes, height, rung.entrant.method, mean.mean, (mean.low, mean.high), label)
