"""The report's pictures as SVG, each with words for those who can't see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.paired import CriticalDifference
from tabtransfer.bench.analysis.pooling import Confidence
from tabtransfer.bench.analysis.regimes import Regime
from tabtransfer.bench.analysis.scores import ScoreKind
from tabtransfer.bench.analysis.verdict import describe_interval, signed
from tabtransfer.bench.protocol import PRETRAINED, REFERENCE
from tabtransfer.bench.report import plots
from tabtransfer.bench.report.confidence_plot import describe_confidence, draw_confidence
from tabtransfer.bench.report.plot_style import to_svg
from tabtransfer.bench.report.regime_map import describe_regimes, draw_regime_map
from tabtransfer.gains import gain
from tabtransfer.number_text import minus


def draw_pictures(
    board: pd.DataFrame,
    scores: Mapping[ScoreKind, pd.DataFrame],
    family_scores: pd.DataFrame,
    base: str,
    critical: CriticalDifference | None,
    regimes: Sequence[Regime],
    confidence: Sequence[Confidence],
    at: str = "",
) -> dict[str, str]:
    """Draw the pictures that the results allow.

    Parameters
    ----------
    board : pandas.DataFrame
        The leaderboard.
    scores : mapping of ScoreKind to pandas.DataFrame
        Mean scores of each kind of table, (n_tables, n_methods) each; at least one kind.
    family_scores : pandas.DataFrame, (n_families, n_methods)
        Those of the first kind, of which the leaderboard is drawn, a family counting once.
    base : str
        The method that the leaderboard's are set against.
    critical : CriticalDifference or None
        Mean ranks with the distance that tells them apart.
    regimes : sequence of Regime
        Kinds of table with their winners.
    confidence : sequence of Confidence
        Shares right by confidence, a method each.
    at : str, default=""
        What tells the pictures' ids from those of other parts of a page.

    Returns
    -------
    dict of str to str
        SVG elements by name; those without anything to show are left out.
    """
    pictures = {}
    if regimes:
        pictures["regimes"] = to_svg(
            draw_regime_map(regimes), describe_regimes(regimes), f"regimes{at}"
        )
    if confidence:
        pictures["confidence"] = to_svg(
            draw_confidence(confidence), describe_confidence(confidence), f"confidence{at}"
        )
    for kind, table in scores.items():
        if gain(table, PRETRAINED, REFERENCE) is not None:
            pictures[f"difference {kind.tables}"] = _draw_difference(kind, table, at)
    main = next(iter(scores))
    ranked = board.dropna(subset=[main.column])
    if ranked.empty:
        return pictures
    score, column = main.score, main.column
    gains = {name: gain(family_scores, name, base) for name in ranked["method"] if name != base}
    means = ", ".join(
        f"{name} {signed(value.mean)} ({describe_interval(value)})"
        for name, value in gains.items()
        if value is not None
    )
    times = ", ".join(
        f"{row['method']} {_three(row[column])} in "
        f"{format_seconds(row['fit_seconds'] + row['predict_seconds'])} s"
        for row in ranked.to_dict("records")
    )
    pictures["leaderboard"] = to_svg(
        plots.draw_leaderboard(board, main, family_scores, base),
        f"{score} minus that of {base} on the same tables: {means}.",
        f"board{at}",
    )
    pictures["time"] = to_svg(
        plots.draw_quality_and_time(board, main),
        f"Mean {score} against seconds to fit and predict: {times}.",
        f"time{at}",
    )
    if critical is not None:
        listed = ", ".join(f"{name} {rank:.2f}" for name, rank in critical.ranks.items())
        pictures["critical"] = to_svg(
            plots.draw_critical_difference(critical),
            f"Mean ranks: {listed}. Critical difference {critical.distance:.2f}.",
            f"critical{at}",
        )
    return pictures


def _draw_difference(kind: ScoreKind, scores: pd.DataFrame, at: str) -> str:
    difference = (scores[PRETRAINED] - scores[REFERENCE]).dropna().sort_values(ascending=False)
    listed = ", ".join(f"{table} {signed(value)}" for table, value in difference.items())
    return to_svg(
        plots.draw_differences(scores, PRETRAINED, REFERENCE, kind.score),
        f"{kind.score} of {PRETRAINED} minus {REFERENCE} by table: {listed}.",
        f"difference-{kind.tables}{at}",
    )


def _three(value: float) -> str:
    return minus(f"{value:.3f}")


def format_seconds(value: Any) -> str:
    """Write seconds with the digits that matter; a dash for none.

    Examples
    --------
    >>> format_seconds(0.0123), format_seconds(12.34), format_seconds(float("nan"))
    ('0.012', '12.3', '–')
    """
    if pd.isna(value):
        return "–"
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"
