"""Table files read whole, columns of CSV with the types that they stand for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.frames import to_frame
from tabtransfer.table_files.reader import Source, read_part
from tabtransfer.table_files.text import infer_types

__all__ = ["read_columns", "to_typed_frame"]

_PIECE_ROWS = 100_000


def read_columns(source: Source, columns: Sequence[str]) -> pa.Table:
    """Read some columns of all files; those of CSV are strings as they are written.

    Parameters
    ----------
    source : Source
        The files.
    columns : sequence of str
        Columns to read, one at least.

    Raises
    ------
    TabTransferError
        If there are no rows, files can't be read, or types of columns differ between them.
    """
    first = source.parts[0].path if source.parts else "The table"
    pieces = [piece for part in source.parts for piece in read_part(part, columns, _PIECE_ROWS)]
    if not pieces:
        raise TabTransferError(f"{first} holds no rows.")
    try:
        return pa.concat_tables(pieces, promote_options="permissive")
    except pa.ArrowException as error:
        raise TabTransferError(
            f"The types of columns differ between {first} and the other files: {error}"
        ) from error


def to_typed_frame(table: pa.Table, source: Source) -> pd.DataFrame:
    """Return columns that `read_columns` read as a frame, in which cells of CSV have types."""
    if source.dialect is not None:
        table = infer_types(table, source.dialect.decimal or ".")
    return to_frame(table)
