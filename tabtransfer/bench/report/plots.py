"""The report's pictures, drawn by matplotlib without a display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.protocol import REFERENCE
from tabtransfer.bench.report.plot_style import (
    GRID,
    INK,
    OTHER,
    draw_interval,
    method_colour,
    new_axes,
)
from tabtransfer.gains import gain

_POINT_REACH = 5.0  # typographic points around the centre of a method's dot, kept free of names
_N_BESIDE, _N_RINGS = 24, 14  # places of a name around its dot, and how far they go

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tabtransfer.bench.analysis.paired import CriticalDifference
    from tabtransfer.bench.analysis.scores import ScoreKind


def paired_base(board: pd.DataFrame, scores: pd.DataFrame) -> str:
    """Return the method that others are set against: CatBoost, or else the one of best mean rank.

    Parameters
    ----------
    board : pandas.DataFrame
        The leaderboard.
    scores : pandas.DataFrame, (n_families, n_methods)
        The scores that are compared.
    """
    known = [name for name in board["method"] if name in scores and scores[name].notna().any()]
    return REFERENCE if REFERENCE in known or not known else str(known[0])


def draw_leaderboard(
    board: pd.DataFrame, kind: ScoreKind, scores: pd.DataFrame, base: str
) -> Figure:
    """Draw how far each method is above another on the same tables, best mean rank on top.

    Parameters
    ----------
    board : pandas.DataFrame
        The leaderboard; methods without a score are left out.
    kind : ScoreKind
        Which score.
    scores : pandas.DataFrame, (n_families, n_methods)
        That score, one row an independent table or family.
    base : str
        The method that others are set against.

    Returns
    -------
    Figure
        One row a method, with the interval of its mean difference; the point is hollow where that
        is over fewer tables, and the number beside it is the mean score.
    """
    found = [(row, gain(scores, row["method"], base)) for row in board.to_dict("records")[::-1]]
    ranked = [(row, value) for row, value in found if value is not None]
    figure, axes = new_axes(0.9 + 0.36 * len(ranked))
    most = max((value.n_tables for _, value in ranked), default=0)
    axes.axvline(0, color=INK, lw=1)
    for height, (row, value) in enumerate(ranked):
        between, label = (value.low, value.high), f"{row[kind.column]:.3f}"
        draw_interval(
            axes, height, row["method"], value.mean, between, label, hollow=value.n_tables < most
        )
    axes.set_yticks(range(len(ranked)), [row["method"] for row, _ in ranked])
    axes.set_ylim(-0.6, max(len(ranked), 1) - 0.25)
    axes.grid(axis="x", color=GRID, lw=0.8)
    axes.set_xlabel(f"{kind.score} minus that of {base} on the same tables, 95 % interval")
    return figure


def draw_quality_and_time(board: pd.DataFrame, kind: ScoreKind) -> Figure:
    """Draw the mean score against the seconds of fit and predict, on a log scale."""
    shown = board.dropna(subset=[kind.column])
    figure, axes = new_axes(4.4)
    seconds = (shown["fit_seconds"] + shown["predict_seconds"]).to_numpy(dtype=float)
    scores = shown[kind.column].to_numpy(dtype=float)
    for method, second, score in zip(shown["method"], seconds, scores, strict=True):
        axes.plot([second], [score], "o", color=method_colour(method), ms=8)
    front = _pareto_front(seconds, scores)
    axes.plot(seconds[front], scores[front], color=GRID, lw=2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.margins(x=0.3, y=0.15)
    axes.grid(color=GRID, lw=0.8)
    axes.set_xlabel("seconds to fit and predict, mean of a job (log scale)")
    axes.set_ylabel(f"mean {kind.score}")
    figure.draw_without_rendering()  # so that the layout doesn't move the points afterwards
    _label_points(axes, list(shown["method"]), seconds, scores)
    return figure


def draw_critical_difference(found: CriticalDifference) -> Figure:
    """Draw mean ranks, best on top, with a bar along each run of methods that are too close."""
    ranks = found.ranks
    figure, axes = new_axes(1.0 + 0.3 * len(ranks))
    height = {name: len(ranks) - 1 - place for place, name in enumerate(ranks.index)}
    for name, rank in ranks.items():
        axes.plot([rank], [height[name]], "o", color=method_colour(str(name)), ms=7)
    for column, (first, last) in enumerate(found.groups()):
        place = ranks.max() + 0.35 + 0.2 * column
        ends = [height[first] + 0.25, height[last] - 0.25]
        axes.plot([place, place], ends, color=INK, lw=3, solid_capstyle="butt")
    axes.plot([1, 1 + found.distance], [len(ranks) - 0.2] * 2, color=INK, lw=1.5)
    axes.annotate(
        f"critical difference {found.distance:.2f}",
        (1, len(ranks) - 0.2),
        textcoords="offset points",
        xytext=(0, 4),
        fontsize=8.5,
        color=INK,
    )
    axes.set_yticks(list(height.values()), list(height))
    axes.set_ylim(-0.6, len(ranks) + 0.5)
    axes.grid(axis="x", color=GRID, lw=0.8)
    axes.set_xlabel("mean rank (1 is best)")
    return figure


def draw_differences(scores: pd.DataFrame, method: str, base: str, score: str) -> Figure:
    """Draw how far a method is above or below another on each table, best first."""
    difference = (scores[method] - scores[base]).dropna().sort_values()
    figure, axes = new_axes(0.9 + 0.27 * len(difference))
    colours = [method_colour(method if value > 0 else base) for value in difference]
    axes.barh(range(len(difference)), difference, color=colours, height=0.62)
    axes.set_yticks(range(len(difference)), difference.index)
    axes.axvline(0, color=INK, lw=1)
    axes.grid(axis="x", color=GRID, lw=0.8)
    axes.set_xlabel(f"{score} of {method} minus {base}")
    return figure


def _pareto_front(seconds: NDArray[np.float64], scores: NDArray[np.float64]) -> list[int]:
    """Return the points that no other beats in both score and time, fastest first."""
    order = np.lexsort((-scores, seconds))
    best = np.maximum.accumulate(scores[order])
    return [int(i) for rank, i in enumerate(order) if rank == 0 or scores[i] > best[rank - 1]]


def _label_points(axes: Axes, labels: list[str], x: NDArray[Any], y: NDArray[Any]) -> None:
    """Label the points; a label that had to move away is joined to its point by a line."""
    from matplotlib.transforms import Bbox

    axes.autoscale(False)  # lines to names don't move the points
    pixels = axes.figure.dpi / 72  # of a typographic point
    places = axes.transData.transform(np.column_stack([x, y]))
    reach = _POINT_REACH * pixels
    taken = [Bbox.from_extents(*(place - reach), *(place + reach)) for place in places]
    for label, place, left, low in zip(labels, places, x, y, strict=True):
        text = axes.annotate(
            label,
            (left, low),
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8.5,
            color=INK,
        )
        box = text.get_window_extent()
        offsets = _offsets(box.width / 2, box.height / 2, reach)
        moved = [box.translated(*offset) for offset in offsets]
        free = [
            n
            for n, one in enumerate(moved)
            if axes.bbox.x0 <= one.x0 and one.x1 <= axes.figure.bbox.x1
            if axes.bbox.y0 <= one.y0 and one.y1 <= axes.bbox.y1
            if not any(one.overlaps(other) for other in taken)
        ]
        chosen = free[0] if free else 0
        text.set_position(tuple(offsets[chosen] / pixels))
        taken.append(moved[chosen])
        if chosen >= _N_BESIDE:
            end = axes.transData.inverted().transform(place + offsets[chosen])
            axes.plot([left, end[0]], [low, end[1]], color=OTHER, lw=0.6, zorder=0.5)


def _offsets(half_width: float, half_height: float, reach: float) -> NDArray[np.float64]:
    """Return offsets of a label from its point to try, in pixels: the nearest first."""
    rings = np.arange(_N_RINGS)[:, None] * 2 * half_height
    angles = np.linspace(0, 2 * np.pi, _N_BESIDE, endpoint=False)
    across = np.cos(angles) * (half_width + reach + 1 + rings)
    up = np.sin(angles) * (half_height + reach + 1 + rings)
    return np.stack([across.ravel(), up.ravel()], axis=1)
