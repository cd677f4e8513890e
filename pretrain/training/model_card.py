"""The card that goes with a checkpoint, made from its header and the training curve."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_CURVE_ROWS = 30
KINDS = ("classification", "regression")
MIN_MINUTES = 60
"""A shorter training is a trial, of which nothing is promised."""
# The network sees numbers alone: the estimators turn these into them.
_UNTRAINED = (
    "text (read as categories and topics of its pieces of words)",
    "dates (read as seconds and as parts of a date)",
)


def write_model_card(path: Path, header: dict[str, Any], curve: Path) -> None:
    """Write a model card in Markdown.

    Parameters
    ----------
    path : Path
        Where to write.
    header : dict
        The checkpoint's header; each of its ``"tables"`` has ``name`` and ``licence``.
    curve : Path
        The run's ``curve.csv``.
    """
    runs = [*header["history"], header["training"]]
    last = runs[-1]
    tasks = sum(run["tasks_seen"] for run in runs)
    minutes = sum(run["seconds"] for run in runs) / 60
    scores = ", ".join(f"{name} {value:.4f}" for name, value in last["scores"].items())
    tables = header.get("tables", [])
    kinds = [kind for kind in KINDS if kind in header["network"]["tasks"]]
    untrained = [kind for kind in KINDS if kind not in kinds]
    lines = [
        "# Model card",
        "",
        "Weights of tabtransfer's network, trained from a random start by `tabtransfer pretrain`.",
        "",
        f"- **Licence**: {header['licence']}",
        f"- **Tasks seen**: {tasks:,} in {minutes:.0f} minutes over {len(runs)} run(s)",
        f"- **Hardware**: {'; '.join(dict.fromkeys(map(_describe_hardware, runs)))}",
        f"- **Real tables trained on**: {_count(tables)}",
        f"- **Validation**: {last['validation']}",
        f"- **Validation scores** (one pass, no ensemble; log-loss over ln(classes)): {scores}",
        _purpose(kinds, minutes),
        f"- **Not trained on**: {', '.join([*untrained, *_UNTRAINED])}.",
        "",
        "## Training curve (last run)",
        "",
        *_curve_table(curve),
        "",
        "## Settings",
        "",
        "```json",
        json.dumps({"training": runs}, indent=1),
        "```",
        "",
        *_tables_section(tables),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _describe_hardware(run: Mapping[str, Any]) -> str:
    return (
        f"{run['hardware']}, {run['devices']} process(es), {run['precision']}, torch {run['torch']}"
    )


def _purpose(kinds: Sequence[str], minutes: float) -> str:
    if minutes < MIN_MINUTES:
        return (
            f"- **Good for**: trying out the training. After {minutes:.0f} minutes a network "
            f"predicts little; under {MIN_MINUTES} this card claims nothing of it."
        )
    return (
        f"- **Good for**: {' and '.join(kinds)} of tables with up to some thousand rows and some "
        "dozen columns."
    )


def _count(tables: Sequence[Mapping[str, str]]) -> str:
    return f"{len(tables):,}, listed below" if tables else "none; synthetic tables alone"


def _tables_section(tables: Sequence[Mapping[str, str]]) -> list[str]:
    """List the names of tables under the licences that their sources state, the largest first."""
    if not tables:
        return []
    names = defaultdict(list)
    for table in tables:
        names[table["licence"] or "not stated"].append(f"`{table['name']}`")
    by_size = sorted(names.items(), key=lambda item: (-len(item[1]), item[0]))
    lines = [f"- {licence} ({len(group)}): {', '.join(group)}" for licence, group in by_size]
    return ["## Real tables trained on, by the licence that their source states", "", *lines, ""]


def _curve_table(curve: Path) -> list[str]:
    with curve.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    head, body = rows[0], rows[1:]
    every = max(1, -(-len(body) // MAX_CURVE_ROWS))
    kept = body[::-1][::every][::-1]
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in kept),
    ]
