"""Logistic regression of scikit-learn on one-hot categories and scaled numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = ["LOGISTIC_REGRESSION", "make_logistic_regression", "search_logistic_regression"]


def make_logistic_regression(random_state: int, n_threads: int) -> Pipeline:
    """Make a logistic regression with scikit-learn's default penalty.

    Categories are one-hot (the rarest beyond 50 a column share a level), missing numbers take
    the column's mean, numbers are scaled to unit variance.

    Parameters
    ----------
    random_state : int
        Not used: the solver draws nothing.
    n_threads : int
        Not used: the solver runs in one thread beside the linear algebra library's own.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted classifier; the regression is its step ``model``.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> make_logistic_regression(0, 1).fit(table.X, table.y).predict_proba(table.X).shape
    (150, 3)
    """
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False
    )
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    encode = ColumnTransformer(
        [
            ("categories", categories, make_column_selector(dtype_exclude="number")),
            ("numbers", numbers, make_column_selector(dtype_include="number")),
        ]
    )
    model = LogisticRegression(max_iter=1000)
    return Pipeline([("columns", ColumnPreparer()), ("encode", encode), ("model", model)])


def search_logistic_regression(trial: optuna.Trial) -> dict[str, Any]:
    """Draw the strength of the penalty from the range of TabPFN's first paper.

    Hollmann et al. (2022, arXiv:2207.01848) search C from e^-5 to 5.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for the pipeline's ``set_params``.

    Examples
    --------
    >>> import optuna
    >>> search_logistic_regression(optuna.trial.FixedTrial({"C": 0.5}))
    {'model__C': 0.5}
    """
    return {"model__C": trial.suggest_float("C", math.exp(-5), 5.0, log=True)}


LOGISTIC_REGRESSION = Method(
    name="logistic-regression",
    make=make_logistic_regression,
    search_space=search_logistic_regression,
    packages=("scikit-learn",),
)
