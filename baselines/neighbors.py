"""The k nearest neighbours of scikit-learn on one-hot categories and scaled numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from tabtransfer.baselines.columns import scaled_frame
from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import numpy as np
    import optuna
    import pandas as pd

__all__ = [
    "NEIGHBORS",
    "FrameNeighborsClassifier",
    "FrameNeighborsRegressor",
    "search_neighbors",
]


class _Neighbors(FramedModel):
    def __init__(
        self, n_neighbors: int = 5, weights: str = "uniform", p: float = 2, n_threads: int = 1
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.p = p
        self.n_threads = n_threads

    def _make_columns(self) -> Any:
        return scaled_frame()

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        kind = KNeighborsClassifier if isinstance(self, ClassifierMixin) else KNeighborsRegressor
        model = kind(
            min(self.n_neighbors, len(X)), weights=self.weights, p=self.p, n_jobs=self.n_threads
        )
        return model.fit(X, target)


class FrameNeighborsClassifier(_Neighbors, FramedClassifier):
    """Run scikit-learn's ``KNeighborsClassifier`` on frames of any columns.

    Categories are one-hot, numbers scaled to unit variance with the mean for missing ones.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours that vote; all training rows where there are fewer.
    weights : {"uniform", "distance"}, default="uniform"
        Whether nearer neighbours weigh more.
    p : float, default=2
        Power of the Minkowski distance.
    n_threads : int, default=1
        Threads for predict.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameNeighborsClassifier().fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.9
    True
    """


class FrameNeighborsRegressor(_Neighbors, FramedRegressor):
    """Run scikit-learn's ``KNeighborsRegressor`` on frames of any columns.

    See `FrameNeighborsClassifier`.

    Examples
    --------
    >>> FrameNeighborsRegressor().fit([[0.0], [1.0]], [0.0, 1.0]).predict([[3.0]])
    array([0.5])
    """


def search_neighbors(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    Its choices of scaler and of which categories to encode are left out.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameNeighborsClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> trial = optuna.trial.FixedTrial({"n_neighbors": 9, "weights": "distance", "p": 1})
    >>> search_neighbors(trial)
    {'n_neighbors': 9, 'weights': 'distance', 'p': 1}
    """
    return {
        "n_neighbors": trial.suggest_int("n_neighbors", 1, 500, log=True),
        "weights": trial.suggest_categorical("weights", ["distance", "uniform"]),
        "p": trial.suggest_categorical("p", [1, 1.5, 2]),
    }


def _make(kind: Callable[..., Any], random_state: int, n_threads: int) -> Any:
    return kind(n_threads=n_threads)  # nothing is drawn


NEIGHBORS = Method(
    name="nearest-neighbors",
    make=partial(_make, FrameNeighborsClassifier),
    make_regressor=partial(_make, FrameNeighborsRegressor),
    search_space=search_neighbors,
    packages=("scikit-learn",),
)
