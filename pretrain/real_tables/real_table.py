"""A real table with its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RealTable:
    """A table with its target.

    Parameters
    ----------
    name : str
        What reports call the table.
    X : pandas.DataFrame
        Input columns.
    y : pandas.Series
        Target, as long as ``X``.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.real_table import RealTable
    >>> RealTable("toy", pd.DataFrame({"a": [1, 2]}), pd.Series(["x", "y"])).name
    'toy'
    """

    name: str
    X: pd.DataFrame
    y: pd.Series
