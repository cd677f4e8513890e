"""A table made of any frame, with the card that follows from it."""

from __future__ import annotations

import pandas as pd

from tabtransfer.datasets.table import Table, Task, categorical_columns, table_from_file
from tabtransfer.errors import TabTransferError

__all__ = ["table_from_frame"]


def table_from_frame(
    frame: pd.DataFrame,
    name: str,
    target: str,
    task: Task,
    *,
    origin: str,
    licence: str,
    description: str,
    family: str = "",
) -> Table:
    """Split a frame into input and target, and write its card.

    Parameters
    ----------
    frame : pandas.DataFrame
        Input and target; rows without a target are left out.
    name : str
        Name of the table.
    target : str
        Column that is predicted.
    task : {"binary", "multiclass", "regression"}
        Kind of task.
    origin : str
        File or page that the frame comes from.
    licence, description, family : str
        What the card says.

    Returns
    -------
    Table
        Strings become categories, numbers and booleans stay.

    Raises
    ------
    TabTransferError
        If the target doesn't suit the task.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [31, 40, 22], "buys": ["yes", "no", None]})
    >>> facts = {"origin": "shop.csv", "licence": "CC0-1.0", "description": "Who buys."}
    >>> table = table_from_frame(frame, "shop", "buys", "binary", **facts)
    >>> table.X.shape, table.card.kind
    ((2, 1), 'numeric')
    """
    frame = frame[frame[target].notna()].reset_index(drop=True)
    X, y = frame.drop(columns=[target]), _target(frame[target], name, task)
    categorical = categorical_columns(X)
    flags = [c for c in categorical if pd.api.types.is_bool_dtype(X[c].dtype)]
    X = X.astype({c: "category" for c in categorical if c not in flags})
    return table_from_file(name, X, y, task, origin, description, licence, family)


def _target(column: pd.Series, name: str, task: str) -> pd.Series:
    if task == "regression":
        try:
            return pd.to_numeric(column).astype(float)
        except (ValueError, TypeError) as error:
            raise TabTransferError(
                f"Table {name!r}: the target {column.name!r} of a regression must be numbers: "
                f"{error}"
            ) from None
    labels = column.map(str)
    n_classes = labels.nunique()
    if n_classes < 2 or (task == "binary") != (n_classes == 2):
        raise TabTransferError(
            f"Table {name!r}: the target {column.name!r} has {n_classes} classes; binary means 2, "
            "multiclass 3 or more."
        )
    return labels
