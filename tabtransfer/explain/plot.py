"""A picture of one row's explanation, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tabtransfer.explain.explanation import Explanation

__all__ = ["plot_explanation"]

N_COLUMNS = 12  # with more, the smallest effects are summed up as one bar
N_ROWS = 12
_RAISES, _LOWERS = "#2563c9", "#c2410c"
_LONGEST = 28  # letters of a column's name or a value


def plot_explanation(explanation: Explanation, row: int) -> Figure:
    """Draw a row's columns beside its training rows; see `Explanation.plot`."""
    import matplotlib.pyplot as plt

    columns = explanation.columns.iloc[row]
    weights = explanation.rows[explanation.rows["query"] == row].head(N_ROWS)
    height = 1.6 + 0.28 * max(min(len(columns), N_COLUMNS + 1), len(weights))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, height), layout="constrained")
    _draw_columns(left, columns, explanation.X.iloc[row])
    _draw_rows(right, weights)
    predicted = explanation.predictions.iloc[row]
    title = f"Row {explanation.X.index[row]}: predicted {_shown(predicted['prediction'])}"
    if "probability" in predicted:
        title += f", with probability {predicted['probability']:.2f}"
    figure.suptitle(title)
    return figure


def _draw_columns(axes: Axes, effects: pd.Series, values: pd.Series) -> None:
    order = effects.abs().argsort(kind="stable")[::-1]
    shown, others = order[:N_COLUMNS], order[N_COLUMNS:]
    names = [f"{_shown(effects.index[i])} = {_shown(values.iloc[i])}" for i in shown]
    widths = effects.iloc[shown].tolist()
    if len(others):
        names.append(f"{len(others)} other columns")
        widths.append(effects.iloc[others].sum())
    _draw_bars(axes, names, widths, [width >= 0 for width in widths])
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.set_title("Columns", fontsize="medium")
    axes.set_xlabel("change of the prediction by the value")


def _draw_rows(axes: Axes, rows: pd.DataFrame) -> None:
    names = [
        f"row {_shown(row)}: {_shown(target)}"
        for row, target in zip(rows["row"], rows["target"], strict=True)
    ]
    _draw_bars(axes, names, rows["weight"].tolist(), rows["raises"].tolist())
    axes.set_title("Training rows and their targets", fontsize="medium")
    axes.set_xlabel("weight (orange: lowers the prediction)")


def _draw_bars(axes: Axes, names: list[str], widths: list[float], raises: list[bool]) -> None:
    """Draw bars from the top down, blue where they raise the prediction."""
    places = np.arange(len(names))
    axes.barh(places, widths, color=[_RAISES if up else _LOWERS for up in raises])
    # Names may hold dollar signs, which are no formulas.
    axes.set_yticks(places, names, parse_math=False)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.spines[["top", "right"]].set_visible(False)


def _shown(value: Any) -> str:
    """Return a value as short text."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
