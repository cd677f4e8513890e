"""A user's table file as a table to measure on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from tabtransfer.datasets.frames import make_table
from tabtransfer.datasets.splits import N_FOLDS
from tabtransfer.datasets.table import ProblemType, Table
from tabtransfer.errors import TabTransferError, name_list
from tabtransfer.preprocessing.columns.cells import UnsupportedColumnError, kind_of
from tabtransfer.table_files.csv_dialect import CsvDialect
from tabtransfer.table_files.training_table import TrainingTable, read_training_table

MIN_ROWS = 30
"""Fewer rows leave less than ten to test on."""


def read_user_table(
    files: Sequence[Path],
    target: str,
    drop: Sequence[str] = (),
    task: Literal["auto", "classification", "regression"] = "auto",
    dialect: CsvDialect | None = None,
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
    rows = read_training_table(files, target, drop, task, dialect)
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
    return make_table(name, rows.X, y.rename(target), learned, files[0].name), rows


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
