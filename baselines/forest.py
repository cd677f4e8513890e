"""The random forest and the extra trees of scikit-learn: 300 trees, otherwise its defaults.

Categories are numbered, missing numbers are left to the trees, which send them where they help
most. The forest is the step ``model`` of a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import Pipeline

from tabtransfer.baselines.columns import numbered_frame
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = [
    "EXTRA_TREES",
    "RANDOM_FOREST",
    "search_extra_trees",
    "search_random_forest",
]

N_TREES = 300


def search_random_forest(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

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
    >>> trial = optuna.trial.FixedTrial(
    ...     {"max_features": 0.5, "min_samples_split": 2, "min_impurity_decrease": 1e-4,
    ...      "bootstrap": False}
    ... )
    >>> search_random_forest(trial)["model__max_samples"] is None
    True
    """
    bootstrap = trial.suggest_categorical("bootstrap", [False, True])
    return {
        "model__max_features": trial.suggest_float("max_features", 0.4, 1.0),
        "model__min_samples_split": trial.suggest_int("min_samples_split", 2, 4, log=True),
        "model__min_impurity_decrease": trial.suggest_float(
            "min_impurity_decrease", 1e-5, 1e-3, log=True
        ),
        "model__bootstrap": bootstrap,
        "model__max_samples": trial.suggest_float("max_samples", 0.5, 1.0) if bootstrap else None,
    }


def search_extra_trees(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabRepo (Salinas and Erickson 2024, arXiv:2311.02971).

    Its most leaves, from 5,000 on, are left out: a table of fewer rows never reaches them.

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
    >>> trial = optuna.trial.FixedTrial({"min_samples_leaf": 3, "max_features": 0.5})
    >>> search_extra_trees(trial)
    {'model__min_samples_leaf': 3, 'model__max_features': 0.5}
    """
    return {
        "model__min_samples_leaf": trial.suggest_categorical(
            "min_samples_leaf", [1, 2, 3, 4, 5, 10, 20, 40, 80]
        ),
        "model__max_features": trial.suggest_categorical(
            "max_features", ["sqrt", "log2", 0.5, 0.75, 1.0]
        ),
    }


def _make_forest(kind: Callable[..., BaseEstimator], random_state: int, n_threads: int) -> Pipeline:
    model = kind(N_TREES, n_jobs=n_threads, random_state=random_state)
    return Pipeline([("columns", numbered_frame()), ("model", model)])


RANDOM_FOREST = Method(
    name="random-forest",
    make=partial(_make_forest, RandomForestClassifier),
    make_regressor=partial(_make_forest, RandomForestRegressor),
    search_space=search_random_forest,
    packages=("scikit-learn",),
)
EXTRA_TREES = Method(
    name="extra-trees",
    make=partial(_make_forest, ExtraTreesClassifier),
    make_regressor=partial(_make_forest, ExtraTreesRegressor),
    search_space=search_extra_trees,
    packages=("scikit-learn",),
)
