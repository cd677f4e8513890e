"""Training rows and their target from table files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from tabtransfer.errors import TabTransferError, did_you_mean, name_list
from tabtransfer.preprocessing.column_notes import ColumnNote, column_notes
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.table_files.csv_dialect import CsvDialect
from tabtransfer.table_files.frames import to_frame
from tabtransfer.table_files.reader import Source, comma_advice
from tabtransfer.table_files.target import read_target_column
from tabtransfer.table_files.whole_table import read_columns, to_typed_frame

__all__ = ["TrainingTable", "is_saved_index", "read_training_table"]

_INDEX_NAME = re.compile(r"|Unnamed: \d+|__index_level_\d+__")


@dataclass(frozen=True)
class TrainingTable:
    """What `fit` learns from.

    Parameters
    ----------
    X : DataFrame
        The rows that have a target.
    y : Series
        Their targets; classes that are whole numbers as integers, others as they are written.
    task : {"classification", "regression"}
        What to learn.
    reason : str
        Why that, in words; empty if it was asked for.
    n_without_target : int
        Rows left out.
    notes : tuple of str
        What to know of how the table was read, a sentence each.
    saved_indices : tuple of str
        Columns left out since pandas wrote them for an index that numbers the rows.
    """

    X: pd.DataFrame
    y: pd.Series
    task: str
    reason: str
    n_without_target: int
    notes: tuple[str, ...] = ()
    saved_indices: tuple[str, ...] = ()

    def column_notes(self) -> list[ColumnNote]:
        """Return what to know of how columns are read: see `column_notes`."""
        labels, n_classes = self.y.to_numpy(), 0
        if self.task == "classification":
            labels, classes = pd.factorize(self.y, sort=True)
            n_classes = len(classes)
        return column_notes(TableEncoder().fit(self.X), self.X, labels, n_classes)


def read_training_table(
    files: Sequence[Path],
    target: str,
    drop: Sequence[str] = (),
    task: Literal["auto", "classification", "regression"] = "auto",
    dialect: CsvDialect | None = None,
) -> TrainingTable:
    """Read a table to fit a model to.

    Parameters
    ----------
    files : sequence of Path
        Its files.
    target : str
        The column to learn.
    drop : sequence of str
        Columns to leave out.
    task : {"auto", "classification", "regression"}, default="auto"
        What to learn; "auto" goes by what the target holds.
    dialect : CsvDialect, optional
        What is known of how CSV files are written; the rest is told by the first file.

    Returns
    -------
    TrainingTable

    Raises
    ------
    TabTransferError
        If columns are missing, files can't be read or differ in their columns, no row has a
        target, or all have the same.
    """
    source = Source.of(files, given=dialect)
    for name in (target, *drop):
        if name not in source.columns:
            known = name_list(source.columns)
            raise TabTransferError(
                f"{files[0]} has no column {name!r}; it has {known}."
                f"{comma_advice([name], source.columns) or did_you_mean(name, source.columns)}"
            )
    columns = [name for name in source.columns if name not in drop]
    if len(columns) < 2 or target in drop:
        raise TabTransferError(f"{files[0]} has no column left to learn {target!r} from.")
    table = read_columns(source, columns)
    is_text = source.dialect is not None
    decimal = (source.dialect and source.dialect.decimal) or "."
    X = to_typed_frame(table.drop_columns([target]), source)
    read = read_target_column(to_frame(table.select([target]))[target], task, is_text, decimal)
    known_rows = read.y.notna()
    if not known_rows.any():
        raise TabTransferError(f"The target {target!r} is missing in all rows of {files[0]}.")
    y = read.y[known_rows].reset_index(drop=True)
    y = y.astype("int64") if y.dtype == "Int64" else y.infer_objects()
    if y.nunique() < 2:
        raise TabTransferError(
            f"The target {target!r} has the same value in all rows of {files[0]} "
            f"({y.iloc[0]!r}): there is nothing to predict."
        )
    X = X.loc[known_rows].reset_index(drop=True)
    indices = tuple(name for name in X if is_saved_index(name, X[name]))
    indices = indices if len(indices) < X.shape[1] else ()
    said = [read.note]
    if source.dialect is not None and source.dialect.words:
        said.append(
            f"{files[0]} is read with {source.dialect.words}; --sep, --encoding and --decimal "
            "overrule it."
        )
    if indices:
        X = X.drop(columns=[*indices])
        said.append(
            f"Left out, because they are a saved index that numbers the rows: {name_list(indices)}."
            " Rename such a column to learn from it."
        )
    n_without = int((~known_rows).sum())
    notes = tuple(filter(None, said))
    return TrainingTable(X, y, read.task, read.reason, n_without, notes, indices)


def is_saved_index(name: str, column: pd.Series) -> bool:
    """Return whether a column is the unnamed index that pandas saved, different in each row."""
    if not _INDEX_NAME.fullmatch(name) or not pd.api.types.is_numeric_dtype(column):
        return False
    return bool(column.is_unique and column.notna().all() and (column % 1 == 0).all())
