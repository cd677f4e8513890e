"""The style of the report's pictures: palette, figures, SVG that follows the page's colours."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from tabtransfer.bench.protocol import PRETRAINED, REFERENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Each colour is a variable of the page's style sheet, so that one picture serves light and dark.
INK, GRID, PAPER = "#1f2430", "#d5d9e0", "#fffffe"
OURS, REFERENCES, OTHER = "#2563c9", "#c2410c", "#6b7280"
VARIABLES = {
    INK: "--ink",
    GRID: "--line",
    PAPER: "--paper",
    OURS: "--ours",
    REFERENCES: "--reference",
    OTHER: "--other",
}
WIDTH = 5.2  # inches; narrow, so that the text stays readable on a phone


def method_colour(method: str) -> str:
    """Return a method's colour: this project's, the reference's, or everyone else's."""
    if method == REFERENCE:
        return REFERENCES
    return OURS if method.startswith(PRETRAINED) else OTHER


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def new_axes(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Return a figure with one plot on it."""
    figure = new_figure(height, width)
    axes = figure.subplots()
    style_axes(axes)
    return figure, axes


def style_axes(axes: Axes) -> None:
    """Remove a plot's frame but for the base line."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.set_axisbelow(True)


def draw_interval(
    axes: Axes,
    height: int,
    method: str,
    mean: float,
    between: tuple[float, float],
    label: str,
    *,
    hollow: bool = False,
) -> None:
    """Draw a method's mean as a point on its interval, with a label above it."""
    colour = method_colour(method)
    axes.plot(between, [height] * 2, color=colour, lw=2.5)
    axes.plot([mean], [height], "o", color=colour, ms=7, mfc=PAPER if hollow else colour)
    axes.annotate(
        label,
        (mean, height),
        textcoords="offset points",
        xytext=(0, 6),
        ha="center",
        fontsize=8.5,
        color=INK,
    )


def to_svg(figure: Figure, alt: str, name: str) -> str:
    """Render a figure as an SVG element that takes its colours from the page.

    Parameters
    ----------
    figure : Figure
        The figure; it is used up.
    alt : str
        What the picture shows, for those who can't see it.
    name : str
        Prefix that keeps the ids of several pictures in one page apart.
    """
    from html import escape

    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": name}):  # the same picture gets the same ids
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    # The page lays the picture out by its viewBox; fixed sizes would overflow a phone.
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable}, {colour})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt, quote=True)}"', 1)


def to_png(figure: Figure) -> bytes:
    """Render a figure as a PNG on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200, facecolor="white")
    return buffer.getvalue()
