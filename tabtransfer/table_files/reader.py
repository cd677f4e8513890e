"""Table files read in pieces, so that they may be larger than memory.

CSV is read as text, every column of it; `tabtransfer.table_files.text` gives columns their
types. What a cell is read as then never depends on the other cells of its piece.

Folders named like ``year=2024`` on the way to a file, as Hive and Spark write them, are columns.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tabtransfer.errors import TabTransferError, name_list
from tabtransfer.table_files.csv_dialect import CsvDialect, read_dialect
from tabtransfer.table_files.find import Kind, kind_of

__all__ = ["Part", "Source", "comma_advice", "read_part"]

_BLOCK_BYTES = 4 * 2**20  # of CSV, at least the longest row; some 40 of them are in memory
_SAMPLE_BYTES = 2**20
_PART_ROWS = 1_000_000
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # in the name of a folder
_ADVICE = " If something else than it seems parts the cells, say what: --sep ';', for example."


@dataclass(frozen=True)
class Part:
    """A part of a source that can be read by itself.

    Parameters
    ----------
    path : Path
        The file.
    kind : {"csv", "parquet", "arrow"}
        Its kind.
    row_groups : tuple of int
        Row groups, of Parquet; other files have one part.
    dialect : CsvDialect, optional
        How a CSV file is written.
    """

    path: Path
    kind: Kind
    row_groups: tuple[int, ...] = ()
    dialect: CsvDialect | None = None

    @property
    def folders(self) -> dict[str, str]:
        """Columns that folders are named for, with the value in this part."""
        pairs = [name.partition("=") for name in self.path.parent.parts]
        return {name: unquote(value) for name, equals, value in pairs if name and equals}


@dataclass(frozen=True)
class Source:
    """A table in one or several files.

    Parameters
    ----------
    columns : tuple of str
        Names of the columns of the first file.
    parts : tuple of Part
        What to read, in order.
    n_rows : int or None
        Number of rows; estimated for CSV, None for compressed CSV.
    dialect : CsvDialect or None
        How the first file is written, if it is CSV; decimals in the others are alike.
    """

    columns: tuple[str, ...]
    parts: tuple[Part, ...]
    n_rows: int | None
    dialect: CsvDialect | None = None

    @classmethod
    def of(
        cls,
        files: Sequence[Path],
        needed: Iterable[str] | None = None,
        given: CsvDialect | None = None,
    ) -> Source:
        """Inspect the files' columns and sizes, and how CSV is written.

        Parameters
        ----------
        files : sequence of Path
            The files, from `find_files`.
        needed : iterable of str, optional
            Columns that every file must have; those of the first one if not given.
        given : CsvDialect, optional
            What is known of how CSV is written.

        Raises
        ------
        TabTransferError
            If a file can't be read, lacks columns, or has two of one name.
        """
        columns: tuple[str, ...] = ()
        parts: list[Part] = []
        total: int | None = 0
        needed = None if needed is None else tuple(needed)
        for file in files:
            names, own, n_rows = _look_at(file, given)
            columns = columns or names
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise TabTransferError(f"{file} has several columns named {name_list(twice)}.")
            lacking = [name for name in (needed or columns) if name not in names]
            if lacking:
                advice = _ADVICE if own and own[0].kind == "csv" and len(names) == 1 else ""
                advice += comma_advice(lacking, names)
                raise TabTransferError(
                    f"{file} lacks the columns {name_list(lacking)}; it has {name_list(names)}."
                    f"{advice}"
                )
            parts += own
            total = None if total is None or n_rows is None else total + n_rows
        return cls(columns, tuple(parts), total, parts[0].dialect if parts else None)


def comma_advice(lacking: Iterable[str], names: Iterable[str]) -> str:
    """Return how to name a column with a comma, where parts of such a name are asked for.

    Examples
    --------
    >>> from tabtransfer.table_files.reader import comma_advice
    >>> print(comma_advice(["size", "m2"], ["size, m2", "y"]).strip())
    A name with a comma goes in double quotes: '"size, m2"'.
    """
    for name in names:
        if {part.strip() for part in name.split(",")} & set(lacking):
            return f" A name with a comma goes in double quotes: '\"{name}\"'."
    return ""


def read_part(part: Part, columns: Sequence[str], n_rows: int) -> Iterator[pa.Table]:
    """Read a part in pieces.

    Parameters
    ----------
    part : Part
        What to read.
    columns : sequence of str
        Columns to read.
    n_rows : int
        Rows of a piece; the last has less.

    Yields
    ------
    pyarrow.Table
        Rows with the columns in the order given; those of CSV are strings as they are written,
        null where nothing is.

    Raises
    ------
    TabTransferError
        If the file can't be read.
    """
    names = list(columns)
    with _readable(part.path):
        if part.kind == "csv":
            known = _open_csv(part, None).schema.names
        elif part.kind == "parquet":
            file = pq.ParquetFile(part.path, memory_map=True)
            known = file.schema_arrow.names
        else:
            known = _arrow_reader(part.path).schema.names
        folders = {name: text for name, text in part.folders.items() if name not in known}
        own = [name for name in names if name not in folders]
        if part.kind == "csv":
            batches: Iterable[pa.RecordBatch] = _open_csv(part, own, narrow=len(known) == 1)
        elif part.kind == "parquet":
            batches = file.iter_batches(n_rows, list(part.row_groups), own)
        else:
            batches = _arrow_batches(part.path)
        tables = (_with_folders(pa.Table.from_batches([b]), folders) for b in batches)
        yield from _cut((table.select(names) for table in tables), n_rows)


def _with_folders(table: pa.Table, folders: dict[str, str]) -> pa.Table:
    for name, text in folders.items():
        cell = pa.scalar(None if text == _NO_VALUE else text, pa.string())
        table = table.append_column(name, pa.repeat(cell, table.num_rows))
    return table


def _cut(tables: Iterable[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Cut and join tables of the same columns into pieces of a number of rows."""
    waiting: list[pa.Table] = []
    n_waiting = 0
    for table in tables:
        while n_waiting + table.num_rows >= n_rows:
            taken = n_rows - n_waiting
            yield pa.concat_tables([*waiting, table.slice(0, taken)])
            waiting, n_waiting, table = [], 0, table.slice(taken)
        waiting.append(table)
        n_waiting += table.num_rows
    if n_waiting:
        yield pa.concat_tables(waiting)


def _look_at(
    path: Path, given: CsvDialect | None
) -> tuple[tuple[str, ...], list[Part], int | None]:
    """Return a file's columns, parts and number of rows."""
    names, parts, n_rows = _look_into(path, given)
    folders = parts[0].folders if parts else {}
    return (*names, *(name for name in folders if name not in names)), parts, n_rows


def _look_into(
    path: Path, given: CsvDialect | None
) -> tuple[tuple[str, ...], list[Part], int | None]:
    kind = kind_of(path)
    with _readable(path):
        if kind == "csv":
            part = Part(path, kind, (), read_dialect(path, given))
            return tuple(_open_csv(part, None).schema.names), [part], _guess_rows(path)
        if kind == "parquet":
            with pq.ParquetFile(path) as file:
                parts = [Part(path, kind, groups) for groups in _row_groups(file.metadata)]
                return tuple(file.schema_arrow.names), parts, file.metadata.num_rows
        n_rows = sum(batch.num_rows for batch in _arrow_batches(path))
        return tuple(_arrow_reader(path).schema.names), [Part(path, kind)], n_rows


def _row_groups(metadata: pq.FileMetaData) -> Iterator[tuple[int, ...]]:
    """Return row groups joined until each is large enough for a part."""
    together: list[int] = []
    n_rows = 0
    for index in range(metadata.num_row_groups):
        together.append(index)
        n_rows += metadata.row_group(index).num_rows
        if n_rows >= _PART_ROWS or index == metadata.num_row_groups - 1:
            yield tuple(together)
            together, n_rows = [], 0


def _open_csv(
    part: Part, columns: list[str] | None, narrow: bool = False
) -> pa.csv.CSVStreamingReader:
    """Open a file; in a narrow one, of one column, an empty line is a row without its cell."""
    dialect = part.dialect or CsvDialect()
    read = pa.csv.ReadOptions(
        block_size=_BLOCK_BYTES, use_threads=False, encoding=dialect.encoding or "utf-8"
    )
    convert = pa.csv.ConvertOptions(
        column_types=None if columns is None else dict.fromkeys(columns, pa.string()),
        include_columns=columns,
        null_values=[""],
        strings_can_be_null=True,
    )

    parse = pa.csv.ParseOptions(
        delimiter=dialect.separator or ",", newlines_in_values=True, ignore_empty_lines=not narrow
    )
    return pa.csv.open_csv(
        part.path, read_options=read, parse_options=parse, convert_options=convert
    )


def _guess_rows(path: Path) -> int | None:
    if path.name.lower().endswith(".gz"):
        return None
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    return max(0, round(sample.count(b"\n") / len(sample) * path.stat().st_size) - 1)


def _arrow_reader(path: Path) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    """Open a file of Arrow's, in its random-access or its streaming format."""
    try:
        return pa.ipc.open_file(pa.memory_map(str(path)))
    except pa.ArrowInvalid:
        return pa.ipc.open_stream(pa.memory_map(str(path)))


def _arrow_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Read a file's batches and validate them: a damaged one would crash the process."""
    reader = _arrow_reader(path)
    if isinstance(reader, pa.RecordBatchFileReader):
        batches: Iterable[pa.RecordBatch] = map(reader.get_batch, range(reader.num_record_batches))
    else:
        batches = reader
    for batch in batches:
        batch.validate(full=True)
        yield batch


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error) as error:
        advice = _ADVICE if kind_of(path) == "csv" and "columns, got" in str(error) else ""
        raise TabTransferError(
            f"{path} can't be read as {kind_of(path)}: {error}{advice}"
        ) from error
