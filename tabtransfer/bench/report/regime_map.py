"""A map of kinds of table: the winner on each, and how far the others are behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabtransfer.bench.analysis.regimes import Regime
from tabtransfer.bench.report.plot_style import GRID, INK, OURS, WIDTH, new_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL = 0.33  # inches
_LABELS = 2.1
_STRONGEST = 0.5  # opacity; the text stays readable on it
_FAR = 0.5  # share of the error from which on a cell is left empty of colour
_STARS = {"supported": "★", "contradicted": "☆", "undecided": "☆"}


def draw_regime_map(regimes: Sequence[Regime]) -> Figure:
    """Draw kinds of table against methods.

    Parameters
    ----------
    regimes : sequence of Regime
        At least one.

    Returns
    -------
    Figure
        A star where a method wins, full where the interval says that it is better than the next;
        elsewhere the per cent of its error that the winner does without. The closer to the
        winner, the stronger the colour. Methods stand in the order of the first regime.
    """
    from matplotlib.patches import Rectangle

    methods = _columns(regimes)
    width = max(WIDTH, _LABELS + _CELL * len(methods))
    figure, axes = new_axes(1.5 + 0.27 * len(regimes), width)
    for row, regime in enumerate(regimes):
        for column, method in enumerate(methods):
            behind = 0.0 if method == regime.winner else regime.behind.get(method)
            if behind is None or behind != behind:
                continue
            strength = _STRONGEST * min(1.0, max(0.0, 1 - behind / _FAR))
            cell = Rectangle((column - 0.5, row - 0.5), 1, 1, color=OURS, alpha=strength, lw=0)
            axes.add_patch(cell)
            text = _STARS[regime.state] if method == regime.winner else _percent(behind)
            axes.annotate(text, (column, row), ha="center", va="center", fontsize=8, color=INK)
    axes.set_xlim(-0.5, len(methods) - 0.5)
    axes.set_ylim(len(regimes) - 0.5, -0.5)
    axes.set_xticks(range(len(methods)), methods, rotation=90)
    axes.set_yticks(
        range(len(regimes)), [f"{one.name} ({one.gain.n_tables})" for one in regimes], fontsize=8
    )
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    for place in range(1, len(regimes)):
        axes.axhline(place - 0.5, color=GRID, lw=0.8)
    return figure


def describe_regimes(regimes: Sequence[Regime]) -> str:
    """Return sentences on which method wins on which tables."""
    listed = "; ".join(
        f"{one.name}: {one.winner}, {100 * one.gain.mean:.1f} % ahead of {one.runner_up}"
        f" ({one.state})"
        for one in regimes
    )
    return f"Winner of each kind of table and its lead over the next. {listed}."


def _percent(share: float) -> str:
    return f"{round(100 * share)}".replace("-", "−")


def _columns(regimes: Sequence[Regime]) -> list[str]:
    names = [str(name) for regime in regimes for name in regime.ranks.index]
    return list(dict.fromkeys(names))
