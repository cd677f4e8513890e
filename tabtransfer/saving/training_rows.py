"""The training rows of a model as Parquet files, without code in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import IO, Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.training_rows import TrainingRows
from tabtransfer.saving.tagged_json import from_json, to_json

__all__ = ["TABLE", "read_rows", "write_rows"]

TABLE, _TARGET = "table.parquet", "target.parquet"
_CELL_BYTES = 8  # at least, in memory
_KEY = b"tabtransfer"  # of the metadata that say what Arrow alone would lose


def write_rows(rows: TrainingRows, open_file: Callable[[str], IO[bytes]]) -> None:
    """Write the table and the labels to two files that ``open_file`` opens by name.

    Raises
    ------
    TabTransferError
        If a cell of a mixed column is no number, string, boolean or date.
    """
    names = list(rows.X.columns)
    by_name = all(isinstance(name, str) for name in names)
    columns, forms = {}, []
    for index, name in enumerate(names):
        column = rows.X.iloc[:, index].reset_index(drop=True)
        try:
            stored, form = _storable(column)
        except TabTransferError as error:
            raise TabTransferError(
                f"Column {name!r} can't be saved: {error} Turn it into numbers, strings or dates "
                "before fit."
            ) from error
        columns[name if by_name else str(index)] = stored
        forms.append(form)
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    record = json.dumps({"names": to_json(names), "forms": forms})
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _KEY: record})
    target = {"target": rows.labels}
    if rows.weights is not None:
        target["weight"] = rows.weights
    if rows.related is not None:
        target["related"] = rows.related
    for file_name, content in ((TABLE, table), (_TARGET, pa.table(target))):
        with open_file(file_name) as file:
            pq.write_table(content, file, compression="zstd")


def read_rows(read_file: Callable[[str], bytes]) -> TrainingRows:
    """Read the two files again, whose content ``read_file`` gives by name.

    The rows are numbered from 0.
    """
    table, target = _read_table(read_file(TABLE)), _read_table(read_file(_TARGET))
    weights, related = (
        target[name].to_numpy() if name in target.column_names else None
        for name in ("weight", "related")
    )
    record = json.loads(table.schema.metadata[_KEY])
    frame = table.to_pandas()
    for name, form in zip(table.column_names, record["forms"], strict=True):
        if form is not None:
            frame[name] = _restored(frame[name], form)
    frame.columns = _index(from_json(record["names"]))
    return TrainingRows(frame, target["target"].to_numpy(), weights, related)


def _read_table(content: bytes) -> pa.Table:
    """Read a Parquet file, if it fits into memory, and check all that it holds."""
    schema = pq.read_schema(pa.BufferReader(content))
    texts = [field.name for field in schema if _is_text(field.type)]
    file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
    about = file.metadata
    # What repeats takes hardly any room in a file: cells, and texts that are many cells.
    cells = about.num_rows * max(1, about.num_columns)
    groups = [about.row_group(index).total_byte_size for index in range(about.num_row_groups)]
    _refuse_too_large(max(_CELL_BYTES * cells, sum(groups)))
    table = file.read()
    table.validate(full=True)
    columns = [table[name] for name in texts]
    _refuse_too_large(sum(map(_unfolded_bytes, columns)))
    return table.cast(schema)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _unfolded_bytes(column: pa.ChunkedArray) -> int:
    """Count the bytes of texts, each of which is stored once."""
    return sum(
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for chunk in column.chunks
        if isinstance(chunk, pa.DictionaryArray)
    )


def _refuse_too_large(n_bytes: int) -> None:
    if n_bytes > psutil.virtual_memory().available:
        raise TabTransferError(
            f"The training rows of the saved model take {n_bytes / 1e9:,.1f} GB, more memory than "
            "is free: load it where there is more."
        )


def _storable(column: pd.Series) -> tuple[pd.Series, dict[str, Any] | None]:
    """Return a column that Parquet can hold, and how to convert it back if it was converted."""
    if isinstance(column.dtype, pd.CategoricalDtype):  # Parquet loses their order and numbers
        levels = column.cat.categories
        form = {"categories": to_json(list(levels)), "ordered": column.cat.ordered}
        return column.cat.codes, {**form, "objects": levels.dtype == object}
    if isinstance(column.dtype, pd.SparseDtype):
        return column.sparse.to_dense(), {"sparse": to_json(column.dtype.fill_value)}
    if not (column.dtype == object or pd.api.types.is_extension_array_dtype(column.dtype)):
        return column, None
    try:
        stored = pa.array(column, from_pandas=True)
        # Dictionaries' type pandas can't read again, and dates lose what they don't share.
        simple = not pa.types.is_dictionary(stored.type) and _are_alike(column, stored.type)
    except (pa.ArrowException, OverflowError, TypeError, UnicodeEncodeError):
        simple = False  # cells of several types, huge integers, or strings that aren't Unicode
    if not simple:
        cells = [None if pd.isna(cell) else json.dumps(to_json(cell)) for cell in column]
        return pd.Series(cells, dtype="str"), {"cells": "json"}
    return column, None


def _are_alike(column: pd.Series, kind: pa.DataType) -> bool:
    """Return whether objects that are dates or times are of one type and time zone."""
    if column.dtype != object or not pa.types.is_temporal(kind):
        return True
    cells = column[column.notna()]
    return len({(type(cell), str(getattr(cell, "tzinfo", None))) for cell in cells}) == 1


def _restored(column: pd.Series, form: dict[str, Any]) -> pd.Series:
    if "categories" in form:
        levels = from_json(form["categories"])
        if form["objects"]:  # dates stay as they are, tuples make no MultiIndex
            categories = pd.Index(levels, dtype=object, tupleize_cols=False)
        else:
            categories = _index(levels)
        codes = pd.Categorical.from_codes(column, categories, ordered=form["ordered"])
        return pd.Series(codes)
    if "sparse" in form:
        return pd.Series(pd.arrays.SparseArray(column, fill_value=from_json(form["sparse"])))
    cells = [None if pd.isna(cell) else from_json(json.loads(cell)) for cell in column]
    return pd.Series(cells, dtype=object)


def _index(values: list[Any]) -> pd.Index:
    try:
        return pd.Index(values)
    except UnicodeEncodeError:  # strings that aren't Unicode
        return pd.Index(values, dtype=object)
