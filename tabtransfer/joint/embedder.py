"""Rows as vectors: how the pretrained network sees them in the context of the training rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.ensemble import Ensemble, build_ensemble
from tabtransfer.inference.row_vectors import row_vectors
from tabtransfer.inference.views import ViewKind
from tabtransfer.joint.base import JointEstimator
from tabtransfer.joint.column_cells import CategoryCells
from tabtransfer.joint.column_states import ColumnStates
from tabtransfer.joint.own_rows import OwnRows
from tabtransfer.joint.table import JointTable, some_columns
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.target import encode_labels, read_numbers, read_target
from tabtransfer.progress import progress_bar
from tabtransfer.table_files.task import choose_task
from tabtransfer.threads import torch_threads

__all__ = ["TabTransferEmbedder"]

N_FOLDS = 5
N_TARGETS = 6  # columns that take the place of a target
_KIND = ViewKind(normal_numbers=False, renumbered=False)


@dataclass(frozen=True, eq=False)
class _Target:
    """Labels by which the network reads the training rows, and the columns it reads."""

    labels: NDArray[Any]
    rows: NDArray[np.int64]
    n_classes: int
    columns: NDArray[np.int64]


class TabTransferEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, JointEstimator):
    """Turn rows into vectors: how a pretrained network sees them beside the training rows.

    The vectors are those from which the network would predict ``y``. Without ``y``, up to six of
    the columns take its place in turn, each read from the others, and their vectors are put side
    by side.

    Parameters
    ----------
    checkpoint : path-like, optional
        Weights to use, pretrained for classes and numbers; the shipped ones if not given.
    max_context_rows : int, default=1024
        Most training rows that the network reads at once; of more rows, a sample.
    random_state : int, RandomState instance or None, default=None
        Seed of folds, samples and the order of columns.
    device : str, default="auto"
        Where the network computes, as torch names it; see `TabTransferClassifier`.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    memory_limit : int or None, default=None
        Bytes that reading may take beyond the table and its encoded form; half of what is free
        if None.
    verbose : bool, default=False
        Whether to show progress.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if all are strings. Columns are then matched by name.
    table_ : JointTable
        The training rows, and what was learned of each column.

    Notes
    -----
    A training row whose own label were in view would look clearer than any new row will. So
    training rows are embedded out of fold, by a context of four fifths of the training rows
    without the row itself: not only in `fit_transform`, but wherever they come up, since they are
    known by their cells. All other rows are embedded by all training rows. A row equal to a
    training row counts as one.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from tabtransfer import TabTransferEmbedder
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = make_pipeline(TabTransferEmbedder(random_state=0), LogisticRegression())
    >>> model.fit(X[::2], y[::2])[0].transform(X[1::2]).shape
    (75, 192)
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    def __init__(
        self,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 1024,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            checkpoint=checkpoint,
            max_context_rows=max_context_rows,
            random_state=random_state,
            device=device,
            n_threads=n_threads,
            memory_limit=memory_limit,
            verbose=verbose,
        )

    def fit(self, X: Any, y: Any = None) -> TabTransferEmbedder:
        """Read the training rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : array-like of shape (n_rows,), optional
            Classes or numbers. Whole numbers are classes where they are few, as the command line
            takes them.

        Returns
        -------
        TabTransferEmbedder
            Itself.

        Raises
        ------
        TabTransferError
            If the table, the target or a parameter can't be used, or rows don't differ.
        """
        self._learn_table(X)
        table = self._table
        targets = list(_column_targets(table)) if y is None else [_target(table, y)]
        labels = None if y is None else targets[0].labels
        self._own = OwnRows.deal(table.encoded, N_FOLDS, table.rng("folds"), labels)
        folds = self._own.folds
        # Rows of a fold are looked at beside those of others.
        self._targets = [target for target in targets if len(np.unique(folds[target.rows])) > 1]
        if not self._targets:
            found = "that are all alike" if y is not None else "that don't differ in two columns"
            raise TabTransferError(
                f"X has {table.n_rows} samples {found}: there is nothing to tell them apart by. "
                "Pass rows that differ."
            )
        tasks = [
            task
            for number in range(len(self._targets))
            for task in self._ensemble(table, number, -1).tasks()
        ]
        self._n_features_out = len(tasks) * table.network.get().config.d_row
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return the vectors of rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            Vectors of training rows out of fold.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or the checkpoint
            has changed since.
        """
        query = self.table_.encoder.transform(self._aligned(X))
        folds = self._own.find(query)
        vectors = np.empty((query.n_rows, self._n_features_out))
        steps = len(self._targets) * query.n_rows
        with progress_bar("embedding", steps, self.verbose) as advance:
            for fold in np.unique(folds).tolist():
                asked = np.flatnonzero(folds == fold)
                vectors[asked] = self._embed(query.take(asked), fold, advance)
        return vectors

    def _embed(self, query: EncodedTable, fold: int, advance: Any) -> NDArray[np.float32]:
        """Return the vectors of rows by the training rows that aren't in a fold."""
        table = self.table_
        network, parts = table.placed_network(), []
        with torch_threads(self.n_threads):
            for number, target in enumerate(self._targets):
                ensemble = self._ensemble(table, number, fold)
                asked = some_columns(query, target.columns)
                found = row_vectors(ensemble, network, asked, advance)
                parts.append(found.reshape(query.n_rows, -1))
        return np.concatenate(parts, 1)

    def _ensemble(self, table: JointTable, number: int, fold: int) -> Ensemble:
        """Return a target's training rows that aren't in a fold, in one view."""
        target = self._targets[number]
        kept = np.flatnonzero(self._own.folds[target.rows] != fold)
        known = some_columns(table.encoded.take(target.rows[kept]), target.columns)
        return build_ensemble(
            LabelledTable(known, target.labels[kept], target.n_classes),
            table.network.get().config,
            1,
            self.max_context_rows,
            table.rng("views", number),
            [_KIND],
            self.memory_limit,
            device=table.resources.device,
        )


def _target(table: JointTable, y: Any) -> _Target:
    """Read the target, as classes or as numbers."""
    target = read_target(y)
    check_consistent_length(table.frame, target)
    task, _ = choose_task(pd.Series(target).infer_objects())
    rows, columns = np.arange(len(target)), np.arange(table.encoded.values.shape[1])
    if task == "regression":
        return _Target(read_numbers(target), rows, 0, columns)
    classes, labels = encode_labels(target)
    if len(classes) == 1:
        raise TabTransferError(
            "y holds one class, by which rows can't be told apart: leave it out to embed them by "
            "the columns themselves."
        )
    return _Target(labels, rows, len(classes), columns)


def _column_targets(table: JointTable) -> Iterator[_Target]:
    """Yield columns in place of a target, each with the others."""
    telling = [
        place
        for place, cells in enumerate(table.cells)
        if cells is not None and cells.n_distinct > 1
    ]
    if len(telling) < 2:
        return
    for place in table.rng("targets").permutation(telling)[:N_TARGETS].tolist():
        cells, labels = table.cells[place], table.labels[place]
        assert cells is not None
        others = table.encoded_columns([one for one in range(table.n_columns) if one != place])
        rows = np.flatnonzero(~np.isnan(labels))
        if isinstance(cells, CategoryCells):
            states = ColumnStates.learn(cells, labels, with_missing=False)
            yield _Target(states.of(labels[rows]), rows, states.n, others)
        else:
            yield _Target(labels[rows], rows, 0, others)
