"""The curves of a transfer-gain experiment as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tabtransfer.bench.protocol import FINETUNED, PRETRAINED, SCRATCH, SYNTHETIC
from tabtransfer.bench.report.plot_style import GRID, INK, OTHER, OURS, PAPER, new_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tabtransfer.bench.analysis.transfer_gain import GainCurve

_STYLES = {
    PRETRAINED: (OURS, "-", "o"),
    FINETUNED: (OURS, "--", "s"),
    SYNTHETIC: (OURS, ":", "^"),
    SCRATCH: (OTHER, "-.", "v"),
}


def draw_gain_curves(curves: Sequence[GainCurve], score: str) -> Figure:
    """Draw gains over one base against the number of training rows, with their intervals.

    Parameters
    ----------
    curves : sequence of GainCurve
        Curves of one task over one base, at least one.
    score : str
        What the gain is in.

    Returns
    -------
    Figure
        A line a method; a diamond on the zero line where the mean gain first crosses it.
    """
    figure, axes = new_axes(3.4)
    axes.axhline(0, color=INK, lw=1)
    for number, curve in enumerate(curves):
        colour, dashes, marker = _STYLES.get(curve.method, _STYLES[PRETRAINED])
        # A little apart, so that no interval hides another.
        sizes = np.array(list(curve.points)) * 1.04 ** (number - (len(curves) - 1) / 2)
        points = curve.points.values()
        means = [point.mean for point in points]
        axes.vlines(
            sizes,
            [p.low for p in points],
            [p.high for p in points],
            color=colour,
            lw=1.5,
            alpha=0.6,
        )
        axes.plot(sizes, means, dashes, color=colour, marker=marker, ms=5, label=curve.method)
        if np.isfinite(curve.crossing.size):
            axes.plot([curve.crossing.size], [0], "D", color=colour, ms=6, mfc=PAPER, zorder=3)
    ticks = sorted({size for curve in curves for size in curve.points})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{size:g}" for size in ticks])
    axes.minorticks_off()
    axes.grid(color=GRID, lw=0.8)
    axes.set_xlabel("training rows (log scale)")
    axes.set_ylabel(f"gain in {score}")
    figure.legend(loc="outside upper left", frameon=False, fontsize=8.5, labelcolor=INK, ncols=2)
    return figure
