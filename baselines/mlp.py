"""The multilayer perceptron of scikit-learn on one-hot categories and scaled numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from tabtransfer.baselines.columns import scaled_frame
from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import numpy as np
    import optuna
    import pandas as pd

__all__ = [
    "MLP",
    "FrameMLPClassifier",
    "FrameMLPRegressor",
    "search_mlp",
]


class _MLP(FramedModel):
    def __init__(self, options: dict[str, Any] | None = None, random_state: int = 0) -> None:
        self.options = options
        self.random_state = random_state

    def _make_columns(self) -> Any:
        return scaled_frame()


class FrameMLPClassifier(_MLP, FramedClassifier):
    """Run scikit-learn's ``MLPClassifier`` on frames of any columns.

    Categories are one-hot, numbers scaled to unit variance with the mean for missing ones.

    Parameters
    ----------
    options : dict, optional
        Settings that replace scikit-learn's defaults, by its names.
    random_state : int, default=0
        Seed.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameMLPClassifier({"solver": "lbfgs"}).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.9
    True
    """

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        model = MLPClassifier(random_state=self.random_state, **(self.options or {}))
        return model.fit(X, target)


class FrameMLPRegressor(_MLP, FramedRegressor):
    """Run scikit-learn's ``MLPRegressor`` on frames of any columns, the target standardised.

    See `FrameMLPClassifier`.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = FrameMLPRegressor({"solver": "lbfgs"}).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        model = MLPRegressor(random_state=self.random_state, **(self.options or {}))
        return TransformedTargetRegressor(model, transformer=StandardScaler()).fit(X, target)


def search_mlp(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the MLP space of Gorishniy et al. (2021, arXiv:2106.11959).

    All layers are equally wide, and there is no dropout, which scikit-learn lacks. As there,
    rows held out say when to stop.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameMLPClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> 1 <= len(search_mlp(study.ask())["options"]["hidden_layer_sizes"]) <= 8
    True
    """
    n_layers = trial.suggest_int("n_layers", 1, 8)
    width = trial.suggest_int("layer_size", 1, 512)
    decays = trial.suggest_categorical("weight_decays", [False, True])
    options = {
        "hidden_layer_sizes": (width,) * n_layers,
        "learning_rate_init": trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True),
        "alpha": trial.suggest_float("weight_decay", 1e-6, 1e-3, log=True) if decays else 0.0,
        "early_stopping": True,
        "n_iter_no_change": 16,
        "max_iter": 1000,
    }
    return {"options": options}


def _make(kind: Callable[..., Any], random_state: int, n_threads: int) -> Any:
    return kind(random_state=random_state)  # it runs in the linear algebra library's threads


MLP = Method(
    name="mlp",
    make=partial(_make, FrameMLPClassifier),
    make_regressor=partial(_make, FrameMLPRegressor),
    search_space=search_mlp,
    packages=("scikit-learn",),
)
