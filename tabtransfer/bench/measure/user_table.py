"""A user's table file as a table to measure on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from tabtransfer.bench.protocol import GROUPED
from tabtransfer.datasets.fold_column import FoldColumn, times_of
from tabtransfer.datasets.frames import make_table
from tabtransfer.datasets.splits import N_FOLDS
from tabtransfer.datasets.table import ProblemType, Table
from tabtransfer.errors import TabTransferError, did_you_mean, name_list
from tabtransfer.preprocessing.columns.cells import UnsupportedColumnError, kind_of
from tabtransfer.table_files.csv_dialect import CsvDialect
from tabtransfer.table_files.training_table import TrainingTable, read_training_table


@dataclass(frozen=True)
class FoldsBy:
    """The column that folds go by, and how.

    Parameters
    ----------
    kind : {"grouped", "temporal"}
        Rows of one value stay together, or lower values are learned from and higher ones tested on.
    column : str
        Its name.
    """

    kind: Literal["grouped", "temporal"]
    column: str


MIN_ROWS = 30
"""Fewer rows leave less than ten to test on."""


def read_user_table(
    files: Sequence[Path],
    target: str,
    drop: Sequence[str] = (),
    task: Literal["auto", "classification", "regression"] = "auto",
    dialect: CsvDialect | None = None,
    folds_by: FoldsBy | None = None,
) -> tuple[Table, TrainingTable]:
    """Read a table from files, and check that methods can be compared on it.

    Parameters
    ----------
    files : sequence of Path
        Its files.
    target : str
        The column to predict.
    drop : sequence of str
        Columns to leave out.
    task : {"auto", "classification", "regression"}, default="auto"
        What to learn; "auto" goes by what the target holds.
    dialect : CsvDialect, optional
        What is known of how CSV files are written.
    folds_by : FoldsBy, optional
        The column that folds go by. Rows without a value in it are left out, and so is a column of
        groups, whose values new rows don't have.

    Returns
    -------
    table : Table
        The table by the name of its first file. Columns are as they were read.
    rows : TrainingTable
        The same rows as `tabtransfer fit` learns from, the target as it was read.

    Raises
    ------
    TabTransferError
        If columns are missing, files can't be read, the target has a single value or too few
        rows of each class, isn't numbers where it should be, or there are too few rows.
    """
    kept = [name for name in drop if folds_by is None or name != folds_by.column]
    rows = read_training_table(files, target, kept, task, dialect)
    by = None
    if folds_by is not None:
        rows, by = _take_fold_column(rows, folds_by, folds_by.column in drop, files[0])
    n_rows = len(rows.y)
    if n_rows < MIN_ROWS:
        raise TabTransferError(
            f"{files[0]} has {n_rows} rows with a target, and a comparison needs at least "
            f"{MIN_ROWS}: fewer can't tell methods apart."
        )
    if rows.task == "regression":
        y, kind = _numbers(rows, files[0]), "regression"
    else:
        y = rows.y.map(str)
        _check_classes(y, files[0])
        kind = "binary" if y.nunique() == 2 else "multiclass"
    for column in rows.X.columns:
        _check_kind(rows.X[column], files[0])
    name = files[0].name.split(".")[0]
    learned: ProblemType = kind  # type: ignore[assignment]
    table = make_table(name, rows.X, y.rename(target), learned, files[0].name)
    return replace(table, folds_by=by), rows


def _take_fold_column(
    rows: TrainingTable, folds_by: FoldsBy, dropped: bool, file: Path
) -> tuple[TrainingTable, FoldColumn]:
    """Return the rows that have a value in the column, and these values."""
    name, grouped = folds_by.column, folds_by.kind == GROUPED
    if name not in rows.X:
        raise TabTransferError(
            f"{file} has no column {name!r} beside the target; it has {name_list(rows.X.columns)}."
            f"{did_you_mean(name, rows.X.columns)}"
        )
    values = rows.X[name] if grouped else times_of(rows.X[name])
    known = values.notna()
    dropped = dropped or grouped
    X, y = rows.X[known].reset_index(drop=True), rows.y[known].reset_index(drop=True)
    X = X.drop(columns=[name]) if dropped else X
    if not X.shape[1]:
        raise TabTransferError(f"{file} has no column but {name!r} to learn from.")
    n_left = f"; {int((~known).sum()):,} rows without one are left out" if not known.all() else ""
    notes = (
        f"Folds keep the rows of one {name} together{n_left}. The column itself is no input: new "
        "rows have other values."
        if grouped
        else f"Folds learn from earlier rows and test on later ones, by {name}{n_left}."
    )
    found = FoldColumn(folds_by.kind, values[known].reset_index(drop=True))
    return replace(rows, X=X, y=y, notes=(*rows.notes, notes)), found


def _check_kind(column: pd.Series, file: Path) -> None:
    try:
        kind_of(column, column.name)
    except UnsupportedColumnError as error:
        raise TabTransferError(f"{file}: {error} Leave it out with --drop.") from None


def _numbers(rows: TrainingTable, file: Path) -> pd.Series:
    try:
        return rows.y.astype(float)
    except (ValueError, TypeError) as error:
        raise TabTransferError(
            f"The target {rows.y.name!r} of {file} isn't numbers, so it can't be learned by "
            f"regression ({error}): leave --task out, or give --task classification."
        ) from None


def _check_classes(y: pd.Series, file: Path) -> None:
    counts = y.value_counts()
    rare = counts[counts < N_FOLDS]
    if len(counts) - len(rare) < 2:
        raise TabTransferError(
            f"The target {y.name!r} of {file} has {len(counts)} classes, of which "
            f"{len(rare)} have fewer than {N_FOLDS} rows ({name_list(rare.index)}): two classes "
            "with more are needed. If it is a number, give --task regression."
        )
