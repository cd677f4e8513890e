"""Columns of text, as CSV has them, with the types that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tabtransfer.errors import TabTransferError

__all__ = ["infer_types", "parse", "types_of"]


def infer_types(table: pa.Table) -> pa.Table:
    """Turn columns of text into numbers or booleans where all of their cells are.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tabtransfer.batch_prediction.text import infer_types
    >>> table = pa.table({"a": ["1", " 2.5", None], "b": ["true", "False", None], "c": list("1x2")})
    >>> [str(column.type) for column in infer_types(table).columns]
    ['double', 'bool', 'string']
    """
    columns = {}
    for name in table.column_names:
        columns[name] = table[name]
        for wanted in (pa.float64(), pa.bool_()):
            try:
                columns[name] = _cast(table[name], wanted)
                break
            except pa.ArrowInvalid:
                continue
    return pa.table(columns)


def types_of(frame: pd.DataFrame) -> dict[str, pa.DataType]:
    """Say what the columns of a frame would be read as from text.

    Parameters
    ----------
    frame : DataFrame
        The training rows.

    Returns
    -------
    dict of str to pyarrow.DataType
        Numbers as float64, booleans and dates as themselves, categories as what they are made
        of, all else as strings.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.batch_prediction.text import types_of
    >>> frame = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["u", "v"]), "c": [True, False]})
    >>> {name: str(wanted) for name, wanted in types_of(frame).items()}
    {'a': 'double', 'b': 'string', 'c': 'bool'}
    """
    return {name: _plain(column) for name, column in frame.items()}


def parse(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Turn columns of text into the types given.

    Raises
    ------
    TabTransferError
        If a cell isn't of the column's type.
    """
    columns = {}
    for name, wanted in types.items():
        try:
            columns[name] = _cast(table[name], wanted)
        except pa.ArrowInvalid as error:
            raise TabTransferError(
                f"Column {name!r} held {_words(wanted)} in fit: {error}. Clean the column, or fit "
                "a model in which it is text."
            ) from error
    return pa.table(columns)


def _plain(column: pd.Series) -> pa.DataType:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _plain(dtype.categories.to_series())
    if pd.api.types.is_bool_dtype(dtype):
        return pa.bool_()
    if pd.api.types.is_numeric_dtype(dtype):
        return pa.float64()
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return pa.timestamp("us", tz="UTC" if getattr(dtype, "tz", None) else None)
    return pa.string()


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if wanted == pa.string():
        return column
    cells = pc.utf8_trim_whitespace(column)
    return pc.cast(pc.if_else(pc.equal(cells, ""), None, cells), wanted)


def _words(wanted: pa.DataType) -> str:
    if wanted == pa.float64():
        return "numbers"
    return "true and false" if wanted == pa.bool_() else "dates"
