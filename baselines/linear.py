"""The linear models of scikit-learn on one-hot categories and scaled numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from tabtransfer.baselines.columns import scaled_frame
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = [
    "LINEAR",
    "InverseRidge",
    "make_logistic_regression",
    "make_ridge_regression",
    "search_linear",
]


class InverseRidge(Ridge):
    """Ridge regression with the inverse strength of its penalty, as logistic regression has it.

    Parameters
    ----------
    C : float, default=1.0
        Inverse of ``alpha``, the weight of the penalty.

    Examples
    --------
    >>> InverseRidge(C=0.5).fit([[-1.0], [1.0]], [-1.0, 1.0]).coef_.tolist()
    [0.5]
    """

    def __init__(self, C: float = 1.0) -> None:
        super().__init__()
        self.C = C

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> InverseRidge:
        """Fit the regression; see scikit-learn's ``Ridge.fit``."""
        self.alpha = 1.0 / self.C
        return super().fit(X, y, sample_weight)


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
    return Pipeline([("columns", scaled_frame()), ("model", LogisticRegression(max_iter=1000))])


def make_ridge_regression(random_state: int, n_threads: int) -> Pipeline:
    """Make a ridge regression with scikit-learn's default penalty.

    Columns are prepared as for the logistic regression.

    Parameters
    ----------
    random_state, n_threads : int
        Not used, as in `make_logistic_regression`.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted regressor; the regression is its step ``model``.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> make_ridge_regression(0, 1).fit(table.X, table.y).score(table.X, table.y) > 0.4
    True
    """
    return Pipeline([("columns", scaled_frame()), ("model", InverseRidge())])


def search_linear(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw the strength of the penalty from the range of TabPFN's first paper.

    Hollmann et al. (2022, arXiv:2207.01848) search C of logistic regression from e^-5 to 5;
    ridge regression takes the same range.

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
    >>> search_linear(optuna.trial.FixedTrial({"C": 0.5}))
    {'model__C': 0.5}
    """
    return {"model__C": trial.suggest_float("C", math.exp(-5), 5.0, log=True)}


LINEAR = Method(
    name="linear",
    make=make_logistic_regression,
    make_regressor=make_ridge_regression,
    search_space=search_linear,
    packages=("scikit-learn",),
)
