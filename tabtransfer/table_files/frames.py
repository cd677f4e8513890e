"""Arrow tables as pandas frames whose columns are all of the file's, by their names there."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa

__all__ = ["to_frame"]


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn a table into a frame; what pandas saved as its index stays a column.

    Parameters
    ----------
    table : pyarrow.Table
        The table.

    Returns
    -------
    DataFrame
        Column names are strings.

    Examples
    --------
    >>> import pandas as pd
    >>> import pyarrow as pa
    >>> from tabtransfer.table_files.frames import to_frame
    >>> frame = pd.DataFrame({7: [1, 2]}, index=pd.Index(["u", "v"], name="shop"))
    >>> to_frame(pa.Table.from_pandas(frame)).columns.tolist()
    ['7', 'shop']
    """
    metadata = dict(table.schema.metadata or {})
    if b"pandas" in metadata:
        record = {**json.loads(metadata[b"pandas"]), "index_columns": [], "column_indexes": []}
        table = table.replace_schema_metadata({**metadata, b"pandas": json.dumps(record).encode()})
    frame = table.to_pandas()
    frame.columns = table.column_names
    return frame
