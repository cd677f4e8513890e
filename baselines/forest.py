"""The random forest of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = ["RANDOM_FOREST", "make_random_forest", "search_random_forest"]


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
    categories = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encode = ColumnTransformer(
        [("categories", categories, make_column_selector(dtype_exclude="number"))],
        remainder="passthrough",
    )
    forest = RandomForestClassifier(n_estimators=300, n_jobs=n_threads, random_state=random_state)
    return Pipeline([("columns", ColumnPreparer()), ("encode", encode), ("model", forest)])


def search_random_forest(trial: optuna.Trial) -> dict[str, Any]:
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


RANDOM_FOREST = Method(
    name="random-forest",
    make=make_random_forest,
    search_space=search_random_forest,
    packages=("scikit-learn",),
)
