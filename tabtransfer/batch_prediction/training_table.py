"""Training rows and their target from table files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa

from tabtransfer.batch_prediction.reader import Source, read_part
from tabtransfer.batch_prediction.task import choose_task
from tabtransfer.batch_prediction.text import infer_types
from tabtransfer.errors import TabTransferError, did_you_mean, name_list

__all__ = ["TrainingTable", "read_training_table"]

_PIECE_ROWS = 100_000


@dataclass(frozen=True)
class TrainingTable:
    """Hold what `fit` learns from.

    Parameters
    ----------
    X : DataFrame
        The rows that have a target.
    y : Series
        Their targets; classes that are whole numbers as integers.
    task : {"classification", "regression"}
        What to learn.
    reason : str
        Why that, in words; empty if it was asked for.
    n_without_target : int
        Rows left out.
    """

    X: pd.DataFrame
    y: pd.Series
    task: str
    reason: str
    n_without_target: int


def read_training_table(
    files: Sequence[Path],
    target: str,
    drop: Sequence[str] = (),
    task: Literal["auto", "classification", "regression"] = "auto",
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

    Returns
    -------
    TrainingTable

    Raises
    ------
    TabTransferError
        If columns are missing, files can't be read or differ in their columns, or no row has a
        target.
    """
    source = Source.of(files)
    for name in (target, *drop):
        if name not in source.columns:
            known = name_list(source.columns)
            raise TabTransferError(
                f"{files[0]} has no column {name!r}; it has {known}."
                f"{did_you_mean(name, source.columns)}"
            )
    columns = [name for name in source.columns if name not in drop]
    if len(columns) < 2 or target in drop:
        raise TabTransferError(f"{files[0]} has no column left to learn {target!r} from.")
    pieces = [piece for part in source.parts for piece in read_part(part, columns, _PIECE_ROWS)]
    if not pieces:
        raise TabTransferError(f"{files[0]} holds no rows.")
    try:
        table = pa.concat_tables(pieces, promote_options="permissive")
    except pa.ArrowException as error:
        raise TabTransferError(
            f"The types of columns differ between {files[0]} and the other files: {error}"
        ) from error
    if source.parts[0].kind == "csv":
        table = infer_types(table)
    frame = table.to_pandas()
    known_rows = frame[target].notna()
    if not known_rows.any():
        raise TabTransferError(f"The target {target!r} is missing in all rows of {files[0]}.")
    X = frame.loc[known_rows].drop(columns=target).reset_index(drop=True)
    y = frame.loc[known_rows, target].reset_index(drop=True)
    reason = ""
    chosen: str = task
    if task == "auto":
        chosen, reason = choose_task(y)
    if chosen == "classification" and pd.api.types.is_float_dtype(y) and (y % 1 == 0).all():
        y = y.astype("int64")
    return TrainingTable(X, y, chosen, reason, int((~known_rows).sum()))
