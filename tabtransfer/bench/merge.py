"""Merge results that were measured on several machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabtransfer.bench.protocol import Job
from tabtransfer.bench.results import OK, check_one_protocol, read_rows
from tabtransfer.errors import TabTransferError


def merge_results(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Merge results tables.

    Parameters
    ----------
    paths : sequence of Path
        Files that `run` wrote.

    Returns
    -------
    list of dict
        One row for each job. Of a job that several files hold, the first row that went well is
        taken, else the first.

    Raises
    ------
    TabTransferError
        A file is unreadable, or the files were measured by different protocols, on different
        data under the same name, or, for the same job, with different versions.
    """
    merged: dict[Job, dict[str, Any]] = {}
    origins: dict[Job, Path] = {}
    hashes: dict[tuple[str, str, str], tuple[str, Path]] = {}
    for path in paths:
        for row in read_rows(path):
            table = (row["suite"], row["table"], row["splits"])
            known, origin = hashes.setdefault(table, (row["table_hash"], path))
            if known != row["table_hash"]:
                raise TabTransferError(
                    f"{origin} and {path} hold different data as the table {row['table']!r} of "
                    f"the suite {row['suite']!r}; measure both with the same package versions."
                )
            job = Job.from_row(row)
            if job not in merged:
                merged[job], origins[job] = row, path
            elif row["status"] == OK:
                if merged[job]["status"] != OK:
                    merged[job], origins[job] = row, path
                elif merged[job]["versions"] != row["versions"]:
                    raise TabTransferError(
                        f"{origins[job]} and {path} both hold {job.method} on {job.table} (split "
                        f"{job.split}), measured with {merged[job]['versions']} and "
                        f"{row['versions']}; measure one of them again."
                    )
    rows = list(merged.values())
    check_one_protocol(rows, " and ".join(str(path) for path in paths))
    return rows
