"""Reliability diagrams, a small one for each method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tabtransfer.bench.analysis.pooling import Confidence
from tabtransfer.bench.report.plot_style import (
    GRID,
    INK,
    OTHER,
    method_colour,
    new_figure,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_PANEL = 1.85  # inches
_FEW = 10  # rows; the share right of fewer says little
_STRIP = 0.25  # of the panel's height, for the bars of the counts


def draw_confidence(methods: Sequence[Confidence]) -> Figure:
    """Draw the share right against the confidence (Guo et al. 2017), with bars for the counts.

    Parameters
    ----------
    methods : sequence of Confidence
        At least one, a panel each.

    Returns
    -------
    Figure
        Three panels in a row; below the diagonal a method is too sure. Bins of fewer than 10 rows
        are pale and not joined.
    """
    n_rows = -(-len(methods) // _COLUMNS)
    figure = new_figure(0.35 + _PANEL * n_rows)
    panels = figure.subplots(n_rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    for axes, method in zip(panels.flat, methods, strict=False):
        _draw_panel(axes, method)
    for axes in panels.flat[len(methods) :]:
        axes.set_visible(False)
    # With shared ticks only the lowest panel of a column has labels, and that may be hidden.
    for axes in panels.flat[max(0, len(methods) - _COLUMNS) : len(methods)]:
        axes.tick_params(labelbottom=True)
    figure.supxlabel("confidence", fontsize=9, color=INK)
    figure.supylabel("share right", fontsize=9, color=INK)
    return figure


def describe_confidence(methods: Sequence[Confidence]) -> str:
    """Return the words that go with the diagrams."""
    listed = "; ".join(
        f"{one.method}: {one.n_rows:,} rows of {one.n_tables} tables, mean confidence "
        f"{one.mean_confidence:.3f}, right {one.share_right:.3f}, calibration error {one.error:.3f}"
        for one in methods
    )
    return f"Share right by confidence, a panel for each method. {listed}."


def _draw_panel(axes: Axes, method: Confidence) -> None:
    style_axes(axes)
    colour = method_colour(method.method)
    at_least_one = np.maximum(method.counts, 1)
    confidence, right = method.confidence / at_least_one, method.right / at_least_one
    few = (method.counts > 0) & (method.counts < _FEW)
    many = method.counts >= _FEW
    edges = np.arange(len(method.counts) + 1) / len(method.counts)
    heights = _STRIP * method.counts / method.counts.max()
    axes.bar(edges[:-1], heights, width=edges[1], align="edge", color=OTHER, alpha=0.35)
    axes.plot([0, 1], [0, 1], color=OTHER, lw=1, ls=(0, (4, 3)))
    axes.plot(confidence[few], right[few], "o", color=colour, ms=2.5, alpha=0.4)
    axes.plot(confidence[many], right[many], "o-", color=colour, ms=3.5, lw=1.4)
    title = f"{method.method}\n{method.n_rows:,} rows, error {method.error:.3f}"
    axes.set_title(title, fontsize=8, color=INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.grid(color=GRID, lw=0.8)
