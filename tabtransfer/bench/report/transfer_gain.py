"""Write the report of nested training sizes from the results table alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.statistics import MIN_TABLES
from tabtransfer.bench.analysis.transfer_gain import GainCurve, gain_curves
from tabtransfer.bench.analysis.verdict import describe_interval, signed
from tabtransfer.bench.protocol import PRETRAINED, SCRATCH, STACK, SYNTHETIC
from tabtransfer.bench.report.conditions import describe_conditions, list_troubles
from tabtransfer.bench.report.gain_plot import draw_gain_curves
from tabtransfer.bench.report.gain_sentences import SCORES, TABLES, describe_curve
from tabtransfer.bench.report.plot_style import to_svg
from tabtransfer.bench.report.rendering import render_page, write_page
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.results import OK
from tabtransfer.files import replacing
from tabtransfer.gains import N_RESAMPLES, TIE
from tabtransfer.plain_style import plain_style

_SHOWN_METADATA = ("table", "task", "n_rows", "n_columns", "source", "licence")
_QUESTIONS = {
    SCRATCH: "What transfer adds: over the same network trained from scratch",
    SYNTHETIC: "What real tables add to synthetic ones in pretraining",
    STACK: "What the network adds: over a stack of its inputs",
}


@plain_style()
def write_transfer_gain_report(results: pd.DataFrame, folder: Path) -> list[str]:
    """Write the curves as HTML, Markdown and CSV.

    Nothing else is shown of such results: a leaderboard would average over sizes.

    Parameters
    ----------
    results : pandas.DataFrame
        Results of nested training sets; nothing else is read.
    folder : Path
        Made where it doesn't exist.

    Returns
    -------
    list of str
        What they say of pretraining, in sentences.
    """
    curves = gain_curves(results)
    facts = _facts(results, curves)
    for name in ("html", "md"):
        write_page(folder / f"report.{name}", render_page(f"transfer_gain.{name}.j2", facts))
    with replacing(folder / "transfer_gain.csv") as partial:
        curve_table(curves).to_csv(partial, index=False, float_format="%.6g")
    return facts["sentences"]


def curve_table(curves: list[GainCurve]) -> pd.DataFrame:
    """Return a table with a row for each point of each curve.

    Returns
    -------
    pandas.DataFrame
        ``task``, ``method``, ``base``, ``n_train`` and the fields of `Gain`.
    """
    return pd.DataFrame(
        [
            {"task": curve.task, "method": curve.method, "base": curve.base, "n_train": size}
            | vars(point)
            for curve in curves
            for size, point in curve.points.items()
        ]
    )


def _facts(results: pd.DataFrame, curves: list[GainCurve]) -> dict[str, Any]:
    """Return the facts that both pages show."""
    sizes = sorted(results["max_train"].unique())
    largest = results.groupby("table")["max_train"].max().rename("largest")
    metadata = results.drop_duplicates("table")[list(_SHOWN_METADATA)].join(largest, on="table")
    told = [describe_curve(curve) for curve in curves if curve.method == PRETRAINED]
    return dict(
        suites=list(dict.fromkeys(results["suite"])),
        sentences=told or ["No table has scores of the pretrained network and of another method."],
        sections=[
            {"title": TABLES[task], "score": SCORES[task], "parts": parts}
            for task in TABLES
            if (parts := _parts([curve for curve in curves if curve.task == task]))
        ],
        sizes=sizes,
        seconds=_seconds_by_size(results, sizes),
        metadata_of_tables=metadata.to_dict("records"),
        conditions=describe_conditions(results),
        troubles=list_troubles(results),
        at="",
        command=reproduction_command(results),
        tie=TIE,
        min_tables=MIN_TABLES,
        n_resamples=N_RESAMPLES,
    )


def _parts(curves: list[GainCurve]) -> list[dict[str, Any]]:
    """Group the curves over the same base, with their picture."""
    parts = []
    for number, base in enumerate(dict.fromkeys(curve.base for curve in curves)):
        over_base = [curve for curve in curves if curve.base == base]
        score = SCORES[over_base[0].task]
        listed = "; ".join(
            f"{curve.method}: "
            + ", ".join(
                f"{size} rows {signed(p.mean)} ({describe_interval(p)})"
                for size, p in curve.points.items()
            )
            for curve in over_base
        )
        picture = to_svg(
            draw_gain_curves(over_base, score),
            f"Gain in {score} over {base} by training rows. {listed}.",
            f"gain-{over_base[0].task}-{number}",
        )
        parts.append(
            {
                "base": base,
                "title": _QUESTIONS.get(base, f"Over {base}"),
                "curves": over_base,
                "sentences": [describe_curve(curve) for curve in over_base],
                "picture": picture,
            }
        )
    return parts


def _seconds_by_size(results: pd.DataFrame, sizes: list[int]) -> list[dict[str, Any]]:
    """Average fit and predict over the jobs that went well, by method and size."""
    finished = results[results["status"] == OK]
    seconds = finished["fit_seconds"] + finished["predict_seconds"]
    means = seconds.groupby([finished["method"], finished["max_train"]]).mean().unstack()
    means = means.reindex(columns=sizes)
    return [{"method": method, "means": list(row)} for method, row in means.iterrows()]
