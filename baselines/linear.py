"""Logistic and ridge regression of scikit-learn with its default penalties.

Categories are one-hot (the rarest beyond 50 a column share a level), missing numbers take the
column's mean, numbers are scaled to unit variance. The regression is the step ``model`` of a
pipeline.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from tabtransfer.baselines.columns import scaled_frame
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = [
    "LINEAR",
    "InverseRidge",
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


def _make_linear(
    kind: Callable[..., BaseEstimator], random_state: int, n_threads: int, **settings: Any
) -> Pipeline:
    # The solvers draw nothing, and run in the linear algebra library's own threads.
    return Pipeline([("columns", scaled_frame()), ("model", kind(**settings))])


LINEAR = Method(
    name="linear",
    make=partial(_make_linear, LogisticRegression, max_iter=1000),
    make_regressor=partial(_make_linear, InverseRidge),
    search_space=search_linear,
    packages=("scikit-learn",),
)
