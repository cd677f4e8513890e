"""The results table: one row per job, in one Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.bench.metrics import METRICS
from tabtransfer.bench.protocol import Job
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

OK, FAILED, SKIPPED = "ok", "failed", "skipped"

TABLE_FACTS = {
    "kind": "string",
    "n_rows": "int64",
    "n_columns": "int64",
    "n_categorical": "int64",
    "missing_share": "float64",
    "n_classes": "int64",
    "target": "string",
    "description": "string",
    "dropped": "string",
    "source": "string",
    "licence": "string",
}
"""What a row repeats of the table's card, so that the report needs the results alone."""

COLUMNS = {
    "suite": "string",
    "table": "string",
    "method": "string",
    "split": "int64",
    "seed": "int64",
    "max_train": "int64",
    "max_test": "int64",
    "n_threads": "int64",
    **TABLE_FACTS,
    "table_hash": "string",
    "n_jobs": "int64",
    "cpu": "string",
    "versions": "string",
    "finished": "string",
    "status": "string",
    "reason": "string",
    "n_train": "int64",
    "n_test": "int64",
    **dict.fromkeys(METRICS, "float64"),
    "fit_seconds": "float64",
    "predict_seconds": "float64",
    "peak_memory_mb": "float64",
}
"""Columns of the results table with their Arrow types; `versions` is JSON."""

# Rows that differ in one of these were measured differently and can't be averaged.
_ONE_PROTOCOL = ("seed", "max_train", "max_test", "n_threads")


class ResultsFile:
    """Keep the rows of a run in a Parquet file that is whole after every row.

    Parameters
    ----------
    path : Path
        The file; an existing one is read and its rows are kept.

    Raises
    ------
    TabTransferError
        The file isn't a results table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = _read_checked(path).to_pylist() if path.exists() else []

    def keep(self, planned: Mapping[Job, Mapping[str, Any]]) -> set[Job]:
        """Drop planned jobs' rows that must be measured again; return the jobs that are done.

        Parameters
        ----------
        planned : mapping of Job to mapping
            Every job of this run with the columns that must not have changed since: the
            table's digest and the versions.

        Returns
        -------
        set of Job
            Jobs whose row has status "ok" and the same values there. Failed and skipped
            jobs are tried again. Rows of jobs that aren't planned stay as they are.

        Raises
        ------
        TabTransferError
            The file's rows were measured by another protocol.
        """
        for job in list(planned)[:1]:
            self._check_same_protocol(job)
        done: set[Job] = set()
        rows = []
        for row in self.rows:
            job = Job.from_row(row)
            if job in planned:
                unchanged = all(row[name] == value for name, value in planned[job].items())
                if row["status"] != OK or not unchanged:
                    continue
                done.add(job)
            rows.append(row)
        self.rows = rows
        return done

    def _check_same_protocol(self, job: Job) -> None:
        wanted = job.as_row()
        for row in self.rows:
            different = [n for n in ("suite", *_ONE_PROTOCOL) if row[n] != wanted[n]]
            if different:
                was = ", ".join(f"{name}={row[name]}" for name in different)
                now = ", ".join(f"{name}={wanted[name]}" for name in different)
                raise TabTransferError(
                    f"{self.path} holds results measured with {was}, and this run has {now}. "
                    "Write to another folder (--out), or delete the file."
                )

    def add(self, row: dict[str, Any]) -> None:
        """Add a row and replace the file in one step."""
        self.rows.append(row)
        write_results(self.rows, self.path)

    def frame(self) -> pd.DataFrame:
        """Give the rows as a data frame."""
        return _arrow_table(self.rows).to_pandas()


def write_results(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write rows so that a reader, or a kill, meets the old file or the new, never a half."""
    import pyarrow.parquet as pq

    with replacing(path) as partial:
        pq.write_table(_arrow_table(rows), partial)


def read_results(path: Path) -> pd.DataFrame:
    """Read a results table and check that it is one.

    Parameters
    ----------
    path : Path
        A Parquet file that `run` wrote.

    Returns
    -------
    pandas.DataFrame
        One row per job.

    Raises
    ------
    TabTransferError
        The file is missing, isn't Parquet, lacks columns, has no rows, or mixes protocols
        (rows of one suite measured with different seeds, sizes or threads).
    """
    return _read_checked(path).to_pandas()


def _read_checked(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise TabTransferError(f"No results table at {path}; `tabtransfer benchmark` makes one.")
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise TabTransferError(f"{path} can't be read as Parquet: {error}") from error
    absent = [name for name in COLUMNS if name not in table.column_names]
    if absent:
        raise TabTransferError(
            f"{path} isn't a results table: it lacks the columns {', '.join(absent)}."
        )
    if not len(table):
        raise TabTransferError(f"{path} has no rows; run `tabtransfer benchmark` again.")
    try:
        table = table.select(list(COLUMNS)).cast(_schema())
    except pa.ArrowException as error:
        raise TabTransferError(f"{path} has columns of the wrong type: {error}") from error
    _check_one_protocol(table.to_pandas(), path)
    return table


def _check_one_protocol(frame: pd.DataFrame, path: Path) -> None:
    for name in _ONE_PROTOCOL:
        if (frame.groupby("suite")[name].nunique() > 1).any():
            raise TabTransferError(
                f"{path} mixes rows with different {name}; keep one protocol in a file."
            )


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


def _arrow_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=_schema())
