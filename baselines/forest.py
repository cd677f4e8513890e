"""The random forest and the extra trees of scikit-learn."""

from __future__ import annotations

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
    "make_extra_trees",
    "make_extra_trees_regressor",
    "make_random_forest",
    "make_random_forest_regressor",
    "search_extra_trees",
    "search_random_forest",
]

N_TREES = 300


def make_random_forest(random_state: int, n_threads: int) -> Pipeline:
    """Make a forest of 300 trees, otherwise with scikit-learn's defaults.

    Categories are numbered, missing numbers are left to the trees, which send them where
    they help most.

    Parameters
    ----------
    random_state : int
        Seed of the trees.
    n_threads : int
        Threads for fit and predict.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted classifier; the forest is its step ``model``.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> make_random_forest(0, 1).fit(table.X, table.y).predict_proba(table.X).shape
    (150, 3)
    """
    return _on_numbers(RandomForestClassifier(N_TREES, n_jobs=n_threads, random_state=random_state))


def make_random_forest_regressor(random_state: int, n_threads: int) -> Pipeline:
    """Make a forest of 300 regression trees; see `make_random_forest`."""
    return _on_numbers(RandomForestRegressor(N_TREES, n_jobs=n_threads, random_state=random_state))


def make_extra_trees(random_state: int, n_threads: int) -> Pipeline:
    """Make 300 extremely randomised trees, otherwise with scikit-learn's defaults.

    Columns are prepared as for the random forest.

    Parameters
    ----------
    random_state : int
        Seed of the trees.
    n_threads : int
        Threads for fit and predict.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Unfitted classifier; the trees are its step ``model``.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> make_extra_trees(0, 1).fit(table.X, table.y).predict_proba(table.X).shape
    (150, 3)
    """
    return _on_numbers(ExtraTreesClassifier(N_TREES, n_jobs=n_threads, random_state=random_state))


def make_extra_trees_regressor(random_state: int, n_threads: int) -> Pipeline:
    """Make 300 extremely randomised regression trees; see `make_extra_trees`."""
    return _on_numbers(ExtraTreesRegressor(N_TREES, n_jobs=n_threads, random_state=random_state))


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


def _on_numbers(model: BaseEstimator) -> Pipeline:
    return Pipeline([("columns", numbered_frame()), ("model", model)])


RANDOM_FOREST = Method(
    name="random-forest",
    make=make_random_forest,
    make_regressor=make_random_forest_regressor,
    search_space=search_random_forest,
    packages=("scikit-learn",),
)
EXTRA_TREES = Method(
    name="extra-trees",
    make=make_extra_trees,
    make_regressor=make_extra_trees_regressor,
    search_space=search_extra_trees,
    packages=("scikit-learn",),
)
