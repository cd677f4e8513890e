"""The card that goes with a checkpoint, made from its header and the training curve."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_CURVE_ROWS = 30
TABLE_FIELDS = ("name", "source", "licence")


def write_model_card(path: Path, header: dict[str, Any], curve: Path) -> None:
    """Write a model card in Markdown.

    Parameters
    ----------
    path : Path
        Where to write.
    header : dict
        The checkpoint's header; each of its ``"tables"`` has ``name``, ``source`` and ``licence``.
    curve : Path
        The run's ``curve.csv``.
    """
    runs = [*header["history"], header["training"]]
    last = runs[-1]
    tasks = sum(run["tasks_seen"] for run in runs)
    minutes = sum(run["seconds"] for run in runs) / 60
    scores = ", ".join(f"{name} {value:.4f}" for name, value in last["scores"].items())
    tables = header.get("tables", [])
    kinds = "classification"
    if last["prior"].get("regression", 0.0) > 0.0:
        kinds += " and regression"
    lines = [
        "# Model card",
        "",
        "Weights of tabtransfer's network, trained from a random start by `tabtransfer pretrain`.",
        "",
        f"- **Licence**: {header['licence']}",
        f"- **Tasks seen**: {tasks:,} in {minutes:.0f} minutes over {len(runs)} run(s)",
        f"- **Hardware**: {last['hardware']}, {last['devices']} process(es), {last['precision']}, "
        f"torch {last['torch']}",
        f"- **Real tables trained on**: {_count(tables)}",
        f"- **Validation**: {last['validation']}",
        f"- **Validation scores** (one pass, no ensemble; log-loss over ln(classes)): {scores}",
        f"- **Good for**: {kinds} of tables with up to some thousand rows and some dozen "
        "columns. Not trained on: text, dates.",
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
    path.write_text("\n".join(lines))


def _count(tables: Sequence[Mapping[str, str]]) -> str:
    return f"{len(tables)}, listed below" if tables else "none; synthetic tables alone"


def _tables_section(tables: Sequence[Mapping[str, str]]) -> list[str]:
    if not tables:
        return []
    return [
        "## Real tables trained on",
        "",
        "| table | source | licence stated there |",
        "|---|---|---|",
        *(f"| {' | '.join(_cell(t[key]) for key in TABLE_FIELDS)} |" for t in tables),
        "",
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _curve_table(curve: Path) -> list[str]:
    with curve.open(newline="") as file:
        rows = list(csv.reader(file))
    head, body = rows[0], rows[1:]
    every = max(1, -(-len(body) // MAX_CURVE_ROWS))
    kept = body[::-1][::every][::-1]
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(row)} |" for row in kept),
    ]
