"""Compare measured tables of a prior with real ones, in words.

Everything here is a pure function of two data frames of `tabtransfer.pretrain.prior_measure`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabtransfer.pretrain.prior_measure import MAX_ROWS, TRAIN_SHARE

SPREADS = {
    "majority": "log-loss of class shares",
    "linear": "log-loss of logistic regression",
    "forest": "log-loss of random forest",
    "gain": "forest's gain over class shares",
    "linear_auc": "ROC AUC of logistic regression",
    "forest_auc": "ROC AUC of random forest",
    "n_rows": "rows",
    "n_columns": "columns",
    "n_classes": "classes",
    "largest_class": "share of the largest class",
    "categorical": "share of categorical columns",
    "missing": "share of missing cells",
    "distinct": "distinct values / rows",
}
SHARES = {
    "linear_wins": "logistic regression beats the forest",
    "forest_helps": "the forest beats the class shares",
    "has_categories": "has categorical columns",
    "has_missing": "has missing cells",
    "one_class": "has a single class",
}


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


def largest_differences(synthetic: pd.DataFrame, real: pd.DataFrame) -> list[Difference]:
    """Rank the figures by how differently they spread over synthetic and real tables.

    Parameters
    ----------
    synthetic, real : pandas.DataFrame
        From `measure_prior` and `measure_tables`.

    Returns
    -------
    list of Difference
        Figures of `SPREADS`, the largest distance first.

    Examples
    --------
    >>> real = pd.DataFrame({name: [0.1, 0.2, 0.3] for name in SPREADS})
    >>> worst = largest_differences(real.assign(forest=0.9), real)[0]
    >>> worst.figure, worst.distance
    ('forest', 1.0)
    """
    from scipy.stats import ks_2samp

    differences = []
    for figure in SPREADS:
        ours, theirs = synthetic[figure].dropna(), real[figure].dropna()
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


def to_markdown(synthetic: pd.DataFrame, real: pd.DataFrame | None) -> str:
    """Write the comparison in words: quartiles side by side, and where the two differ most.

    Parameters
    ----------
    synthetic : pandas.DataFrame
        From `measure_prior`.
    real : pandas.DataFrame, optional
        From `measure_tables`; without it the synthetic tables stand alone.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> from tabtransfer.pretrain.prior_measure import measure_prior
    >>> words = to_markdown(measure_prior(2, seed=0, advance=lambda n: None), None)
    >>> words.startswith("# Prior report")
    True
    """
    sides = [synthetic] if real is None else [synthetic, real]
    counts = f"{len(synthetic)} synthetic tables"
    if real is not None:
        counts += f" beside {len(real)} real ones"
    lines = [
        "# Prior report",
        "",
        f"{counts}; at most {MAX_ROWS} rows, {TRAIN_SHARE:.0%} of them for training. Log-losses "
        "are divided by ln(classes): 1 is what guessing evenly costs.",
        "",
        *_table("quartiles", SPREADS, sides, _quartiles),
        "",
        *_table("share of tables", SHARES, sides, _share),
    ]
    if real is not None:
        lines += ["", "## Where they differ most", "", *_difference_lines(synthetic, real)]
    return "\n".join(lines) + "\n"


def _table(
    title: str,
    figures: dict[str, str],
    sides: list[pd.DataFrame],
    describe: Callable[[pd.Series], str],
) -> list[str]:
    names = ["synthetic", "real"][: len(sides)]
    rows = [[label, *(describe(side[name]) for side in sides)] for name, label in figures.items()]
    head = [f"| {title} | {' | '.join(names)} |", "|---" * (1 + len(sides)) + "|"]
    return head + [f"| {' | '.join(row)} |" for row in rows]


def _quartiles(values: pd.Series) -> str:
    return " · ".join(f"{value:.3g}" for value in values.quantile([0.25, 0.5, 0.75]))


def _share(values: pd.Series) -> str:
    return f"{values.mean():.0%}"


def _difference_lines(synthetic: pd.DataFrame, real: pd.DataFrame) -> list[str]:
    lines = [
        f"- **{SPREADS[one.figure]}**: median {one.synthetic_median:.3g}, real "
        f"{one.real_median:.3g}; largest gap between the distributions {one.distance:.2f} "
        f"(chance: {one.by_chance:.2f})"
        for one in largest_differences(synthetic, real)
        if one.distance > one.by_chance
    ]
    return lines[:6] or ["No figure differs by more than chance would allow."]
