"""Notes on how columns were read: a sentence for each column with something unusual."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.preprocessing.columns.category import CategoryColumn
from tabtransfer.preprocessing.columns.date import DateColumn
from tabtransfer.preprocessing.columns.learned import Column, EmptyColumn, UnreadColumn
from tabtransfer.preprocessing.columns.number import DurationColumn, NumberColumn
from tabtransfer.preprocessing.columns.sparse import dense
from tabtransfer.preprocessing.columns.text import TextColumn
from tabtransfer.preprocessing.columns.written_number import WrittenNumberColumn
from tabtransfer.preprocessing.encoder import TableEncoder

__all__ = ["ColumnNote", "column_notes"]

_MANY_CATEGORIES = 40
_ENOUGH_ROWS = 50  # to tell an identifier, a row number or a column that gives the target away
_MAX_ROWS = 2000  # that the target is predicted for
_MAX_COLUMNS = 200
_ROW_NUMBER = "numbers the rows, which tells nothing of new ones"
_TOO_GOOD = 0.9995  # ROC AUC or R² that a single column hardly has by rights


@dataclass(frozen=True)
class ColumnNote:
    """What to know of how a column was read.

    Parameters
    ----------
    column : object
        Name of the column.
    text : str
        What it was read as, or what is odd about it.
    doubtful : bool
        Whether scores with the column may not hold on new rows: it numbers the rows, or nearly
        determines the target alone.
    """

    column: Any
    text: str
    doubtful: bool = False

    def __str__(self) -> str:
        return f"Column {self.column!r} {self.text}{'' if self.text.endswith('?') else '.'}"


def column_notes(
    encoder: TableEncoder, X: pd.DataFrame, labels: NDArray[Any], n_classes: int
) -> list[ColumnNote]:
    """Return what each column was read as, if it isn't plainly a number or a category.

    Also of those that can't help: without a cell, with one value, identifiers and row numbers;
    and of those that nearly determine the target alone.

    Parameters
    ----------
    encoder : TableEncoder
        What was learned of the columns.
    X : DataFrame, (n_rows, n_columns)
        The training rows.
    labels : ndarray, (n_rows,)
        Class index of each row, or its target.
    n_classes : int
        Number of classes; 0 for numbers.

    Returns
    -------
    list of ColumnNote
        In the order of the columns.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.column_notes import column_notes
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = pd.DataFrame({"age": [31, 40, 31], "sold": ["2024-05-13", "-", "2024-06-01"]})
    >>> notes = column_notes(TableEncoder().fit(X), X, np.array([0, 1, 0]), 2)
    >>> [str(note) for note in notes]
    ["Column 'sold' is read as dates written as %Y-%m-%d; 1 cell that is none became missing."]
    """
    sample = np.random.default_rng(0).permutation(len(X))[:_MAX_ROWS]
    cells = encoder.transform(X.iloc[sample]).cells
    notes = []
    for place, learned in enumerate(encoder.columns_):
        column = dense(X.iloc[:, place])
        values = cells[:, encoder.sources_ == place]
        given_away = place < _MAX_COLUMNS and values.shape[1] > 0
        leaks = list(_leak(values, labels[sample], n_classes)) if given_away else []
        texts = [*_kind(learned, column), *_useless(learned, column), *leaks]
        doubtful = {_ROW_NUMBER, *leaks}
        notes += [ColumnNote(X.columns[place], text, text in doubtful) for text in texts]
    return notes


def _kind(learned: Column, column: pd.Series) -> Iterator[str]:
    """Return what a column was read as, if that isn't plain."""
    if isinstance(learned, EmptyColumn):
        yield "has no cell in any row"
    elif isinstance(learned, UnreadColumn):
        yield "isn't read: the table has too many sparse columns"
    elif isinstance(learned, WrittenNumberColumn):
        first = next(cell for cell in column if isinstance(cell, str))
        yield f"is read as numbers written as text, such as {first!r}{_lost(learned, column)}"
    elif isinstance(learned, DateColumn):
        written = f" written as {learned.format}" if learned.format else ""
        yield f"is read as dates{written}{_lost(learned, column)}"
    elif isinstance(learned, DurationColumn):
        yield "is read as durations, in seconds"
    elif isinstance(learned, TextColumn):
        yield f"is read as text, of {len(learned.categories.codes):,} different values"
    elif isinstance(learned, CategoryColumn) and len(learned.codes) > _MANY_CATEGORIES:
        yield f"is read as {len(learned.codes):,} categories"


def _lost(learned: Column, column: pd.Series) -> str:
    """Return how many cells became missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = learned.encode(column, column.name)[:, 0]
    n_lost = int((np.isnan(values) & column.notna().to_numpy()).sum())
    if not n_lost:
        return ""
    cells = "cell that is none" if n_lost == 1 else "cells that are none"
    return f"; {n_lost:,} {cells} became missing"


def _useless(learned: Column, column: pd.Series) -> Iterator[str]:
    """Return why a column can't tell rows apart, or tells nothing of new ones."""
    present = column.dropna()
    if not len(present):
        return
    try:
        n_values = present.nunique()
    except TypeError:  # cells that can't be hashed
        return
    if n_values == 1:
        alone = len(present) == len(column)
        yield f"has the same value in {'all' if alone else 'all other'} rows"
        return
    if n_values < len(column) or len(column) < _ENOUGH_ROWS:
        return
    if isinstance(learned, NumberColumn):
        numbers = present.astype(float)
        if (numbers % 1 == 0).all() and numbers.max() - numbers.min() == len(column) - 1:
            yield _ROW_NUMBER
    elif isinstance(learned, (CategoryColumn, TextColumn)):
        yield "has another value in every row, as identifiers do"


def _leak(cells: NDArray[np.float32], labels: NDArray[Any], n_classes: int) -> Iterator[str]:
    """Return a note if a small tree predicts held-out targets almost exactly by this column."""
    from sklearn.model_selection import cross_val_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    counts = np.unique(labels, return_counts=True)[1] if n_classes else np.array([len(labels)])
    if len(labels) < _ENOUGH_ROWS or counts.min() < 3 or len(counts) == 1 < n_classes:
        return
    settings = {"max_leaf_nodes": 256, "random_state": 0}
    if n_classes:
        tree, scoring, words = DecisionTreeClassifier(**settings), "roc_auc_ovr", "ROC AUC"
    else:
        tree, scoring, words = DecisionTreeRegressor(**settings), "r2", "R²"
    score = cross_val_score(tree, cells, labels, cv=3, scoring=scoring).mean()
    if score >= _TOO_GOOD:
        yield f"predicts the target alone ({words} of {score:.3f}): does it give the target away?"
