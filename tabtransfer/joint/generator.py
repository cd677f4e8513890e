"""Rows drawn from the joint distribution of a table's columns."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError, did_you_mean
from tabtransfer.estimators.parameters import check_count
from tabtransfer.joint.base import JointEstimator
from tabtransfer.joint.conditional import fit_conditional
from tabtransfer.joint.containers import like
from tabtransfer.joint.density import deal_halves, log_densities
from tabtransfer.joint.evaluation import GenerationReport, evaluate_rows
from tabtransfer.joint.kept_models import KeptModels
from tabtransfer.joint.own_rows import row_keys
from tabtransfer.joint.table import JointTable, PartialRows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import torch_threads

__all__ = ["TabTransferGenerator"]

_N_TRIES = 4  # at a row that isn't a copy of a training row
_FEW_COPIES = 0.1  # share of training rows that are copies of others, where copies are no chance


class TabTransferGenerator(JointEstimator):
    """Draw rows that are like those of a table, by the pretrained network.

    A row is drawn column by column: the first from the column's own distribution, each other from
    what the network predicts of it, given those before. Categories, whole numbers, bounds, dates
    and missing cells come out as the table has them.

    Parameters
    ----------
    n_estimators : int, default=2
        Members of the ensemble that predicts a column.
    n_orders : int, default=2
        Random orders of the columns; each draws its share of the rows.
    checkpoint : path-like, optional
        Weights to use, pretrained for classes and numbers; the shipped ones if not given.
    max_context_rows : int, default=1024
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own.
    random_state : int, RandomState instance or None, default=None
        Seed of orders, views, samples and draws; with a number, `sample` draws the same rows.
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
        Names of the columns, if all are strings.
    table_ : JointTable
        The training rows, and what was learned of each column.

    Notes
    -----
    A row that equals a training row is drawn again, unless more than a tenth of the training rows
    equal others, so that equal rows are no sign of copying. That alone keeps nobody's data secret:
    rare categories and single numbers are those of the table, and the distances that `evaluate`
    shows are averages.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferGenerator
    >>> X = load_iris(as_frame=True).frame.iloc[:, [0, 2, 4]]
    >>> generator = TabTransferGenerator(1, n_orders=1, random_state=0).fit(X)
    >>> rows = generator.sample(20, conditions={"target": 2})
    >>> rows.shape, set(rows["target"])
    ((20, 3), {2})
    >>> bool(rows["petal length (cm)"].mean() > 5)
    True
    """

    def __init__(
        self,
        n_estimators: int = 2,
        *,
        n_orders: int = 2,
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
        self.n_orders = n_orders

    def fit(self, X: Any, y: Any = None) -> TabTransferGenerator:
        """Read the training rows; a target to generate is a column of them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : None
            Ignored.

        Returns
        -------
        TabTransferGenerator
            Itself.

        Raises
        ------
        TabTransferError
            If the table or a parameter can't be used.
        """
        check_count("n_orders", self.n_orders)
        self._learn_table(X)
        self._models = KeptModels()
        # Of the frame's library, without its rows.
        self._kind = X[:0] if hasattr(X, "columns") else np.empty((0, self.n_features_in_))
        return self

    def sample(
        self,
        n: int,
        conditions: Mapping[Any, Any] | None = None,
        temperature: float = 1.0,
    ) -> Any:
        """Draw rows.

        Parameters
        ----------
        n : int
            Number of rows.
        conditions : mapping, optional
            Cells that all rows have, by column: a category or number of the training rows, or any
            number or date; None for a missing cell.
        temperature : float, default=1.0
            1 draws from what is predicted. Less draws what is more likely: rows that are more
            alike; more draws what is less likely.

        Returns
        -------
        ndarray or DataFrame of shape (n, n_features)
            A frame of the kind that `fit` got, with its columns' types; an array of an array.

        Raises
        ------
        TabTransferError
            If ``n`` or ``temperature`` isn't above 0, or a condition names no column or no
            category of the column.

        Warns
        -----
        UserWarning
            If rows equal training rows, after some tries.
        """
        check_count("n", n)
        if not (isinstance(temperature, (int, float)) and 0.0 < temperature < np.inf):
            raise TabTransferError(f"temperature must be a number above 0, not {temperature!r}.")
        table = self.table_
        known = _read_conditions(table, conditions or {})
        return like(self._kind, self._sample(table, n, known, float(temperature)))

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the log density of rows: of each column given those before, over several orders.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            The mean over ``n_orders`` orders, on scales of their own for each column: scores
            compare rows, not tables. Training rows, known by their cells, are scored by the half
            of the training rows that they aren't in.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`.
        """
        table = self.table_
        frame = self._aligned(X)
        return log_densities(table, deal_halves(table), frame, self.n_orders, self._models)

    def evaluate(self, X_held_out: Any, target: Any = None) -> GenerationReport:
        """Draw as many rows as `fit` got and compare them with rows that it didn't get.

        Parameters
        ----------
        X_held_out : array-like or DataFrame of shape (n_rows, n_features)
            Real rows with the columns of `fit`.
        target : str or int, optional
            The column to predict by models trained on real and on drawn rows; the last one if
            not given.

        Returns
        -------
        GenerationReport
            A table, and a page of pictures.

        Raises
        ------
        TabTransferError
            If the rows can't be used, or there is no such column.
        """
        held_out = self._aligned(X_held_out)
        table = self.table_
        place = table.n_columns - 1 if target is None else _place(table, target)
        drawn = self._sample(table, table.n_rows, {}, 1.0)
        return evaluate_rows(table.frame, held_out, drawn, place, table.seed)

    def _sample(
        self, table: JointTable, n: int, known: dict[int, Any], temperature: float
    ) -> pd.DataFrame:
        """Draw rows, and those again that are copies of training rows."""
        keys = row_keys(table.encoded)
        copies = set(keys) if len(set(keys)) >= (1.0 - _FEW_COPIES) * len(keys) else set()
        cells: dict[int, pd.Series] = {}
        asked = np.arange(n)
        for number in range(_N_TRIES):
            with torch_threads(self.n_threads):
                found, rows = self._draw(table, len(asked), known, temperature, number)
            for column, drawn in found.items():
                if number:
                    cells[column].iloc[asked] = drawn.to_numpy()
                else:
                    cells[column] = drawn
            asked = asked[[key in copies for key in row_keys(rows.encoded)]]
            if not len(asked):
                break
        else:
            warnings.warn(
                f"{len(asked)} of {n} rows equal training rows, however often they are drawn: drop "
                "them, or condition on fewer columns.",
                UserWarning,
                stacklevel=3,
            )
        missing = pd.Series([None] * n, dtype=object)
        columns = [cells.get(place, missing) for place in range(table.n_columns)]
        frame = pd.concat(columns, axis=1).set_axis(table.frame.columns, axis=1)
        return table.with_dtypes(frame)

    def _draw(
        self,
        table: JointTable,
        n: int,
        known: dict[int, pd.Series],
        temperature: float,
        number: int,
    ) -> tuple[dict[int, pd.Series], PartialRows]:
        """Draw rows, the cells of each column (n,), in several orders of the columns."""
        rng = table.rng("draws", number)
        rows = PartialRows.empty(table, n)
        cells = {column: pd.Series([cell] * n, dtype=object) for column, cell in known.items()}
        free = [
            place
            for place in range(table.n_columns)
            if place not in known and table.cells[place] is not None
        ]
        for column in free:
            cells[column] = pd.Series([None] * n, dtype=object)
        for column in known:
            rows.fill(column, cells[column])
        n_orders = min(self.n_orders, n)
        with progress_bar("drawing rows", n_orders * len(free), self.verbose) as advance:
            for order in range(n_orders):
                some = np.arange(order, n, n_orders)
                given = list(known)
                for column in table.rng("orders", order).permutation(free).tolist():
                    fit = partial(
                        fit_conditional,
                        *(table, column, tuple(given)),
                        with_missing=True,
                        member=order,
                    )
                    name = ("draw", order, column, frozenset(given))
                    model = self._models.get(table, name, fit)
                    found = model.predict(table.placed_network(), rows.take(some))
                    drawn = table.cells_of(column, found.draw(temperature, rng))
                    rows.fill(column, drawn, some)
                    cells[column].iloc[some] = drawn.to_numpy(dtype=object, na_value=None)
                    given.append(column)
                    advance(1)
        return cells, rows


def _place(table: JointTable, name: Any) -> int:
    """Return the place of a column."""
    names = list(table.frame.columns)
    if name not in names:
        raise TabTransferError(f"There is no column {name!r}.{did_you_mean(name, names)}")
    return names.index(name)


def _read_conditions(table: JointTable, conditions: Mapping[Any, Any]) -> dict[int, Any]:
    """Return the cell of each column with a condition, by place."""
    found = {}
    for name, value in conditions.items():
        place = _place(table, name)
        cells = table.cells[place]
        given = pd.Series([value], dtype=object)
        if cells is None or (not pd.isna(value) and np.isnan(cells.labels(given, name)[0])):
            raise TabTransferError(
                f"The training rows have no cell like {value!r} in column {name!r}: pass one that "
                "they have, or None for a missing cell."
            )
        found[place] = value
    return found
