"""Rows of JSON, typed by the columns that a model was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    create_model,
)

from tabtransfer.printing import is_encodable
from tabtransfer.table_files.text import types_of

__all__ = ["row_model", "row_schema", "to_table"]


def _encodable(text: str) -> str:
    if not is_encodable(text):
        raise ValueError("half a character can't be read")
    return text


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[StrictStr, AfterValidator(_encodable)]


def row_schema(X: pd.DataFrame) -> pa.Schema:
    """Return the types in which cells of each column are given.

    Parameters
    ----------
    X : DataFrame, (n_rows, n_columns)
        The training rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.serving.rows import row_schema
    >>> row_schema(pd.DataFrame({"age": [3, 4], "took": pd.to_timedelta([1, 2], "s")}))
    age: double
    took: duration[us]
    """
    types = types_of(X)
    durations = X.select_dtypes("timedelta").columns
    return pa.schema({**types, **dict.fromkeys(durations, pa.duration("us"))})


def row_model(schema: pa.Schema) -> type[BaseModel]:
    """Return the type of a row: every column is to be there, null is missing, no other is known.

    Numbers and truth values are given as such, dates and durations as ISO 8601 writes them, all
    else as strings.

    Parameters
    ----------
    schema : pyarrow.Schema
        What `row_schema` returns.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tabtransfer.serving.rows import row_model
    >>> Row = row_model(pa.schema({"petal length (cm)": pa.float64()}))
    >>> Row(**{"petal length (cm)": 3}).model_dump(by_alias=True)
    {'petal length (cm)': 3.0}
    """
    fields: dict[str, Any] = {
        f"column_{place}": (_cell(field.type) | None, Field(alias=field.name))  # any name works
        for place, field in enumerate(schema)
    }
    return create_model("Row", __config__=ConfigDict(extra="forbid"), **fields)


def to_table(rows: Sequence[BaseModel], schema: pa.Schema) -> pa.Table:
    """Return rows as an Arrow table.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tabtransfer.serving.rows import row_model, to_table
    >>> schema = pa.schema({"age": pa.float64(), "colour": pa.string()})
    >>> to_table([row_model(schema)(age=3, colour=None)], schema).to_pylist()
    [{'age': 3.0, 'colour': None}]
    """
    return pa.Table.from_pylist([row.model_dump(by_alias=True) for row in rows], schema)


def _cell(kind: pa.DataType) -> Any:
    if kind == pa.float64():
        return Number
    if kind == pa.bool_():
        return StrictBool
    if pa.types.is_timestamp(kind):
        return datetime
    return timedelta if pa.types.is_duration(kind) else Text
