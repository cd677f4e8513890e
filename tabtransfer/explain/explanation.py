"""Explanations of predictions: the columns and the training rows that drove them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.explain.column_effects import column_effects, draw_values
from tabtransfer.explain.row_weights import RowWeights, weigh_rows
from tabtransfer.inference.fitted import FittedClassifier, FittedModel
from tabtransfer.inference.members import Advance
from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What drove predictions: the predicted class's probability, or the predicted mean.

    A row's explanation does not depend on the rows explained with it.

    Parameters
    ----------
    X : DataFrame, (n_rows, n_features)
        The rows that were predicted.
    predictions : DataFrame, (n_rows, 1 or 2)
        ``prediction``, as `predict` gives it, and of a class its ``probability``.
    columns : DataFrame, (n_rows, n_features)
        How much the row's value of each column raises the probability or the mean above what it
        is for other values of the column, those of training rows, on average
        (`tabtransfer.explain.column_effects`).
    rows : DataFrame
        The training rows of most weight for each row, a line each: ``query``, the row's place
        in ``X``; ``row``, the training row's label in the index of the frame given to `fit` (its
        place, if that was no frame, or in a model that was loaded from a file); ``weight``, of
        which those of all training rows sum to 1 (`tabtransfer.explain.row_weights`); ``raises``,
        whether the row seems to raise the probability or the mean; ``target``, its target.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> explanation = TabTransferClassifier(random_state=0).fit(X, y).explain(X[:2], n_rows=3)
    >>> explanation.columns.shape, explanation.rows.shape
    ((2, 4), (6, 5))
    >>> explanation.columns.loc[0].abs().idxmax().startswith("petal")
    True
    """

    X: pd.DataFrame
    predictions: pd.DataFrame
    columns: pd.DataFrame
    rows: pd.DataFrame

    def plot(self, row: int = 0) -> Figure:
        """Draw the explanation of one row: its columns, with their values, and training rows.

        Parameters
        ----------
        row : int, default=0
            Its place in ``X``.

        Returns
        -------
        matplotlib.figure.Figure
            Drawn with pyplot: ``matplotlib.pyplot.show()`` shows it.

        Raises
        ------
        TabTransferError
            If there is no such row.
        """
        if not 0 <= row < len(self.X):
            raise TabTransferError(
                f"There is no row {row!r}: {len(self.X)} rows are explained, numbered from 0."
            )
        from tabtransfer.explain.plot import plot_explanation

        return plot_explanation(self, row)

    def to_records(self) -> list[dict[str, Any]]:
        """Return the explanation of each row as JSON has it.

        Returns
        -------
        list of dict
            For each row its ``prediction`` and, of a class, ``probability``; ``columns``, the
            effect of each; ``rows``, the training rows of most weight, as dictionaries.
        """
        rows = _json_records(self.rows)
        return [
            {
                **prediction,
                "columns": effects,
                "rows": [
                    {name: value for name, value in row.items() if name != "query"}
                    for row in rows
                    if row["query"] == place
                ],
            }
            for place, (prediction, effects) in enumerate(
                zip(_json_records(self.predictions), _json_records(self.columns), strict=True)
            )
        ]


def _json_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))


def explain(model: FittedModel, frame: pd.DataFrame, n_rows: int = 10) -> Explanation:
    """Explain predictions of aligned rows; see `InContextEstimator.explain`."""
    if not isinstance(n_rows, (int, np.integer)) or n_rows < 1:
        raise TabTransferError(f"n_rows must be a whole number from 1 on, not {n_rows!r}.")
    ensemble, rng = model.ensemble, np.random.default_rng(model.seed)
    training = ensemble.training
    places = np.arange(frame.shape[1] + 1)
    bounds = np.searchsorted(model.encoder.sources_, places)
    draws = [
        draw_values(training.table, slice(first, last), training.weights, rng)
        for first, last in pairwise(bounds.tolist())
    ]

    def ask(
        network: TabularTransformer, query: EncodedTable, advance: Advance
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], RowWeights]:
        def predict(rows: EncodedTable) -> NDArray[np.float64]:
            return model.values(network, model.describe(rows))

        values = model.values(network, query)
        outputs = values.argmax(1)
        budget = MemoryBudget.of(model.resources.memory_limit)
        n_outputs = ensemble.n_outputs(network.config)
        max_rows = budget.encoded_rows(query.values.shape[1], n_outputs)
        predicted = values[np.arange(len(values)), outputs]
        effects = column_effects(predict, draws, query, predicted, outputs, max_rows)
        return values, effects, weigh_rows(ensemble, network, query, outputs, n_rows, advance)

    found = model.ask(frame, ask, n_numbers=training.n_rows, doing="explaining")
    values = np.concatenate([part for part, _, _ in found])
    columns = pd.DataFrame(
        np.concatenate([part for _, part, _ in found]), frame.index, frame.columns
    )
    return Explanation(
        frame, _predictions(model, values, frame.index), columns, _row_table(model, found)
    )


def _predictions(model: FittedModel, values: NDArray[np.float64], index: pd.Index) -> pd.DataFrame:
    if not isinstance(model, FittedClassifier):
        return pd.DataFrame({"prediction": values[:, 0]}, index)
    predicted = {"prediction": model.classes[values.argmax(1)], "probability": values.max(1)}
    return pd.DataFrame(predicted, index)


def _row_table(model: FittedModel, found: list[Any]) -> pd.DataFrame:
    rows = np.concatenate([part.rows for _, _, part in found])
    table = pd.DataFrame(
        {
            "query": np.repeat(np.arange(len(rows)), rows.shape[1]),
            "row": model.rows.X.index[rows.ravel()],
            "weight": np.concatenate([part.weights for _, _, part in found]).ravel(),
            "raises": np.concatenate([part.raises for _, _, part in found]).ravel(),
            "target": model.targets(rows.ravel()),
        }
    )
    return table[table["weight"] > 0.0].reset_index(drop=True)
