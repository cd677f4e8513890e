"""Draw the report from the results table alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.advice import MIN_FAMILIES, make_advisors
from tabtransfer.bench.analysis.comparison import (
    FILE,
    Comparison,
    compare_methods,
    comparison_command,
)
from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.leaderboard import leaderboard
from tabtransfer.bench.analysis.pooling import average_coverage, pool_confidence
from tabtransfer.bench.analysis.regimes import judge_regimes
from tabtransfer.bench.analysis.statistics import MIN_TABLES, gains_by_kind, table_scores
from tabtransfer.bench.analysis.verdict import CLAIM, describe_interval, judge, signed
from tabtransfer.bench.protocol import (
    FINETUNED,
    NESTED,
    PRETRAINED,
    REFERENCE,
    SCRATCH,
    STACK,
    TABARENA,
    WITHOUT_TREES,
)
from tabtransfer.bench.report.pictures import draw_pictures, format_seconds
from tabtransfer.bench.report.plot_style import method_colour, to_png
from tabtransfer.bench.report.plots import draw_leaderboard
from tabtransfer.bench.report.sections import describe_ranks, list_splits
from tabtransfer.bench.results import OK
from tabtransfer.files import replacing
from tabtransfer.gains import N_RESAMPLES, TIE, gain

_CARD = (
    *(
        "table",
        "task",
        "kind",
        "n_rows",
        "n_columns",
        "n_categorical",
        "missing_share",
        "n_classes",
    ),
    *("target", "description", "dropped", "source", "licence"),
)


def write_report(results: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write the report as HTML and Markdown, and the leaderboard as CSV, Parquet and PNG.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table; nothing else is read.
    folder : Path
        Made where it doesn't exist.

    Returns
    -------
    pandas.DataFrame
        The leaderboard.
    """
    board = leaderboard(results, REFERENCE)
    facts = _facts(results, board)
    for name in ("report.html", "report.md"):
        write_page(folder / name, render_page(f"{name}.j2", facts))
    with replacing(folder / "leaderboard.csv") as partial:
        board.to_csv(partial, index=False, float_format="%.6g")
    with replacing(folder / "leaderboard.parquet") as partial:
        board.to_parquet(partial, index=False)
    with replacing(folder / "leaderboard.png") as partial:
        partial.write_bytes(to_png(draw_leaderboard(board)))
    return board


def write_page(path: Path, text: str) -> None:
    """Write a page whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def render_page(template: str, facts: dict[str, Any]) -> str:
    """Render a page that refers to nothing outside itself."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tabtransfer.bench.report", "templates"),
        autoescape=".html" in template,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, signed=signed, seconds=format_seconds)
    return environment.get_template(template).render(facts)


def _facts(results: pd.DataFrame, board: pd.DataFrame) -> dict[str, Any]:
    """Gather what both pages say of the results."""
    scores = table_scores(results)
    by_family = average_families(scores, results)
    ranks = describe_ranks(results, board)
    regimes = judge_regimes(results)
    confidence = pool_confidence(results, list(board["method"]))
    return dict(
        suites=_unique(results, "suite"),
        verdict=judge(results),
        claim=CLAIM,
        board=board.to_dict("records"),
        colours={name: method_colour(name) for name in board["method"]},
        pictures=draw_pictures(board, scores, ranks["critical"], regimes, confidence),
        reference=REFERENCE,
        against_reference=_against_reference(by_family, board),
        ranks=ranks,
        advisors=make_advisors(results),
        min_families=MIN_FAMILIES,
        comparison=_comparison(results),
        regimes=regimes,
        confidence=confidence,
        coverage=average_coverage(results, list(board["method"])),
        splits=list_splits(results),
        additions=_additions(results),
        scores=_score_rows(scores, board),
        cards=results.drop_duplicates("table")[list(_CARD)].to_dict("records"),
        conditions=describe_conditions(results),
        troubles=list_troubles(results),
        command=reproduction_command(results),
        tie=TIE,
        min_tables=MIN_TABLES,
        n_resamples=N_RESAMPLES,
        describe_interval=describe_interval,
    )


def reproduction_command(results: pd.DataFrame) -> str:
    """Give the command that measures these results again, one line a suite.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    str
        Command lines of ``tabtransfer benchmark``, ``transfer-gain`` or ``compare``.
    """
    lines = []
    for suite, rows in results.groupby("suite", sort=False):
        if str(suite).startswith(FILE):
            lines.append(comparison_command(rows))
            continue
        if (rows["splits"] == NESTED).all():
            command = "transfer-gain"
            sizes = "--sizes " + ",".join(map(str, sorted(rows["max_train"].unique())))
        else:
            command, sizes = "benchmark", f"--max-train {rows['max_train'].iloc[0]}"
        methods = ",".join(dict.fromkeys(rows["method"]))
        n_splits = TABARENA if rows["splits"].iloc[0] == TABARENA else rows["split"].max() + 1
        most = rows["max_rows"].max()
        max_rows = "" if pd.isna(most) else f"--max-rows {most:.0f} "
        searched = rows["search_seconds"].max()
        search_time = "" if pd.isna(searched) else f"--search-time {searched:g} "
        lines.append(
            f"tabtransfer {command} --suite {suite} --methods {methods} "
            f"--n-splits {n_splits} --seed {rows['seed'].iloc[0]} {sizes} {max_rows}{search_time}"
            f"--threads {rows['n_threads'].iloc[0]} --jobs {rows['n_jobs'].max()}"
        )
    return "\n".join(lines)


def _comparison(results: pd.DataFrame) -> Comparison | None:
    """What a single table says of the methods."""
    one = len(results.groupby(["suite", "table", "max_train"])) == 1
    return compare_methods(results) if one else None


def _against_reference(scores: pd.DataFrame, board: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for method in board["method"]:
        value = gain(scores, method, REFERENCE)
        if method != REFERENCE and value is not None:
            rows.append({"method": method, "gain": value})
    return rows


def _additions(results: pd.DataFrame) -> list[dict[str, Any]]:
    """The questions about transfer, each answered for every kind of table."""
    pairs = [
        ("What pretraining adds", PRETRAINED, SCRATCH),
        ("What pretraining adds beyond a stack of the same inputs", PRETRAINED, STACK),
        ("What trees add to the inputs", PRETRAINED, WITHOUT_TREES),
        ("What fine-tuning adds", FINETUNED, PRETRAINED),
    ]
    return [
        {
            "title": title,
            "method": method,
            "base": base,
            "gains": gains_by_kind(results, method, base),
        }
        for title, method, base in pairs
    ]


def _score_rows(scores: pd.DataFrame, board: pd.DataFrame) -> dict[str, Any]:
    """The scores as shown; every score that rounds to the table's best is marked."""
    methods = [name for name in board["method"] if scores[name].notna().any()]
    rounded = scores[methods].round(3)
    best = rounded.max(axis=1)
    rows = [
        {
            "table": table,
            "cells": [{"score": row[name], "best": row[name] == best[table]} for name in methods],
        }
        for table, row in rounded.iterrows()
    ]
    wins = [int((rounded[name] == best).sum()) for name in methods]
    return {"methods": methods, "rows": rows, "n_best": wins}


def describe_conditions(results: pd.DataFrame) -> dict[str, Any]:
    """What the results were measured with and on."""
    finished = results[results["status"] == OK]
    versions: dict[str, list[str]] = {}
    packages: dict[str, list[str]] = {}
    for row in results.drop_duplicates(["method", "versions"]).itertuples():
        for package, version in json.loads(row.versions).items():
            plain, _, weights = version.partition("+weights")
            versions.setdefault(package, [])
            if plain not in versions[package]:
                versions[package].append(plain)
            if weights or package not in {"python", "tabtransfer"}:
                packages.setdefault(row.method, []).append(f"{package} {version}")
    return {
        "cpus": _unique(results, "cpu"),
        "n_threads": _unique(results, "n_threads"),
        "n_jobs": _unique(results, "n_jobs"),
        "seeds": _unique(results, "seed"),
        "max_train": _unique(results, "max_train"),
        "max_test": _unique(results, "max_test"),
        "n_splits": int(results["split"].max()) + 1,
        "n_train": [int(finished["n_train"].min()), int(finished["n_train"].max())]
        if len(finished)
        else None,
        "versions": {name: " / ".join(found) for name, found in versions.items()},
        "packages": packages,
        "n_jobs_done": {status: int(n) for status, n in results["status"].value_counts().items()},
        "finished": results["finished"].max()[:10],
    }


def list_troubles(results: pd.DataFrame) -> list[dict[str, Any]]:
    """Failures and skips, those with the same method and reason together."""
    rows = results[results["status"] != OK]
    groups = rows.groupby(["method", "status", "reason"], sort=True)
    return [
        {
            "method": method,
            "status": status,
            "reason": reason,
            "n_jobs": len(part),
            "tables": list(dict.fromkeys(part["table"])),
        }
        for (method, status, reason), part in groups
    ]


def _unique(results: pd.DataFrame, name: str) -> list[Any]:
    return list(dict.fromkeys(results[name]))


def _number(value: Any, digits: int = 3) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"
