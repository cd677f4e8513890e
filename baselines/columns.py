"""Prepare the columns of any frame for a model of another package."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from tabtransfer.datasets.table import categorical_columns
from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.category import category_name
from tabtransfer.preprocessing.columns.learned import Column, learn_column
from tabtransfer.preprocessing.columns.reading import holds_made_numbers, holds_text
from tabtransfer.preprocessing.columns.text import TextColumn, share_topics

__all__ = [
    "MISSING",
    "CategoryEncoder",
    "ColumnPreparer",
    "categorical_frame",
    "filled_frame",
    "numbered_frame",
    "scaled_frame",
]

MISSING = "__missing__"
"""The category that stands for a missing value."""


class ColumnPreparer(TransformerMixin, BaseEstimator):
    """Turn categories, strings and booleans into text, and all else into floats.

    Dates, durations, and strings that write dates or numbers become the numbers that our own
    network reads of them: seconds, the parts of a date, standardised numbers. So a column of dates
    becomes several. Strings that are read as text stay categories, with the numbers beside them
    that our network reads of the pieces they share.

    Missing values of every kind (None, NaN, pd.NA, NaT) become the category ``__missing__`` in
    text columns and NaN in float columns. Infinite values become NaN too, since scikit-learn's
    estimators refuse them. Which columns are text is settled when fitted; those without a value
    then are NaN whatever comes later. A category has the same name whether it comes as 1, 1.0,
    True or "1".

    Attributes
    ----------
    categorical_ : list
        Names of the text columns.
    made_ : dict of str to Column
        What was learned of dates, durations and written numbers.
    texts_ : dict of str to TextColumn
        What was learned of strings that are read as text.
    empty_ : list
        Names of the float columns without a value.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of all columns.
    n_features_in_ : int
        Number of columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.baselines.columns import ColumnPreparer
    >>> X = pd.DataFrame({"age": [31, pd.NA], "member": [True, None]}, dtype=object)
    >>> ColumnPreparer().fit_transform(X)
        age       member
    0  31.0            1
    1   NaN  __missing__
    """

    def fit(self, X: Any, y: Any = None) -> ColumnPreparer:
        """Decide which columns are text.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : ignored
            Taken for scikit-learn's sake.

        Returns
        -------
        ColumnPreparer
            The fitted preparer.

        Raises
        ------
        TabTransferError
            If column names repeat, or a column holds complex numbers.
        """
        frame = _as_frame(X)
        _check_columns(frame)
        self.made_: dict[str, Column] = {
            name: learn_column(frame[name], name)
            for name in frame.columns
            if holds_made_numbers(frame[name])
        }
        texts = {c: TextColumn.learn(frame[c]) for c in frame.columns if holds_text(frame[c])}
        self.texts_ = dict(zip(texts, share_topics(list(texts.values())), strict=True))
        self.categorical_ = [c for c in categorical_columns(frame) if c not in self.made_]
        text = set(self.categorical_)
        self.empty_ = [c for c in frame.columns if c not in text and frame[c].isna().all()]
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the columns as text (``object``) and ``float64``.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns, in any order.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_values)
            Columns in the order of the training input; of dates one for each number.

        Raises
        ------
        TabTransferError
            If columns are absent, or a column of numbers or dates holds something else.
        """
        check_is_fitted(self)
        frame = _as_frame(X)
        absent = [name for name in self.feature_names_in_ if name not in frame.columns]
        if absent:
            raise TabTransferError(f"Columns {absent} were there in fit and are absent now.")
        readers = {name: _as_text for name in self.categorical_}
        readers |= {name: _as_missing for name in self.empty_}
        columns: dict[Any, Any] = {}
        for name in self.feature_names_in_:
            made = self.made_.get(name, self.texts_.get(name))
            if made is not None:
                for number, value in enumerate(made.encode(frame[name], name).T):
                    columns[self._name_of_part(name, number)] = value
            if name not in self.made_:
                columns[name] = readers.get(name, _as_floats)(frame[name])
        return pd.DataFrame(columns, index=frame.index)

    def _name_of_part(self, name: Any, number: int) -> Any:
        part = f"{name} ({number})" if number else name
        while number and part in self.feature_names_in_:
            part += "'"
        return part


class CategoryEncoder(TransformerMixin, BaseEstimator):
    """Turn the text columns of a ``ColumnPreparer`` into pandas categories learned in fit.

    For libraries that split on categories themselves. What is missing, new since fit, or
    beyond ``max_levels`` becomes a missing value, which those libraries handle. A column of
    numbers that are all missing in fit becomes 0, and columns are renamed x0, x1, …, since some
    of them refuse empty columns, or brackets and quotes in names.

    Parameters
    ----------
    max_levels : int, optional
        Most categories of a column; the most frequent are kept.

    Attributes
    ----------
    levels_ : list
        For each column its categories, or None for a column of numbers.
    empty_ : list of bool
        For each column whether it is one of numbers that are all missing.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"city": ["Kyiv", "Kyiv", "Lviv"]}, dtype=object)
    >>> encoder = CategoryEncoder(max_levels=1).fit(X)
    >>> encoder.transform(X)["x0"].tolist()
    ['Kyiv', 'Kyiv', nan]
    """

    def __init__(self, max_levels: int | None = None) -> None:
        self.max_levels = max_levels

    def fit(self, X: pd.DataFrame, y: Any = None) -> CategoryEncoder:
        """Learn the categories.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Text and float columns.
        y : ignored
            Taken for scikit-learn's sake.

        Returns
        -------
        CategoryEncoder
            The fitted encoder.
        """
        self.levels_ = [
            self._levels(X[name]) if X[name].dtype == object else None for name in X.columns
        ]
        self.empty_ = X.isna().all().tolist()
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return categories and numbers.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Text and float columns, in the order of `fit`.

        Returns
        -------
        pandas.DataFrame of shape (n_rows, n_features)
            Columns x0, x1, …
        """
        check_is_fitted(self)
        columns = {
            f"x{i}": self._convert(X[name], levels, empty)
            for i, (name, levels, empty) in enumerate(
                zip(X.columns, self.levels_, self.empty_, strict=True)
            )
        }
        return pd.DataFrame(columns, index=X.index)

    @staticmethod
    def _convert(column: pd.Series, levels: list[str] | None, empty: bool) -> Any:
        if levels is not None:
            return pd.Categorical.from_codes(pd.Index(levels).get_indexer(column), levels)
        return np.zeros(len(column)) if empty else column.to_numpy()

    def _levels(self, column: pd.Series) -> list[str]:
        counts = column[column != MISSING].value_counts()
        # XGBoost refuses a column without any category.
        return sorted(counts.index[: self.max_levels]) or [MISSING]


def categorical_frame(max_levels: int | None = None) -> Pipeline:
    """Return the transformer for libraries that split on categories themselves.

    Parameters
    ----------
    max_levels : int, optional
        Most categories of a column.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Transformer of any frame to pandas categories and floats, both with missing values.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31, None], "member": [True, False]})
    >>> [str(dtype) for dtype in categorical_frame().fit_transform(X).dtypes]
    ['float64', 'category']
    """
    return Pipeline([("columns", ColumnPreparer()), ("categories", CategoryEncoder(max_levels))])


def filled_frame() -> Pipeline:
    """Return the transformer for networks that take categories but no missing numbers.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Transformer of any frame to pandas categories, with missing values, and floats, where
        the column's mean stands for missing ones; categories come first.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31.0, None], "city": ["Kyiv", None]})
    >>> filled_frame().fit_transform(X).to_numpy().tolist()
    [['Kyiv', 31.0], [nan, 31.0]]
    """
    filled = _by_kind("passthrough", SimpleImputer(keep_empty_features=True))
    filled.verbose_feature_names_out = False
    return Pipeline([*categorical_frame().steps, ("fill", filled.set_output(transform="pandas"))])


def numbered_frame() -> Pipeline:
    """Return the transformer for trees: categories are numbered, numbers stay as they are.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Transformer of any frame to an array; text columns come first.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31.0, None], "city": ["Kyiv", "Lviv"]})
    >>> numbered_frame().fit_transform(X).tolist()
    [[0.0, 31.0], [1.0, nan]]
    """
    numbering = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return Pipeline([("columns", ColumnPreparer()), ("encode", _by_kind(numbering, "passthrough"))])


def scaled_frame() -> Pipeline:
    """Return the transformer for distances and linear models: one-hot categories, scaled numbers.

    The rarest categories beyond 50 a column share a level, missing numbers take the column's
    mean, numbers are scaled to unit variance.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Transformer of any frame to an array; text columns come first.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [31.0, 45.0], "city": ["Kyiv", "Lviv"]})
    >>> scaled_frame().fit_transform(X).tolist()
    [[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]]
    """
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False
    )
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    return Pipeline([("columns", ColumnPreparer()), ("encode", _by_kind(categories, numbers))])


def _by_kind(categories: Any, numbers: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("categories", categories, make_column_selector(dtype_exclude="number")),
            ("numbers", numbers, make_column_selector(dtype_include="number")),
        ]
    )


def _as_frame(X: Any) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))


def _check_columns(frame: pd.DataFrame) -> None:
    repeated = frame.columns[frame.columns.duplicated()].unique().tolist()
    if repeated:
        raise TabTransferError(f"Column names must differ; {repeated} occur more than once.")
    unsupported = [name for name in frame.columns if frame[name].dtype.kind == "c"]
    if unsupported:
        raise TabTransferError(
            f"Columns {unsupported} hold complex numbers: pass their real and imaginary parts as "
            "columns of their own, or leave them out."
        )


def _as_text(column: pd.Series) -> pd.Series:
    plain = column.astype(object)
    return plain.where(column.notna(), MISSING).map(category_name).astype(object)


def _as_missing(column: pd.Series) -> np.ndarray:
    return np.full(len(column), np.nan)


def _as_floats(column: pd.Series) -> np.ndarray:
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise TabTransferError(
            f"Column {column.name!r} held numbers in fit and holds something else now: {error}"
        ) from error
    return np.where(np.isinf(values), np.nan, values)
