"""Tables made of data frames."""

from __future__ import annotations

import pandas as pd

from tabtransfer.datasets.table import (
    ProblemType,
    Table,
    TableKind,
    TableMetadata,
    categorical_columns,
)
from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.reading import holds_made_numbers

__all__ = ["make_table", "table_from_frame", "with_target"]


def table_from_frame(
    frame: pd.DataFrame,
    name: str,
    target: str,
    task: ProblemType,
    *,
    origin: str,
    licence: str,
    description: str,
    family: str = "",
    dropped: str = "",
) -> Table:
    """Split a frame into input and target, and write its metadata.

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
    licence, description, family, dropped : str
        Fields of the metadata.

    Returns
    -------
    Table
        Strings become categories unless they are read as numbers or dates; all else stays.

    Raises
    ------
    TabTransferError
        If the target doesn't suit the task.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [31, 40, 22], "buys": ["yes", "no", None]})
    >>> facts = {"origin": "shop.csv", "licence": "CC0-1.0", "description": "Who buys."}
    >>> table = table_from_frame(frame, "shop", "buys", "binary", **facts)
    >>> table.X.shape, table.metadata.kind
    ((2, 1), 'numeric')
    """
    frame = frame[frame[target].notna()].reset_index(drop=True)
    X, y = frame.drop(columns=[target]), _target(frame[target], name, task)
    categorical = categorical_columns(X)
    as_they_are = [
        c for c in categorical if pd.api.types.is_bool_dtype(X[c].dtype) or holds_made_numbers(X[c])
    ]
    X = X.astype({c: "category" for c in categorical if c not in as_they_are})
    return make_table(name, X, y, task, origin, description, licence, family, dropped)


def make_table(
    name: str,
    X: pd.DataFrame,
    y: pd.Series,
    task: ProblemType,
    origin: str,
    description: str = "",
    licence: str = "not stated",
    family: str = "",
    dropped: str = "",
) -> Table:
    """Make a table, with its metadata, of its input and target.

    Parameters
    ----------
    name : str
        Name of the table.
    X : pandas.DataFrame of shape (n_rows, n_columns)
        Input.
    y : pandas.Series of shape (n_rows,)
        Target without missing values, by the name of its column: strings or floats.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    origin : str
        File or page that it comes from.
    description, licence, family, dropped : str, optional
        As in the metadata.

    Returns
    -------
    Table
        The table.

    Examples
    --------
    >>> X = pd.DataFrame({"age": [31, None], "city": ["Kyiv", "Lviv"]})
    >>> y = pd.Series(["yes", "no"], name="buys")
    >>> metadata = make_table("shop", X, y, "binary", "shop.csv").metadata
    >>> metadata.kind, metadata.n_categorical, metadata.missing_share, metadata.description
    ('mixed with missing values', 1, 0.25, 'buys, from shop.csv.')
    """
    n_categorical = sum(not holds_made_numbers(X[name]) for name in categorical_columns(X))
    missing_share = float(X.isna().to_numpy().mean()) if X.size else 0.0
    metadata = TableMetadata(
        name=name,
        task=task,
        target=str(y.name),
        n_rows=len(X),
        n_columns=X.shape[1],
        n_categorical=n_categorical,
        missing_share=round(missing_share, 4),
        n_classes=None if task == "regression" else y.nunique(),
        kind=_kind(n_categorical, X.shape[1], missing_share),
        package="",
        licence=licence,
        description=description or f"{y.name}, from {origin}.",
        dropped=dropped,
        family=family,
        file=origin,
    )
    return Table(name=name, X=X, y=y, task=task, metadata=metadata)


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


def _kind(n_categorical: int, n_columns: int, missing_share: float) -> TableKind:
    types = {0: "numeric", n_columns: "categorical"}.get(n_categorical, "mixed")
    kind: TableKind = f"{types} with missing values" if missing_share else types  # type: ignore[assignment]
    return kind


def with_target(X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """Put the target beside the input, as its last column.

    Examples
    --------
    >>> with_target(pd.DataFrame({"a": [1]}), pd.Series([2], name="y")).columns.tolist()
    ['a', 'y']
    """
    return pd.concat([X, y.rename(str(y.name))], axis=1)
