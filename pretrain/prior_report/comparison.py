"""Compare measured tables of a prior with real ones, in words.

Everything here is a pure function of data frames of `tabtransfer.pretrain.prior_report.measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabtransfer.pretrain.prior_report.figures import MeasuredTables
from tabtransfer.pretrain.prior_report.measure import MAX_ROWS, TRAIN_SHARE


@dataclass(frozen=True)
class Difference:
    """How far one figure of the synthetic tables is from that of the real ones.

    ``distance`` is the largest gap between the two cumulative distributions (Kolmogorov and
    Smirnov), 0 to 1; above ``by_chance``, chance explains it in fewer than one case in twenty.
    """

    figure: str
    distance: float
    by_chance: float
    synthetic_median: float
    real_median: float


def largest_differences(comparison: MeasuredTables) -> list[Difference]:
    """Rank the figures by how differently they spread over synthetic and real tables.

    Parameters
    ----------
    comparison : MeasuredTables
        Tables of one kind.

    Returns
    -------
    list of Difference
        Figures that have a spread, the largest distance first; none without real tables.

    Examples
    --------
    >>> from tabtransfer.pretrain.prior_report.figures import FIGURES
    >>> figures = FIGURES["regression"]
    >>> real = pd.DataFrame({name: [0.1, 0.2, 0.3] for name in figures.spreads})
    >>> worst = largest_differences(MeasuredTables(figures, real.assign(forest_r2=0.9), real))[0]
    >>> worst.figure, worst.distance
    ('forest_r2', 1.0)
    """
    from scipy.stats import ks_2samp

    if comparison.real is None:
        return []
    differences = []
    for figure in comparison.figures.spreads:
        ours, theirs = comparison.synthetic[figure].dropna(), comparison.real[figure].dropna()
        if len(ours) == 0 or len(theirs) == 0:
            continue
        differences.append(
            Difference(
                figure,
                float(ks_2samp(ours, theirs).statistic),
                float(1.36 * np.sqrt(1 / len(ours) + 1 / len(theirs))),
                float(ours.median()),
                float(theirs.median()),
            )
        )
    return sorted(differences, key=lambda difference: -difference.distance)


def to_markdown(comparisons: Sequence[MeasuredTables]) -> str:
    """Write the comparison in words: quartiles side by side, and where the two differ most.

    Parameters
    ----------
    comparisons : sequence of MeasuredTables
        One for each kind of task.

    Returns
    -------
    str
        Markdown; it shows the pictures that `Figures` name, from its own folder.

    Examples
    --------
    >>> from tabtransfer.pretrain.prior_report.figures import FIGURES
    >>> from tabtransfer.pretrain.prior_report.measure import measure_prior
    >>> measured = measure_prior(2, seed=0, advance=lambda n: None)
    >>> words = to_markdown([MeasuredTables(FIGURES["classification"], measured)])
    >>> words.startswith("# Prior report")
    True
    """
    rows = f"Tables have at most {MAX_ROWS} rows, {TRAIN_SHARE:.0%} of them for training."
    lines = ["# Prior report", "", rows]
    for comparison in comparisons:
        lines += ["", *_part(comparison)]
    return "\n".join(lines) + "\n"


def _part(comparison: MeasuredTables) -> list[str]:
    figures, sides = comparison.figures, comparison.sides
    counts = f"{len(comparison.synthetic)} synthetic tables"
    if comparison.real is not None:
        counts += f" beside {len(comparison.real)} real ones"
    lines = [
        f"## {figures.title}",
        "",
        f"{counts}. {figures.meaning}",
        "",
        *_table("quartiles", figures.spreads, sides, _quartiles),
        "",
        *_table("share of tables", figures.shares, sides, _share),
    ]
    if comparison.real is not None:
        lines += ["", "### Where they differ most", "", *_difference_lines(comparison)]
    return [*lines, "", f"![{figures.title}: spread of each figure]({figures.picture})"]


def _table(
    title: str,
    figures: dict[str, str],
    sides: dict[str, pd.DataFrame],
    describe: Callable[[pd.Series], str],
) -> list[str]:
    rows = [
        [label, *(describe(side[name]) for side in sides.values())]
        for name, label in figures.items()
    ]
    head = [f"| {title} | {' | '.join(sides)} |", "|---" * (1 + len(sides)) + "|"]
    return head + [f"| {' | '.join(row)} |" for row in rows]


def _quartiles(values: pd.Series) -> str:
    return " · ".join(f"{value:.3g}" for value in values.quantile([0.25, 0.5, 0.75]))


def _share(values: pd.Series) -> str:
    return f"{values.mean():.0%}"


def _difference_lines(comparison: MeasuredTables) -> list[str]:
    lines = [
        f"- **{comparison.figures.spreads[one.figure]}**: median {one.synthetic_median:.3g}, real "
        f"{one.real_median:.3g}; largest gap between the distributions {one.distance:.2f} "
        f"(chance: {one.by_chance:.2f})"
        for one in largest_differences(comparison)
        if one.distance > one.by_chance
    ]
    return lines[:6] or ["No figure differs by more than chance would allow."]
