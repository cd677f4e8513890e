"""The results table: one row per job, in one Parquet file and its journal."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.bench.metrics import METRICS
from tabtransfer.bench.protocol import DEPENDENT, HALVES, NESTED, TABARENA, Job
from tabtransfer.bench.reliability import COVERAGE
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

OK, FAILED, SKIPPED = "ok", "failed", "skipped"
TIMEOUT, OUT_OF_MEMORY = "timeout", "out_of_memory"
LEFT_OUT = "left_out"  # not started, since the run's time was over

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
    "warnings": "string",
}
"""What a row repeats of the table's metadata, so that the report needs the results alone."""

COLUMNS = {
    "suite": "string",
    "table": "string",
    "method": "string",
    "split": "int64",
    "splits": "string",
    "seed": "int64",
    "max_train": "int64",
    "max_test": "int64",
    "n_threads": "int64",
    "task": "string",
    "family": "string",
    **TABLE_FACTS,
    "table_hash": "string",
    "folds_by": "string",
    "max_rows": "int64",
    "n_jobs": "int64",
    "search_seconds": "float64",
    "time_limit": "float64",
    "memory_limit": "float64",
    "machine": "string",
    "cpu": "string",
    "device": "string",
    "versions": "string",
    "finished": "string",
    "status": "string",
    "reason": "string",
    "n_train": "int64",
    "n_test": "int64",
    **dict.fromkeys(METRICS, "float64"),
    "reliability": "string",
    "error": "float64",
    "fit_seconds": "float64",
    "predict_seconds": "float64",
    "quantile_seconds": "float64",
    "job_seconds": "float64",
    "peak_memory_mb": "float64",
}
"""Columns of the results table with their Arrow types.

`error` is what rankings minimise, `job_seconds` all that a job took, the harness's own work
included; `peak_memory_mb` is beyond the memory at the job's start (imports and table); `folds_by`
names the column that folds go by, where they are grouped or temporal; `warnings` says what speaks
against trusting scores on the table; `versions` is JSON; `reliability` is JSON too, the counts of
`count_by_confidence`; `max_rows` is what tables were thinned to, null for all rows; `device` where
the method computed, "cpu" or the model of a GPU, null in older files, for "cpu"; `search_seconds`
what a tuned method may search for, null for others.
"""
# What files lack that older versions wrote.
_LATER = frozenset(
    {"max_rows", "search_seconds", "reliability", "device", "folds_by", "warnings", *COVERAGE}
)

# What a row says of its job, and what became of it; nothing stands for it.
_NEEDED = (*Job.__dataclass_fields__, "task", "family", "versions", "finished", "status", "reason")
_MOST_NAMED = 10
# Rows that differ in one of these were measured differently and can't be averaged.
_ONE_PROTOCOL = ("splits", "seed", "max_train", "max_test", "n_threads")


def write_results(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write rows to a results file, which is replaced as a whole."""
    import pyarrow.parquet as pq

    with replacing(path) as partial:
        pq.write_table(arrow_table(rows), partial)


def journal_path(path: Path) -> Path:
    """Return the journal that belongs to a results file.

    Examples
    --------
    >>> from pathlib import Path
    >>> journal_path(Path("r/results.parquet")).name
    'results.parquet.journal'
    """
    return path.with_name(path.name + ".journal")


def read_results(path: Path) -> pd.DataFrame:
    """Read a results table and check that it is one.

    Parameters
    ----------
    path : Path
        A Parquet file that a run wrote, or is writing: its journal is read too.

    Returns
    -------
    pandas.DataFrame
        One row per job.

    Raises
    ------
    TabTransferError
        The file is missing, isn't Parquet, lacks columns, has no rows, or mixes protocols
        (rows of one suite measured with different seeds, sizes, threads
        or times of searches).
    """
    return _read_checked(path).to_pandas()


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read a results table as `read_results` does, as dictionaries."""
    return _read_checked(path).to_pylist()


def _read_checked(path: Path) -> pa.Table:
    import pyarrow as pa

    if not is_there(path):
        raise TabTransferError(f"No results table at {path}; `tabtransfer benchmark` makes one.")
    parts = [_read_parquet(path)] if path.exists() else []
    if journal_path(path).exists():
        parts.append(arrow_table(_read_journal(journal_path(path))))
    table = _latest(pa.concat_tables(parts))
    if not len(table):
        raise TabTransferError(f"{path} has no rows; run `tabtransfer benchmark` again.")
    names = ["suite", "method", "device", "search_seconds", "folds_by", *_ONE_PROTOCOL]
    check_one_protocol(table.select(names).to_pylist(), path)
    return table


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise TabTransferError(f"{path} can't be read as Parquet: {error}") from error
    absent = [name for name in COLUMNS if name not in table.column_names]
    for name in _LATER.intersection(absent):
        table = table.append_column(name, pa.nulls(len(table)))
        absent.remove(name)
    if absent:
        raise TabTransferError(
            f"{path} isn't a results table of this version: it lacks the columns "
            f"{', '.join(absent)}. Measure again with `tabtransfer benchmark`."
        )
    try:
        return table.select(list(COLUMNS)).cast(_schema())
    except pa.ArrowException as error:
        raise TabTransferError(f"{path} has columns of the wrong type: {error}") from error


def _read_journal(path: Path) -> list[dict[str, Any]]:
    """Read the rows; a last line without its end was cut off by a kill and isn't one.

    A line that is no row of results is named in a warning: its job counts as not measured.
    """
    *lines, _ = path.read_bytes().split(b"\n")
    rows, bad = [], []
    for number, line in enumerate(lines, 1):
        row = _read_line(line)
        if row is None:
            bad.append(number)
        else:
            rows.append(row)
    if bad:
        named = ", ".join(map(str, bad[:_MOST_NAMED])) + (", …" if len(bad) > _MOST_NAMED else "")
        warnings.warn(
            f"{path}: {'line' if len(bad) == 1 else 'lines'} {named} can't be read as results; "
            "the same command measures what they held again.",
            stacklevel=2,
        )
    return rows


def _read_line(line: bytes) -> dict[str, Any] | None:
    import pyarrow as pa

    try:
        row = json.loads(line)
        if not isinstance(row, dict) or not row.keys() >= COLUMNS.keys() - _LATER:
            return None
        if any(row[name] is None for name in _NEEDED):
            return None
        return arrow_table([row]).to_pylist()[0]
    except (ValueError, RecursionError, pa.ArrowException):
        return None


def _latest(table: pa.Table) -> pa.Table:
    """Return the last row of each job: the journal's, where a kill left a row in both files."""
    names = list(Job.__dataclass_fields__)
    repeated = table.select(names).to_pandas().duplicated(keep="last").to_numpy()
    return table.filter(~repeated)


def is_there(path: Path) -> bool:
    """Return whether there is a results file, or the journal of one."""
    return path.exists() or journal_path(path).exists()


def check_one_protocol(rows: Iterable[Mapping[str, Any]], origin: object) -> None:
    """Refuse rows of one suite that differ in splits, sizes, threads or the time of searches.

    A method's rows must be of one device as well. Halves may differ in their most training rows.
    Nested training sets are there to differ in size; they are refused beside other splits. Plain
    folds may lie beside grouped or temporal ones.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of results.
    origin : object
        Where they come from, for the message.

    Raises
    ------
    TabTransferError
        They differ.
    """
    found: dict[tuple[str, str], set[Any]] = {}
    nested: set[bool] = set()
    for row in rows:
        nested.add(row["splits"] == NESTED)
        for name in protocol_columns(row["splits"]):
            found.setdefault((row["suite"], name), set()).add(row[name])
        if row["splits"] in DEPENDENT:
            found.setdefault((row["suite"], "folds_by"), set()).add(row["folds_by"])
        device = f"devices of {row['method']}"
        found.setdefault((row["suite"], device), set()).add(row["device"] or "cpu")
        if row["search_seconds"] is not None:
            found.setdefault((row["suite"], "search_seconds"), set()).add(row["search_seconds"])
    for (suite, name), values in found.items():
        if name == "splits" and values.intersection(DEPENDENT):
            values = values - {TABARENA}
        if len(values) > 1:
            raise TabTransferError(
                f"{origin}: rows of the suite {suite!r} have different {name} "
                f"({join_values(values)}); keep one protocol in a file."
            )
    if len(nested) > 1:
        raise TabTransferError(
            f"{origin}: results of `tabtransfer transfer-gain` lie beside those of `tabtransfer "
            "benchmark`; keep each in a file of its own."
        )


def join_values(values: Iterable[object]) -> str:
    """Return values as text, sorted and separated by commas."""
    return ", ".join(sorted(map(str, values)))


def protocol_columns(splits: str) -> tuple[str, ...]:
    """Return the columns in which rows of one kind of splits must be the same."""
    sizes = splits in (NESTED, HALVES)  # may be several; folds of one table have one
    return tuple(name for name in _ONE_PROTOCOL if not (sizes and name == "max_train"))


def without_plain_folds(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are compared: without plain folds where others are grouped or temporal.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Examples
    --------
    >>> import pandas as pd
    >>> results = pd.DataFrame({"splits": ["grouped", "tabarena"], "method": ["a", "a"]})
    >>> without_plain_folds(results)["splits"].tolist()
    ['grouped']
    """
    dependent = results["splits"].isin(DEPENDENT)
    return results[dependent] if dependent.any() else results


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


def arrow_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table; raise an ArrowException where a value is of another type."""
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=_schema())
