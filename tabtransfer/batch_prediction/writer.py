"""Table files written in pieces, complete or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.table_files.find import kind_of

__all__ = ["table_writer"]


@contextmanager
def table_writer(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Open a table file to write pieces of it, in the kind that its suffix says.

    The file appears under its name at the end of the block, if nothing went wrong in it.

    Parameters
    ----------
    path : Path
        The file; an existing one is replaced.

    Yields
    ------
    callable
        Writes a `pyarrow.Table`; the first one decides the types of the columns.

    Raises
    ------
    TabTransferError
        If the suffix is unknown, or a table holds what the file can't.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> from tabtransfer.batch_prediction.writer import table_writer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "out.csv"
    ...     with table_writer(path) as write:
    ...         write(pa.table({"a": [1, 2]}))
    ...         write(pa.table({"a": [3]}))
    ...     path.read_text().split()
    ['"a"', '1', '2', '3']
    """
    kind_of(path)
    with replacing(path) as partial, ExitStack() as stack:
        writer: Any = None
        schema: pa.Schema | None = None

        def write(table: pa.Table) -> None:
            nonlocal writer, schema
            try:
                if schema is None:
                    schema = table.schema
                    writer = stack.enter_context(_open(path, partial, schema, stack))
                writer.write_table(table.cast(schema))
            except (pa.ArrowException, ValueError) as error:
                raise TabTransferError(f"{path} can't hold the result: {error}") from error

        yield write


def _open(path: Path, partial: Path, schema: pa.Schema, stack: ExitStack) -> Any:
    kind = kind_of(path)
    if kind == "parquet":
        return pq.ParquetWriter(partial, schema, compression="zstd")
    compression = "gzip" if path.name.lower().endswith(".gz") else None
    sink = stack.enter_context(pa.output_stream(partial, compression=compression))
    if kind == "csv":
        return pa.csv.CSVWriter(sink, schema)
    return pa.ipc.new_file(sink, schema)
