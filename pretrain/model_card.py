"""The card that goes with a checkpoint, made from its header and the training curve."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

MAX_CURVE_ROWS = 30


def write_model_card(path: Path, header: dict[str, Any], curve: Path) -> None:
    """Write a model card in Markdown.

    Parameters
    ----------
    path : Path
        Where to write.
    header : dict
        The checkpoint's header.
    curve : Path
        The run's ``curve.csv``.
    """
    runs = [*header["history"], header["training"]]
    last = runs[-1]
    tasks = sum(run["tasks_seen"] for run in runs)
    minutes = sum(run["seconds"] for run in runs) / 60
    scores = ", ".join(f"{name} {value:.4f}" for name, value in last["scores"].items())
    tables = ", ".join(header["tables"]) or "none; synthetic tables alone"
    lines = [
        "# Model card",
        "",
        "Weights of tabtransfer's network, trained from a random start by `tabtransfer pretrain`.",
        "",
        f"- **Licence**: {header['licence']}",
        f"- **Tasks seen**: {tasks:,} in {minutes:.0f} minutes over {len(runs)} run(s)",
        f"- **Hardware**: {last['hardware']}, {last['devices']} process(es), {last['precision']}, "
        f"torch {last['torch']}",
        f"- **Real tables trained on**: {tables}",
        f"- **Validation**: {last['validation']}",
        f"- **Validation scores** (one pass, no ensemble; log-loss over ln(classes)): {scores}",
        "- **Good for**: classification of tables with up to some thousand rows and some dozen "
        "columns. Not trained on: regression, text, dates.",
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
    ]
    path.write_text("\n".join(lines))


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
