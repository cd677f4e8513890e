"""Columns of a table without a named target that can be predicted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.inference.settings import TaskType

__all__ = ["OwnTarget", "find_targets"]

_TARGET_NAME = re.compile(r"(is_?)?(target|label|class|outcome|y)", re.I)
_MAX_MAJORITY = 0.97
_FEWEST_KNOWN = 0.5  # share of the rows
_MOST_CLASSES = 10


@dataclass(frozen=True)
class OwnTarget:
    """A column that can be predicted.

    Parameters
    ----------
    column : str
        Its name.
    task : {"classification", "regression"}
        What to learn of it.
    """

    column: str
    task: TaskType


def find_targets(frame: pd.DataFrame) -> list[OwnTarget]:
    """Return the columns that can be predicted, the one most likely meant first.

    That is one named as a target is ("target", "label", "class", "outcome", "y"), else the last
    one. Left out are dates, names and numbers of rows, text, columns with one value or one in more
    than 97 % of the rows, and those that are missing in more than half of the rows.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    list of OwnTarget
        The others in the order of the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.own_targets import find_targets
    >>> frame = pd.DataFrame({"class": list("xy") * 30, "id": range(60), "size": [1.5, 2, 3] * 20})
    >>> [(target.column, target.task) for target in find_targets(frame)]
    [('class', 'classification'), ('size', 'regression')]
    """
    found = [OwnTarget(name, task) for name in frame if (task := _task_of(frame[name])) is not None]
    named = [target for target in found if _TARGET_NAME.fullmatch(str(target.column))]
    last = [target for target in found[-1:] if target.column == frame.columns[-1]]
    return list(dict.fromkeys([*named, *last, *found]))


def _task_of(column: pd.Series) -> TaskType | None:
    """Return what can be learned of a column, or None."""
    from tabtransfer.table_files.target import read_target_column

    try:
        read = read_target_column(column)
    except TabTransferError:
        return None
    known = read.y.dropna()
    if len(known) < _FEWEST_KNOWN * len(column) or not len(known):
        return None
    counts = known.astype(str).value_counts()
    if len(counts) < 2 or counts.iloc[0] > _MAX_MAJORITY * len(known):
        return None
    in_classes = counts.iloc[:_MOST_CLASSES].sum()
    if read.task == "classification" and in_classes < _FEWEST_KNOWN * len(known):
        return None
    return "regression" if read.task == "regression" else "classification"
