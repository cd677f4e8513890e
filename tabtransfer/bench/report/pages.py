"""Write the report from the results table alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.advice import MIN_FAMILIES, make_advisors
from tabtransfer.bench.analysis.comparison import compare_methods, is_one_table
from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.ladder import find_ladder
from tabtransfer.bench.analysis.leaderboard import leaderboard
from tabtransfer.bench.analysis.pooling import average_coverage, pool_confidence
from tabtransfer.bench.analysis.regimes import judge_regimes
from tabtransfer.bench.analysis.scores import ScoreKind, by_kind
from tabtransfer.bench.analysis.sizes import by_size, describe_sizes
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
from tabtransfer.bench.report.ladder_plot import draw_ladder
from tabtransfer.bench.report.one_table import SHOWN_METADATA, comparison_facts, draw_comparison
from tabtransfer.bench.report.pictures import draw_pictures
from tabtransfer.bench.report.plot_style import method_colour, to_png
from tabtransfer.bench.report.plots import draw_leaderboard, paired_base
from tabtransfer.bench.report.rendering import render_page, write_page
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.report.sections import SplitErrors, describe_ranks, list_splits
from tabtransfer.bench.results import without_plain_folds
from tabtransfer.files import replacing
from tabtransfer.gains import N_RESAMPLES, TIE, gain
from tabtransfer.plain_style import plain_style


@plain_style()
def write_report(results: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Write the report as HTML and Markdown, and the leaderboard as CSV, Parquet and PNG.

    Of one table it says which method to use there, and what each rung of the ladder adds where that
    was measured; of several, which is best over all, one by one
    for each number of training rows.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table; nothing else is read.
    folder : Path
        Made where it doesn't exist.

    Returns
    -------
    pandas.DataFrame
        The leaderboard; ``max_train`` tells the rows of several sizes apart.
    """
    whole = results.reset_index(drop=True)
    results = without_plain_folds(whole)
    if is_one_table(results):
        board = leaderboard(results, REFERENCE)
        comparison = compare_methods(whole)
        ladder = find_ladder(whole, comparison)
        name, facts = "one_table", comparison_facts(results, board, comparison, ladder)
        picture = draw_comparison(comparison) if ladder is None else draw_ladder(ladder)
    else:
        sizes = by_size(results)
        boards = {size: leaderboard(part, REFERENCE) for size, part in sizes.items()}
        parts = [
            _facts(part, boards[size], size, "" if len(sizes) == 1 else f"-{size}")
            for size, part in sizes.items()
        ]
        name, facts = "report", _join_sizes(results, parts)
        board = pd.concat([one.assign(max_train=size) for size, one in boards.items()])
        main = parts[0]
        picture = draw_leaderboard(
            boards[main["size"]], main["main"], main["family_scores"], main["base"]
        )
    for kind in ("html", "md"):
        write_page(folder / f"report.{kind}", render_page(f"{name}.{kind}.j2", facts))
    with replacing(folder / "leaderboard.csv") as partial:
        board.to_csv(partial, index=False, float_format="%.6g")
    with replacing(folder / "leaderboard.parquet") as partial:
        board.to_parquet(partial, index=False)
    with replacing(folder / "leaderboard.png") as partial:
        partial.write_bytes(to_png(picture))
    return board


def _join_sizes(results: pd.DataFrame, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the facts of a page whose parts are sizes of training sets, one or several."""
    verdicts = {part["size"]: (part["n_tables"], part["verdict"]) for part in parts}
    return dict(
        suites=unique(results, "suite"),
        parts=parts,
        at=parts[0]["at"],
        bodies=[render_page("report_body.html.j2", part) for part in parts],
        verdicts=[render_page("verdict.html.j2", part) for part in parts],
        by_size=describe_sizes(verdicts) if len(parts) > 1 else "",
        size_rows=[row for part in parts for row in _size_rows(part)],
        claim=CLAIM,
        reference=REFERENCE,
        conditions=describe_conditions(results),
        command=reproduction_command(results),
        min_tables=MIN_TABLES,
        n_resamples=N_RESAMPLES,
    )


def _size_rows(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the verdict of one size rests on, a row each."""
    return [
        {"size": part["size"], "at": part["at"], "kind": one.kind, "base": base, "gain": value}
        for one in part["verdict"].kinds
        for base, value in (
            (REFERENCE, one.over_reference),
            (SCRATCH, one.over_scratch),
            (STACK, one.over_stack),
        )
        if value is not None
    ]


def _facts(results: pd.DataFrame, board: pd.DataFrame, size: int, at: str) -> dict[str, Any]:
    """Return the facts of one size that both pages show; `at` tells its anchors from others."""
    kinds = by_kind(results)
    scores = {kind: table_scores(part, "score") for kind, part in kinds.items()}
    ranks = describe_ranks(results, board)
    regimes = judge_regimes(results)
    confidence = pool_confidence(results, list(board["method"]))
    main = next(iter(kinds))
    family_scores = average_families(scores[main], results)
    base = paired_base(board, family_scores)
    splits = list_splits(results, at)
    return dict(
        size=size,
        at=at,
        verdict=judge(results),
        main=main,
        kinds=list(kinds),
        n_tables=results["table"].nunique(),
        board=board.to_dict("records"),
        base=base,
        family_scores=family_scores,
        colours={name: method_colour(name) for name in board["method"]},
        pictures=draw_pictures(
            board, scores, family_scores, base, ranks["critical"], regimes, confidence, at
        ),
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
        splits=splits,
        additions=_additions(kinds),
        scores=[
            _score_rows(kind, table, board, splits) for kind, table in scores.items() if len(table)
        ],
        metadata_of_tables=results.drop_duplicates("table")[list(SHOWN_METADATA)].to_dict(
            "records"
        ),
        conditions=describe_conditions(results),
        troubles=list_troubles(results),
        tie=TIE,
        min_tables=MIN_TABLES,
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


def _score_rows(
    kind: ScoreKind,
    scores: pd.DataFrame,
    board: pd.DataFrame,
    splits: dict[str, dict[str, SplitErrors]],
) -> dict[str, Any]:
    """Return the scores as shown; every score that rounds to the table's best is marked."""
    methods = [name for name in board["method"] if name in scores and scores[name].notna().any()]
    rounded = scores[methods].round(3)
    best = rounded.max(axis=1)
    rows = [
        {
            "table": table,
            "cells": [
                {
                    "score": row[name],
                    "best": row[name] == best[table],
                    "rows": splits[str(table)][name].anchor if pd.notna(row[name]) else "",
                }
                for name in methods
            ],
        }
        for table, row in rounded.iterrows()
    ]
    wins = [int((rounded[name] == best).sum()) for name in methods]
    return {"kind": kind, "methods": methods, "rows": rows, "n_best": wins}
