"""The column by which rows depend on each other: a group, or a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.learned import learn_column
from tabtransfer.preprocessing.columns.reading import read_as

__all__ = ["FoldColumn", "times_of"]


@dataclass(frozen=True)
class FoldColumn:
    """What folds go by, where rows aren't independent.

    Parameters
    ----------
    kind : {"grouped", "temporal"}
        Rows of one group stay together; or what is trained on lies before what is tested on.
    values : Series, (n_rows,)
        The group of each row, or its time as a number; by the name of the column.

    Examples
    --------
    >>> import pandas as pd
    >>> FoldColumn("grouped", pd.Series(["a", "a", "b"], name="customer")).name
    'customer'
    """

    kind: Literal["grouped", "temporal"]
    values: pd.Series

    @property
    def name(self) -> str:
        """Name of the column."""
        return str(self.values.name)


def times_of(column: pd.Series) -> pd.Series:
    """Return times as numbers that grow with them.

    Parameters
    ----------
    column : Series, (n_rows,)
        Dates, durations, numbers such as years, or strings that write one of these.

    Returns
    -------
    Series, (n_rows,)
        Numbers; NaN for what is missing or can't be read.

    Raises
    ------
    TabTransferError
        If the column holds nothing that has an order in time.

    Examples
    --------
    >>> import pandas as pd
    >>> times_of(pd.Series(["2024-05-14", "2024-05-13"], name="sold")).rank().tolist()
    [2.0, 1.0]
    """
    reading = read_as(column, column.name)
    if reading.kind == "numbers":
        return column.astype(float)
    if not reading.makes_numbers:
        raise TabTransferError(
            f"The column {column.name!r} is read as {reading.kind}, which have no order in time: "
            "name a column of dates or numbers, or write its dates as 2024-05-13."
        )
    first = learn_column(column, column.name).encode(column, column.name)[:, 0]
    return pd.Series(first, index=column.index, name=column.name, dtype=float)
