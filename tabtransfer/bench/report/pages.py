"""Write the report from the results table alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.advice import MIN_FAMILIES, make_advisors
from tabtransfer.bench.analysis.comparison import compare_methods, is_one_table
from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.leaderboard import leaderboard
from tabtransfer.bench.analysis.pooling import average_coverage, pool_confidence
from tabtransfer.bench.analysis.regimes import judge_regimes
from tabtransfer.bench.analysis.scores import ScoreKind, by_kind
from tabtransfer.bench.analysis.statistics import MIN_TABLES, gains_by_kind, table_scores
from tabtransfer.bench.analysis.verdict import CLAIM, describe_interval, judge
from tabtransfer.bench.protocol import (
    FINETUNED,
    PRETRAINED,
    REFERENCE,
    SCRATCH,
    STACK,
    WITHOUT_TREES,
)
from tabtransfer.bench.report.conditions import describe_conditions, list_troubles, unique
from tabtransfer.bench.report.one_table import SHOWN_METADATA, comparison_facts, draw_comparison
from tabtransfer.bench.report.pictures import draw_pictures
from tabtransfer.bench.report.plot_style import method_colour, to_png
from tabtransfer.bench.report.plots import draw_leaderboard
from tabtransfer.bench.report.rendering import render_page, write_page
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.report.sections import describe_ranks, list_splits
from tabtransfer.bench.results import without_plain_folds
from tabtransfer.files import replacing
from tabtransfer.gains import N_RESAMPLES, TIE, gain
from tabtransfer.plain_style import plain_style


@plain_style()
def write_report(results: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write the report as HTML and Markdown, and the leaderboard as CSV, Parquet and PNG.

    Of one table it says which method to use there; of several, which is best over all.

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
    whole, results = results, without_plain_folds(results)
    board = leaderboard(results, REFERENCE)
    if is_one_table(results):
        comparison = compare_methods(whole)
        name, facts = "one_table", comparison_facts(results, board, comparison)
        picture = draw_comparison(comparison)
    else:
        name, facts = "report", _facts(results, board)
        picture = draw_leaderboard(board, facts["main"])
    for kind in ("html", "md"):
        write_page(folder / f"report.{kind}", render_page(f"{name}.{kind}.j2", facts))
    with replacing(folder / "leaderboard.csv") as partial:
        board.to_csv(partial, index=False, float_format="%.6g")
    with replacing(folder / "leaderboard.parquet") as partial:
        board.to_parquet(partial, index=False)
    with replacing(folder / "leaderboard.png") as partial:
        partial.write_bytes(to_png(picture))
    return board


def _facts(results: pd.DataFrame, board: pd.DataFrame) -> dict[str, Any]:
    """Return the facts that both pages show."""
    kinds = by_kind(results)
    scores = {kind: table_scores(part, "score") for kind, part in kinds.items()}
    ranks = describe_ranks(results, board)
    regimes = judge_regimes(results)
    confidence = pool_confidence(results, list(board["method"]))
    main = next(iter(kinds))
    return dict(
        suites=unique(results, "suite"),
        verdict=judge(results),
        claim=CLAIM,
        main=main,
        kinds=list(kinds),
        n_tables=results["table"].nunique(),
        board=board.to_dict("records"),
        colours={name: method_colour(name) for name in board["method"]},
        pictures=draw_pictures(board, scores, ranks["critical"], regimes, confidence),
        reference=REFERENCE,
        against_reference=[
            {"kind": kind, "rows": rows}
            for kind, table in scores.items()
            if (rows := _against_reference(average_families(table, results), board))
        ],
        ranks=ranks,
        advisors=make_advisors(results),
        min_families=MIN_FAMILIES,
        regimes=regimes,
        confidence=confidence,
        coverage=average_coverage(results, list(board["method"])),
        splits=list_splits(results),
        additions=_additions(kinds),
        scores=[_score_rows(kind, table, board) for kind, table in scores.items() if len(table)],
        metadata_of_tables=results.drop_duplicates("table")[list(SHOWN_METADATA)].to_dict(
            "records"
        ),
        conditions=describe_conditions(results),
        troubles=list_troubles(results),
        command=reproduction_command(results),
        tie=TIE,
        min_tables=MIN_TABLES,
        n_resamples=N_RESAMPLES,
        describe_interval=describe_interval,
    )


def _against_reference(scores: pd.DataFrame, board: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for method in board["method"]:
        value = gain(scores, method, REFERENCE)
        if method != REFERENCE and value is not None:
            rows.append({"method": method, "gain": value})
    return rows


def _additions(kinds: dict[ScoreKind, pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the questions about transfer, each answered for every kind of table."""
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
            "gains": {
                kind: gains
                for kind, part in kinds.items()
                if (gains := gains_by_kind(part, method, base, "score"))
            },
        }
        for title, method, base in pairs
    ]


def _score_rows(kind: ScoreKind, scores: pd.DataFrame, board: pd.DataFrame) -> dict[str, Any]:
    """Return the scores as shown; every score that rounds to the table's best is marked."""
    methods = [name for name in board["method"] if name in scores and scores[name].notna().any()]
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
    return {"kind": kind, "methods": methods, "rows": rows, "n_best": wins}
