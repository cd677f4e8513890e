"""How much of a table there is memory for in one context."""

from __future__ import annotations

from dataclasses import replace

from tabtransfer.inference.memory import FEWEST_ROWS, ContextShape, MemoryBudget
from tabtransfer.inference.views import View
from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["in_memory"]

_FEW_ROWS = 256  # of a context; where memory is shorter, columns go first


def in_memory(
    view: View,
    n_rows: int,
    training: LabelledTable,
    network: NetworkConfig,
    budget: MemoryBudget,
) -> tuple[View, int]:
    """Return the columns of a view and the number of rows for which there is enough memory."""

    def fits(n_rows: int) -> bool:
        n_categories = training.table.n_categories[view.columns]
        return budget.fits(ContextShape.of(n_rows, n_categories, training.n_classes, network))

    while len(view.columns) > 1 and not fits(min(n_rows, _FEW_ROWS)):
        view = replace(view, columns=view.columns[: len(view.columns) * 9 // 10])
    while n_rows > FEWEST_ROWS and not fits(n_rows):
        n_rows = max(FEWEST_ROWS, int(0.95 * n_rows))
    return view, n_rows
