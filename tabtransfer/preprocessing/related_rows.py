"""Rows of related tables, brought into the form of the training rows and put after them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype, union_categoricals
from sklearn.utils import check_consistent_length

from tabtransfer.errors import ColumnWarning, TabTransferError, name_list
from tabtransfer.preprocessing.encoder import read_table
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.preprocessing.target import read_target
from tabtransfer.preprocessing.training_input import TrainingInput

__all__ = ["add_related"]


def add_related(
    own: TrainingInput, related: Any, is_regression: bool, max_rows: int, seed: int
) -> TrainingInput:
    """Put related rows after the training rows.

    Parameters
    ----------
    own : TrainingInput
        The training rows.
    related : tuple of (X, y)
        The related rows and their targets, as `fit` takes them.
    is_regression : bool
        Whether the target is a number.
    max_rows : int
        Most rows in all: a sample of the related ones takes the room that the others leave.
    seed : int
        Seed of the sample.

    Returns
    -------
    TrainingInput

    Raises
    ------
    TabTransferError
        If ``related`` isn't such a pair, shares no column or no class with the training rows, or
        holds words where these hold numbers.

    Warns
    -----
    ColumnWarning
        Of columns that the training rows don't have.
    UserWarning
        Of rows whose class the training rows don't have.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.related_rows import add_related
    >>> from tabtransfer.preprocessing.training_input import TrainingInput
    >>> own = TrainingInput(pd.DataFrame({"a": [1, 2]}), np.array([0.5, 1.0]), None)
    >>> rows = add_related(own, (pd.DataFrame({"a": [3]}), [2.0]), True, 100, seed=0)
    >>> rows.frame["a"].tolist(), rows.target.tolist(), rows.related.tolist()
    ([1, 2, 3], [0.5, 1.0, 2.0], [False, False, True])
    """
    if not (isinstance(related, tuple) and len(related) == 2):
        raise TabTransferError("related must be a pair of rows and their targets: related=(X, y).")
    given, target = read_table(related[0]), read_target(related[1])
    check_consistent_length(given, target)
    names = _shared_columns(own.frame, given)
    kept = np.arange(len(given))
    if not is_regression:
        kept = _of_known_classes(own.target, target)
    room = max(0, max_rows - len(own.frame))
    strata = np.zeros(len(kept), np.int64) if is_regression else pd.factorize(target[kept])[0]
    kept = kept[stratified_rows(strata, room, np.random.default_rng(seed), every_class=False)]
    given, target = given.iloc[kept], target[kept]
    if not is_regression:
        target = target.astype(own.target.dtype)  # 1.0 is the class 1
    columns = [
        _joined(own.frame[name], given[name] if name in names else None, len(given))
        for name in own.frame
    ]
    frame = pd.concat(columns, axis=1, keys=own.frame.columns)
    frame.index = own.frame.index.append(pd.Index([f"related {label}" for label in given.index]))
    weights = own.weights
    if weights is not None:
        weights = np.append(weights, np.ones(len(given)))
    mask = np.arange(len(frame)) >= len(own.frame)
    return TrainingInput(frame, np.append(own.target, target), weights, mask)


def _shared_columns(own: pd.DataFrame, given: pd.DataFrame) -> set[Any]:
    """Return the names of the columns that both have; warn of those that ``own`` lacks."""
    shared = [name for name in own if name in given]
    if not shared:
        raise TabTransferError(
            f"The related rows have none of the columns of X ({name_list(own.columns)}): name them "
            "alike."
        )
    unknown = [name for name in given if name not in own]
    if unknown:
        warnings.warn(
            f"X has no columns {name_list(unknown)}: those of the related rows are left out.",
            ColumnWarning,
            stacklevel=6,
        )
    words = [
        name
        for name in shared
        if is_numeric_dtype(own[name]) and not is_numeric_dtype(given[name].dropna())
        if given[name].notna().any()
    ]
    if words:
        raise TabTransferError(
            f"The columns {name_list(words)} hold numbers in X, but not in the related rows: make "
            "them the same, or leave them out there."
        )
    return set(shared)


def _of_known_classes(own: NDArray[Any], given: NDArray[Any]) -> NDArray[np.int64]:
    """Return the places of related rows whose class training rows have; warn of others."""
    known = pd.Series(given).isin(pd.unique(pd.Series(own))).to_numpy()
    if not known.any():
        raise TabTransferError(
            "The related rows have none of the classes of y: write classes alike in both."
        )
    if not known.all():
        others = pd.unique(pd.Series(given[~known])).tolist()
        warnings.warn(
            f"{(~known).sum()} of {len(known)} related rows have classes that y doesn't have "
            f"({name_list(others)}), and are left out.",
            stacklevel=6,
        )
    return np.flatnonzero(known)


def _joined(own: pd.Series, given: pd.Series | None, n_given: int) -> pd.Series:
    """Return a column with related cells after its own; missing ones where they lack it."""
    if given is None:
        given = own.iloc[:0].reindex(range(n_given))
    if isinstance(own.dtype, pd.CategoricalDtype):
        if not own.cat.ordered:
            parts = [pd.Categorical(own), pd.Categorical(given, ordered=False)]
            try:
                return pd.Series(union_categoricals(parts))
            except TypeError:
                raise TabTransferError(
                    f"The categories of column {own.name!r} are of another type in the related "
                    "rows: write them as in X."
                ) from None
        given = given.where(given.isin(own.cat.categories)).astype(own.dtype)
    return pd.concat([own, given], ignore_index=True)
