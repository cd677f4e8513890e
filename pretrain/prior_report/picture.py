"""The picture of one part of a prior report: the spread of each figure over its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tabtransfer.files import replacing
from tabtransfer.plain_style import plain_style
from tabtransfer.pretrain.prior_report.figures import MeasuredTables

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLOURS = {"synthetic": "#c2571a", "real": "#2f6690"}
LOGARITHMIC = ("n_rows", "n_columns")
N_BINS = 16


@plain_style()
def draw_report(comparison: MeasuredTables, file: Path) -> None:
    """Draw a histogram of each figure and a bar for each share, and save them as PNG.

    Parameters
    ----------
    comparison : MeasuredTables
        Tables of one kind.
    file : Path
        Where to write.

    Examples
    --------
    >>> import tempfile
    >>> from tabtransfer.pretrain.prior_report.figures import FIGURES
    >>> from tabtransfer.pretrain.prior_report.measure import measure_prior
    >>> file = Path(tempfile.mkdtemp()) / "report.png"
    >>> measured = measure_prior(2, seed=0, advance=lambda n: None)
    >>> draw_report(MeasuredTables(FIGURES["classification"], measured), file)
    >>> file.exists()
    True
    """
    from matplotlib.figure import Figure

    figures, sides = comparison.figures, comparison.sides
    figure = Figure(figsize=(15, 11), layout="constrained")
    grid = figure.subplots(4, 4).ravel()
    for axes, (name, title) in zip(grid, figures.spreads.items(), strict=False):
        _draw_spread(axes, name, sides)
        axes.set_title(title, fontsize=11)
    _draw_shares(grid[len(figures.spreads)], figures.shares, sides)
    for axes in grid[len(figures.spreads) + 1 :]:
        axes.set_axis_off()
    handles, labels = grid[0].get_legend_handles_labels()
    grid[-1].legend(handles, labels, loc="center", frameon=False, fontsize=12)
    beside = "" if comparison.real is None else " beside real ones"
    figure.suptitle(f"{figures.title}: tables of the prior{beside}")
    with replacing(file) as partial:
        figure.savefig(partial, dpi=110, format="png")


def _draw_spread(axes: Axes, name: str, sides: dict[str, pd.DataFrame]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

    values = {side: frame[name].dropna().to_numpy(dtype=float) for side, frame in sides.items()}
    bins = _bins(name, np.concatenate(list(values.values()))).tolist()
    for side, numbers in values.items():
        weights = np.full(len(numbers), 1 / max(len(numbers), 1))
        label = f"{side} ({len(sides[side])} tables; line: median)"
        axes.hist(
            numbers, bins, weights=weights, color=COLOURS[side], alpha=0.45, label=label, zorder=2
        )
        if len(numbers):
            axes.axvline(float(np.median(numbers)), color=COLOURS[side], linewidth=2, zorder=3)
    if name in LOGARITHMIC:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_ylabel("share of tables", fontsize=9)
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _bins(name: str, numbers: np.ndarray) -> np.ndarray:
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
    if name == "n_classes":
        return np.arange(low - 0.5, high + 1.5)
    if low == high:
        high = low + 1.0
    if name in LOGARITHMIC:
        return np.geomspace(low, high, N_BINS)
    return np.linspace(low, high, N_BINS + 1)


def _draw_shares(axes: Axes, figures: dict[str, str], sides: dict[str, pd.DataFrame]) -> None:
    height = 0.6 / len(sides)
    for index, (side, frame) in enumerate(sides.items()):
        shares = [100 * float(frame[name].mean()) for name in figures]
        places = np.arange(len(figures)) + index * height
        bars = axes.barh(places, shares, height, color=COLOURS[side])
        axes.bar_label(bars, fmt="%.0f %%", fontsize=8, padding=2)
    for place, label in enumerate(figures.values()):
        axes.text(0, place - height / 2 - 0.05, label, fontsize=9, va="bottom")
    axes.set_xlim(0, 115)
    axes.set_ylim(len(figures) - 0.3, -0.6)
    axes.set_yticks([])
    axes.set_title("share of tables where …", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
