"""The command that reproduces results."""

from __future__ import annotations

import shlex

import pandas as pd

from tabtransfer.bench.analysis.comparison import FILE, comparison_command
from tabtransfer.bench.protocol import NESTED, TABARENA


def reproduction_command(results: pd.DataFrame) -> str:
    """Return the command that measures these results again, one line a suite.

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
        n_splits = (rows.groupby("max_train")["split"].max() + 1).to_dict()  # by size, ascending
        if (rows["splits"] == NESTED).all():
            command = "transfer-gain"
            sizes = "--sizes " + ",".join(map(str, sorted(rows["max_train"].unique())))
        else:
            command, sizes = "benchmark", "--max-train " + ",".join(map(str, n_splits))
        methods = shlex.quote(",".join(dict.fromkeys(rows["method"])))
        counts = [rows["split"].max() + 1] if command != "benchmark" else n_splits.values()
        n_each = ",".join(map(str, counts if len({*counts}) > 1 else [*counts][:1]))
        n_each = TABARENA if rows["splits"].iloc[0] == TABARENA else n_each
        most = rows["max_rows"].max()
        max_rows = "" if pd.isna(most) else f"--max-rows {most:.0f} "
        searched = rows["search_seconds"].max()
        search_time = "" if pd.isna(searched) else f"--search-time {searched:g} "
        lines.append(
            f"tabtransfer {command} --suite {shlex.quote(str(suite))} --methods {methods} "
            f"--n-splits {n_each} --seed {rows['seed'].iloc[0]} {sizes} {max_rows}{search_time}"
            f"--threads {rows['n_threads'].iloc[0]} --jobs {rows['n_jobs'].max()}"
        )
    return "\n".join(lines)
