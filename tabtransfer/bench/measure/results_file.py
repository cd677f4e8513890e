"""The results file of a run: which rows it keeps, and a journal of those to come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tabtransfer.bench.protocol import DEPENDENT, TABARENA, Job
from tabtransfer.bench.results import (
    OK,
    OUT_OF_MEMORY,
    TIMEOUT,
    arrow_table,
    is_there,
    join_values,
    journal_path,
    protocol_columns,
    read_rows,
    write_results,
)
from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

# What a job of this status ran into.
_LIMITS = {TIMEOUT: "time_limit", OUT_OF_MEMORY: "memory_limit"}


class ResultsFile:
    """The rows of a run on disk, so that a kill at any moment loses none.

    Each row is appended to a journal of JSON lines beside the Parquet file; `close`, or the next
    run, moves the journal's rows into the Parquet file.

    Parameters
    ----------
    path : Path
        The Parquet file; the rows that it and its journal hold are kept.

    Raises
    ------
    TabTransferError
        The file isn't a results table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = read_rows(path) if is_there(path) else []
        self._journal: BinaryIO | None = None

    def keep(self, planned: Mapping[Job, Mapping[str, Any]]) -> set[Job]:
        """Drop planned jobs' rows that must be measured again; return the jobs that are done.

        Parameters
        ----------
        planned : mapping of Job to mapping
            Every job of this run with the columns that must not have changed since (the
            table's digest and the versions) and its limits.

        Returns
        -------
        set of Job
            Jobs whose row has the same values there and status "ok", or was ended by a limit
            that hasn't been raised. Failed and skipped jobs are tried again. Rows of jobs that
            aren't planned stay as they are.

        Raises
        ------
        TabTransferError
            The file's rows were measured by another protocol.
        """
        for job in list(planned)[:1]:
            self._check_same_protocol(job)
        self._check_same_devices(
            {job.method: facts.get("device", "cpu") for job, facts in planned.items()}
        )
        self._check_same_searches({facts.get("search_seconds") for facts in planned.values()})
        done: set[Job] = set()
        rows = []
        for row in self.rows:
            job = Job.from_row(row)
            if job in planned:
                if not _stands(row, planned[job]):
                    continue
                done.add(job)
            rows.append(row)
        self.rows = rows
        return done

    def _check_same_protocol(self, job: Job) -> None:
        wanted = job.as_row()
        for row in self.rows:
            names = ("suite", *protocol_columns(job.splits))
            different = [n for n in names if row[n] != wanted[n]]
            if different == ["splits"] and _are_beside(row["splits"], wanted["splits"]):
                continue
            if different:
                was = ", ".join(f"{name}={row[name]}" for name in different)
                now = ", ".join(f"{name}={wanted[name]}" for name in different)
                raise self._other_protocol(was, now)

    def _check_same_devices(self, wanted: Mapping[str, str]) -> None:
        for row in self.rows:
            was = row["device"] or "cpu"
            now = wanted.get(row["method"], was)
            if now != was:
                raise self._other_protocol(
                    f"{row['method']} on the device {was}", f"{row['method']} on {now}"
                )

    def _check_same_searches(self, wanted: set[float | None]) -> None:
        now = wanted - {None}
        was = {row["search_seconds"] for row in self.rows} - {None}
        if now and was and now != was:
            raise self._other_protocol(f"search_seconds={join_values(was)}", join_values(now))

    def _other_protocol(self, was: str, now: str) -> TabTransferError:
        return TabTransferError(
            f"{self.path} holds results measured with {was}, and this run has {now}. "
            "Write to another folder (--out), or delete the file."
        )

    def add(self, row: dict[str, Any]) -> None:
        """Add a row and append it to the journal."""
        if self._journal is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._compact()
            # Unbuffered: a row is one write, and at the system when this returns.
            self._journal = journal_path(self.path).open("wb", buffering=0)
        arrow_table([row])  # what can't be in the file later is refused now
        self.rows.append(row)
        left = memoryview(json.dumps(row).encode() + b"\n")
        while left:  # a disk that is nearly full may take a part
            left = left[self._journal.write(left) :]

    def close(self) -> None:
        """Move the journal's rows into the Parquet file."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if journal_path(self.path).exists():
            self._compact()

    def _compact(self) -> None:
        """Write all rows to the Parquet file, then drop the journal that held some of them."""
        if self.rows:
            write_results(self.rows, self.path)
        else:
            self.path.unlink(missing_ok=True)
        journal_path(self.path).unlink(missing_ok=True)

    def frame(self) -> pd.DataFrame:
        """Return the rows as a data frame."""
        return arrow_table(self.rows).to_pandas()


def _are_beside(one: str, other: str) -> bool:
    """Return whether one of two kinds of splits is plain folds, the other grouped or temporal."""
    return TABARENA in (one, other) and (one in DEPENDENT or other in DEPENDENT)


def _stands(row: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Return whether running its job again would give the same row."""
    limit = _LIMITS.get(row["status"])
    if limit is not None:
        # A higher limit, or none, may let the job finish.
        if facts[limit] is None or row[limit] is None or facts[limit] > row[limit]:
            return False
    elif row["status"] != OK:
        return False
    same = facts.keys() - {*_LIMITS.values(), "device"}  # which is checked for all rows
    return all(row[name] == facts[name] for name in same)
