"""A page of pictures of drawn rows beside real ones, by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tabtransfer.joint.associations import associations
from tabtransfer.joint.distances import nearest_distances

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tabtransfer.joint.evaluation import GenerationReport

__all__ = ["draw_page"]

_MOST_COLUMNS = 9  # those whose marginals differ most
_MOST_CATEGORIES = 8
_DRAWN, _REAL = "#2563c9", "#8a8f98"


def draw_page(report: GenerationReport) -> Figure:
    """Draw the page; see `GenerationReport.plot`."""
    import matplotlib.pyplot as plt

    names = report.columns.index
    shown = np.argsort(-report.columns["drawn"].to_numpy(), kind="stable")[:_MOST_COLUMNS]
    n_lines = -(-len(shown) // 3)
    figure = plt.figure(figsize=(10, 5.2 + 1.9 * n_lines), layout="constrained")
    grid = figure.add_gridspec(2 + n_lines, 3, height_ratios=[1.6, 2.2, *[1.5] * n_lines])
    _write_table(figure.add_subplot(grid[0, :]), report)
    firsts = np.searchsorted(report.sources, np.arange(len(names)))
    for place, (title, table) in enumerate(
        (("real: held-out rows", report.held_out), ("drawn rows", report.drawn))
    ):
        axes = figure.add_subplot(grid[1, place])
        _draw_associations(axes, associations(table, firsts), title, names)
    _draw_distances(figure.add_subplot(grid[1, 2]), report)
    for place, column in enumerate(shown.tolist()):
        axes = figure.add_subplot(grid[2 + place // 3, place % 3])
        _draw_marginal(axes, report, int(firsts[column]))
        axes.set_title(f"{str(names[column])[:32]}", fontsize="small")
    return figure


def _write_table(axes: Axes, report: GenerationReport) -> None:
    axes.axis("off")
    cells = [[f"{value:.3f}" for value in row] for row in report.table.to_numpy()]
    table = axes.table(
        cells,
        rowLabels=list(report.table.index),
        colLabels=["drawn", "real"],
        colWidths=[0.12, 0.12],
        loc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(9)


def _draw_associations(axes: Axes, found: Any, title: str, names: Any) -> None:
    axes.imshow(found, vmin=-1.0, vmax=1.0, cmap="RdBu_r")
    axes.set_title(f"associations, {title}", fontsize="small")
    if len(names) <= 20:
        labels = [str(name)[:14] for name in names]
        axes.set_yticks(range(len(names)), labels, fontsize=6)
        axes.set_xticks(range(len(names)), labels, fontsize=6, rotation=90)
    else:
        axes.set_xticks([])
        axes.set_yticks([])


def _draw_distances(axes: Axes, report: GenerationReport) -> None:
    pairs = (("drawn", report.drawn, _DRAWN), ("held-out", report.held_out, _REAL))
    for name, table, colour in pairs:
        distances = np.sort(nearest_distances(report.training, table))
        axes.plot(distances, np.linspace(0.0, 1.0, len(distances)), label=name, color=colour)
    axes.set_title("distance to the nearest training row", fontsize="small")
    axes.set_ylabel("share of rows", fontsize="small")
    axes.legend(fontsize="small")


def _draw_marginal(axes: Axes, report: GenerationReport, column: int) -> None:
    tables = (report.held_out, report.drawn)
    cells = [table.cells[:, column][~table.missing[:, column]] for table in tables]
    weights = [np.full(len(one), 1.0 / max(1, len(one))) for one in cells]
    if report.training.categorical[column]:
        codes, counts = np.unique(np.concatenate(cells), return_counts=True)
        codes = codes[np.argsort(-counts, kind="stable")][:_MOST_CATEGORIES]
        shares = [[float(np.mean(one == code)) for code in codes] for one in cells]
        for place, (share, colour) in enumerate(zip(shares, (_REAL, _DRAWN), strict=True)):
            axes.bar(np.arange(len(codes)) + 0.4 * place, share, 0.4, color=colour)
    else:
        low, high = np.quantile(np.concatenate(cells), [0.005, 0.995])
        bins = np.linspace(low, high if high > low else low + 1.0, 21).tolist()
        axes.hist(cells, bins=bins, weights=weights, color=[_REAL, _DRAWN])
    axes.set_xticks([])
    axes.tick_params(labelsize=6)
