"""Missing cells filled in by the pretrained network."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import OneToOneFeatureMixin, TransformerMixin

from tabtransfer.errors import TabTransferError
from tabtransfer.joint.base import JointEstimator
from tabtransfer.joint.cell_distribution import CellDistribution
from tabtransfer.joint.column_cells import with_dtype
from tabtransfer.joint.conditional import fit_conditional
from tabtransfer.joint.containers import like
from tabtransfer.joint.kept_models import KeptModels
from tabtransfer.joint.table import JointTable, PartialRows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import torch_threads

__all__ = ["TabTransferImputer"]

N_PASSES = 2  # over the columns; the later ones read what the one before has filled in


class TabTransferImputer(OneToOneFeatureMixin, TransformerMixin, JointEstimator):
    """Fill in missing cells: each column is predicted from the others by a pretrained network.

    Numbers, dates, durations and categories come out as the column's: whole numbers whole, dates
    of the column's resolution, within the range of the training rows.

    Parameters
    ----------
    n_estimators : int, default=2
        Members of the ensemble that predicts a column.
    values : {"best", "drawn"}, default="best"
        What cells are filled with: the mean of numbers, the median of up to ten distinct ones
        and the most probable category; or draws from what is predicted, one column after the other
        so that they fit together. Draws keep the spread of columns, as multiple imputation needs.
    add_indicator : bool, default=False
        Whether a column is added for each that had missing cells in `fit`: 1 where the cell was
        missing, else 0.
    checkpoint : path-like, optional
        Weights to use, pretrained for classes and numbers; the shipped ones if not given.
    max_context_rows : int, default=1024
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own.
    random_state : int, RandomState instance or None, default=None
        Seed of views, samples and draws; with a number, the same rows are filled in alike.
    device : str, default="auto"
        Where the network computes, as torch names it; see `TabTransferClassifier`.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    memory_limit : int or None, default=None
        Bytes that reading and predicting may take beyond the table and its encoded form; half of
        what is free if None. Where that is little, members read fewer rows, then fewer columns.
    verbose : bool, default=False
        Whether to show progress.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if all are strings. Columns are then matched by name.
    indicator_columns_ : ndarray of int64
        Places of the columns with missing cells in `fit`.
    table_ : JointTable
        The training rows, and what was learned of each column.

    Notes
    -----
    The network reads missing cells as they are, in rows to fill in and in training rows, so the
    first prediction of a column is from what is known of the others. Where several columns have
    missing cells, all are predicted once more, from the others filled in, by training rows that
    are filled in likewise. Draws come from the first prediction, and are given those before.

    A column without a cell in `fit` stays missing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferImputer
    >>> X, _ = load_iris(return_X_y=True, as_frame=True)
    >>> holes = X.copy()
    >>> holes.loc[::10, "petal length (cm)"] = np.nan
    >>> filled = TabTransferImputer(1, random_state=0).fit_transform(holes)
    >>> int(filled.isna().sum().sum())
    0
    >>> bool((filled - X).loc[::10, "petal length (cm)"].abs().mean() < 0.4)
    True
    """

    def __init__(
        self,
        n_estimators: int = 2,
        *,
        values: Literal["best", "drawn"] = "best",
        add_indicator: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 1024,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_estimators,
            checkpoint=checkpoint,
            max_context_rows=max_context_rows,
            random_state=random_state,
            device=device,
            n_threads=n_threads,
            memory_limit=memory_limit,
            verbose=verbose,
        )
        self.values = values
        self.add_indicator = add_indicator

    def fit(self, X: Any, y: Any = None) -> TabTransferImputer:
        """Read the training rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : None
            Ignored.

        Returns
        -------
        TabTransferImputer
            Itself.

        Raises
        ------
        TabTransferError
            If the table or a parameter can't be used.
        """
        if self.values not in ("best", "drawn"):
            raise TabTransferError(f"values must be 'best' or 'drawn', not {self.values!r}.")
        self._learn_table(X)
        self._fill_training()
        self.indicator_columns_ = np.flatnonzero(self._table.frame.isna().any())
        return self

    def transform(self, X: Any) -> Any:
        """Fill in the missing cells of rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray or DataFrame of shape (n_rows, n_features + n_indicators)
            An array of an array, a frame of a frame's kind, with its columns' types.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or the checkpoint
            has changed since.
        """
        frame = self._aligned(X)
        table, missing = self.table_, frame.isna()
        rows = PartialRows.of(table, frame)
        with torch_threads(self.n_threads):
            labels = self._drawn if self.values == "drawn" else self._passes
            found = labels(table, rows, missing.to_numpy())
        filled = frame.copy()
        for place in np.flatnonzero(missing.any()):
            name = filled.columns[place]
            holes = missing[name].to_numpy()
            known = table.cells[place]
            if known is None:
                continue
            cells = known.cells_of(found[holes, place])
            whole = frame[name].astype(object)
            whole[holes] = cells.to_numpy(dtype=object, na_value=None)
            filled[name] = with_dtype(whole.infer_objects(), frame[name].dtype)
        if self.add_indicator:
            names = [str(name) for name in self.get_feature_names_out()[frame.shape[1] :]]
            indicator = missing.iloc[:, self.indicator_columns_].astype(np.float64)
            filled = pd.concat([filled, indicator.set_axis(names, axis=1)], axis=1)
        return like(X, filled)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of `fit`, which must be those.

        Returns
        -------
        ndarray of str
        """
        names = super().get_feature_names_out(input_features)
        if not self.add_indicator:
            return names
        added = [f"missingindicator_{names[place]}" for place in self.indicator_columns_]
        return np.array([*names, *added], dtype=object)

    def _fill_training(self) -> None:
        """Fill in the training rows pass by pass, for later passes to read."""
        table, missing = self._table, self._table.frame.isna().to_numpy()
        self._contexts, self._models = [table.encoded], KeptModels()
        if self.values == "best" and missing.any(0).sum() > 1:
            rows = PartialRows.of(table, table.frame)
            with torch_threads(self.n_threads):
                for number in range(N_PASSES - 1):
                    self._pass(table, rows, missing, number, "filling in training rows")
                    self._contexts.append(rows.copy().encoded)

    def _passes(
        self, table: JointTable, rows: PartialRows, missing: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the best labels (n_rows, n_columns) of missing cells, after all passes."""
        labels = np.full(missing.shape, np.nan)
        for number in range(N_PASSES):
            read = min(number, len(self._contexts) - 1)
            same = number and not read  # only rows with several holes change
            holes = missing & (missing.sum(1) > 1)[:, None] if same else missing
            context = replace(table, encoded=self._contexts[read])
            found = self._pass(context, rows, holes, read, "filling in")
            labels[holes] = found[holes]
        return labels

    def _pass(
        self,
        table: JointTable,
        rows: PartialRows,
        missing: NDArray[np.bool_],
        number: int,
        doing: str,
    ) -> NDArray[np.float64]:
        """Predict the missing cells of each column, and then add them to what is known of rows.

        The number is that of the training rows filled in so far, which the table has.
        """
        labels = np.full(missing.shape, np.nan)
        columns = _to_predict(table, missing)
        with progress_bar(doing, len(columns), self.verbose) as advance:
            for column in columns:
                holes = np.flatnonzero(missing[:, column])
                found = self._predict(table, column, rows.take(holes), number)
                labels[holes, column] = found.best()
                advance(1)
        for column in columns:
            holes = np.flatnonzero(missing[:, column])
            rows.fill(column, table.cells_of(column, labels[holes, column]), holes)
        return labels

    def _drawn(
        self, table: JointTable, rows: PartialRows, missing: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Draw labels (n_rows, n_columns) of missing cells, each given those drawn before."""
        labels = np.full(missing.shape, np.nan)
        columns = _to_predict(table, missing)
        with progress_bar("filling in", len(columns), self.verbose) as advance:
            for column in columns:
                holes = np.flatnonzero(missing[:, column])
                found = self._predict(table, column, rows.take(holes), 0)
                drawn = found.draw(1.0, table.rng("draws", column))
                rows.fill(column, table.cells_of(column, drawn), holes)
                labels[holes, column] = drawn
                advance(1)
        return labels

    def _predict(
        self, table: JointTable, column: int, rows: PartialRows, number: int
    ) -> CellDistribution:
        others = [place for place in range(table.n_columns) if place != column]
        model = self._models.get(
            table, (number, column), lambda: fit_conditional(table, column, others)
        )
        return model.predict(table.placed_network(), rows)


def _to_predict(table: JointTable, missing: NDArray[np.bool_]) -> list[int]:
    """Return the columns to predict, those with the fewest holes in the training rows first."""
    columns = [
        place for place in np.flatnonzero(missing.any(0)).tolist() if table.cells[place] is not None
    ]
    return sorted(columns, key=lambda place: table.frame.iloc[:, place].isna().sum())
