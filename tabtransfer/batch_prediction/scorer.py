"""A fitted model as a function from a piece of a table to its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.inference.fitted import FittedClassifier
from tabtransfer.table_files.frames import to_frame
from tabtransfer.table_files.text import parse, types_of

__all__ = ["Scorer"]

_PIECE_CELLS = 1_000_000
_PIECE_ROWS = 50_000
_DEFAULT_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Scorer:
    """Predict pieces of a table.

    Parameters
    ----------
    model : TabTransferClassifier or TabTransferRegressor
        The fitted model.
    decimal : str or None
        What stands before decimals, if the pieces' columns are text to be read with the types of
        fit; None if they have types of their own.
    keep : tuple of str
        Columns to copy to the result, as they are.
    quantiles : tuple of float
        Quantiles to predict, for a regressor.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tabtransfer import TabTransferClassifier
    >>> from tabtransfer.batch_prediction.scorer import Scorer
    >>> table = pa.table({"a": [0.0, 1.0, 2.0, 3.0], "b": list("wxyz")})
    >>> model = TabTransferClassifier(random_state=0).fit(table.to_pandas(), [0, 0, 1, 1])
    >>> Scorer(model, decimal=None, keep=("b",))(table).column_names
    ['b', 'prediction', 'probability_0', 'probability_1']
    """

    model: Any
    decimal: str | None
    keep: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()

    @classmethod
    def of(
        cls,
        model: Any,
        decimal: str | None,
        keep: tuple[str, ...],
        quantiles: tuple[float, ...] | None,
    ) -> Scorer:
        """Return the scorer of a model, after checking what is asked for.

        Parameters
        ----------
        model, decimal, keep
            See the class.
        quantiles : tuple of float or None
            Those asked for; if None, 0.1, 0.5 and 0.9 of a regressor.

        Raises
        ------
        TabTransferError
            If the model can't predict from a file, or not that.
        """
        fitted = model.fitted_
        if not hasattr(model, "feature_names_in_"):
            raise TabTransferError(
                "The model was fitted to a table whose columns have no names, and columns of files "
                "are found by name: fit it to a DataFrame with names that are strings."
            )
        if isinstance(fitted, FittedClassifier):
            if quantiles is not None:
                raise TabTransferError("Quantiles are of numbers, and this model predicts classes.")
            quantiles = ()
        quantiles = _DEFAULT_QUANTILES if quantiles is None else quantiles
        bad = [level for level in quantiles if not 0.01 <= level <= 0.99]
        if bad:
            raise TabTransferError(f"Quantiles must lie from 0.01 to 0.99, unlike {bad[0]:g}.")
        scorer = cls(model, decimal, keep, quantiles)
        clash = sorted(set(keep) & set(scorer.answers))
        if clash:
            raise TabTransferError(
                f"The column {clash[0]!r} can't be kept, because the result has one of that name: "
                "rename it."
            )
        return scorer

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that the model reads."""
        return tuple(self.model.feature_names_in_)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a piece must have."""
        return tuple(dict.fromkeys((*self.features, *self.keep)))

    @property
    def answers(self) -> tuple[str, ...]:
        """Columns of the result beside those kept."""
        if isinstance(self.model, TabTransferClassifier):
            return ("prediction", *(f"probability_{label}" for label in self.model.classes_))
        return ("prediction", *(f"quantile_{level:g}" for level in self.quantiles))

    @property
    def piece_rows(self) -> int:
        """Rows of a piece that fits into memory easily."""
        return min(_PIECE_ROWS, max(1, _PIECE_CELLS // len(self.columns)))

    def __call__(self, table: pa.Table) -> pa.Table:
        """Predict a piece, row by row in its order."""
        found = self._predict(self.frame(table))
        kept = [_flat(table[name]) for name in self.keep]
        return pa.table([*kept, *found], names=[*self.keep, *self.answers])

    def frame(self, table: pa.Table) -> pd.DataFrame:
        """Return the columns of a piece that the model reads, as it reads them."""
        features = table.select(list(self.features))
        if self.decimal is not None:
            features = parse(features, types_of(self.model.fitted_.rows.X), self.decimal)
        return to_frame(features)

    def _predict(self, X: Any) -> list[pa.Array]:
        """Return the columns of `answers`."""
        if isinstance(self.model, TabTransferRegressor):
            distribution = self.model.predict(X, output="distribution")
            numbers = [distribution.mean()]
            if self.quantiles:
                numbers += [*distribution.quantile(self.quantiles).T]
            return [pa.array(column) for column in numbers]
        probabilities = self.model.predict_proba(X)
        labels = self.model.classes_[probabilities.argmax(1)]
        return [pa.array(labels), *(pa.array(column) for column in probabilities.T)]


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return categories as their values, since a file written in pieces can't add categories."""
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column
