"""Infer the types of columns of text, as CSV has them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.missing_words import MISSING_WORDS

__all__ = ["MISSING", "infer_types", "parse", "types_of"]

MISSING = pa.array([*pa.csv.ConvertOptions().null_values, "None", "<NA>"])
"""What is missing in any column: as pandas reads CSV."""

_MISSING_WORDS = pa.array([*MISSING_WORDS])
_CODE = r"^\s*[-+]?0[0-9]+\s*$"
_GROUPED = r"^[-+]?[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?$"


def infer_types(table: pa.Table, decimal: str = ".") -> pa.Table:
    """Turn columns of text into numbers or booleans where all of their cells are.

    Cells are missing where they say so as pandas reads CSV ("NA", "null", nothing, …); in a column
    of numbers also where they say it otherwise ("?", "-", "unknown", …). Numbers with leading
    zeros are codes and stay text.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of strings.
    decimal : {".", ","}, default="."
        What stands before decimals.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tabtransfer.table_files.text import infer_types
    >>> table = pa.table({"a": ["1", " 2.5", "?"], "b": ["true", "False", None], "c": list("1w2")})
    >>> [str(column.type) for column in infer_types(table).columns]
    ['double', 'bool', 'string']
    """
    columns = {}
    for name in table.column_names:
        cells = _without_missing(table[name])
        columns[name] = cells
        if pc.any(pc.match_substring_regex(cells, _CODE)).as_py():
            continue
        for wanted in (pa.float64(), pa.bool_()):
            try:
                read = _cast(cells, wanted, decimal)
                if read.null_count < len(read) or cells.null_count == len(read):
                    columns[name] = read
                break
            except pa.ArrowInvalid:
                continue
    return pa.table(columns)


def types_of(frame: pd.DataFrame) -> dict[str, pa.DataType]:
    """Return the types that the columns of a frame would be read as from text.

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
    >>> from tabtransfer.table_files.text import types_of
    >>> frame = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["u", "v"]), "c": [True, False]})
    >>> {name: str(wanted) for name, wanted in types_of(frame).items()}
    {'a': 'double', 'b': 'string', 'c': 'bool'}
    """
    return {name: _plain(column) for name, column in frame.items()}


def parse(table: pa.Table, types: Mapping[str, pa.DataType], decimal: str = ".") -> pa.Table:
    """Turn columns of text into the types given, missing cells as in `infer_types`.

    Raises
    ------
    TabTransferError
        If a cell isn't of the column's type.
    """
    columns = {}
    for name, wanted in types.items():
        try:
            columns[name] = _cast(_without_missing(table[name]), wanted, decimal)
        except pa.ArrowInvalid as error:
            raise TabTransferError(
                f"Column {name!r} held {_words(wanted)} in fit: {error}. Clean the column, or fit "
                f"a model in which it is text.{_advice(wanted)}"
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


def _without_missing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_in(column, MISSING), None, column)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType, decimal: str) -> pa.ChunkedArray:
    if wanted == pa.string():
        return column
    cells = pc.utf8_trim_whitespace(column)
    cells = pc.if_else(pc.is_in(pc.utf8_lower(cells), _MISSING_WORDS), None, cells)
    if wanted == pa.float64() and decimal == ",":
        grouped = pc.match_substring_regex(cells, _GROUPED)
        cells = pc.if_else(grouped, pc.replace_substring(cells, ".", ""), cells)
        pointed = pc.match_substring(cells, ".")
        if pc.any(pointed).as_py():  # a number of another writing, or none
            cells = pc.if_else(pointed, pc.binary_join_element_wise(cells, "", " "), cells)
        cells = pc.replace_substring(cells, ",", ".")
    return pc.cast(cells, wanted)


def _advice(wanted: pa.DataType) -> str:
    return " Decimal commas: --decimal ','." if wanted == pa.float64() else ""


def _words(wanted: pa.DataType) -> str:
    if wanted == pa.float64():
        return "numbers"
    return "true and false" if wanted == pa.bool_() else "dates"
