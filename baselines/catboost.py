"""CatBoost, with its own treatment of categories."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin

from tabtransfer.baselines.boosting import (
    PATIENCE,
    BoostedClassifier,
    BoostedModel,
    BoostedRegressor,
    Validation,
)
from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.method import Method, make_estimator

if TYPE_CHECKING:
    import optuna
    import pandas as pd

__all__ = [
    "CATBOOST",
    "FrameCatBoostClassifier",
    "FrameCatBoostRegressor",
    "search_catboost",
]


class _CatBoost(BoostedModel):
    columns_: ColumnPreparer

    def _make_columns(self) -> ColumnPreparer:
        return ColumnPreparer()

    def _train(
        self, X: pd.DataFrame, target: np.ndarray, validation: Validation | None = None
    ) -> Any:
        from catboost import CatBoostClassifier, CatBoostRegressor

        kind = CatBoostClassifier if isinstance(self, ClassifierMixin) else CatBoostRegressor
        model = kind(
            cat_features=self.columns_.categorical_,
            thread_count=self.n_threads,
            random_seed=self.random_state,
            allow_writing_files=False,
            verbose=False,
            **self._settings("iterations", validation),
        )
        if validation is None:
            return model.fit(X, target)
        rows = self.columns_.transform(validation[0]), validation[1]
        return model.fit(X, target, eval_set=rows, early_stopping_rounds=PATIENCE)

    def _ask_model(self, method: str, X: Any, **settings: Any) -> np.ndarray:
        return super()._ask_model(method, X, thread_count=self.n_threads)

    def _count_trees(self) -> int:
        return self.model_.tree_count_


class FrameCatBoostClassifier(_CatBoost, BoostedClassifier):
    """Run ``catboost.CatBoostClassifier`` on frames of any columns.

    Categories, strings and booleans are given to CatBoost by name as categorical, with
    ``__missing__`` for missing ones; missing numbers stay NaN, which CatBoost handles. See
    `BoostedModel` for parameters and attributes; CatBoost itself grows 1,000 trees.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameCatBoostClassifier(n_trees=20).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.95
    True
    """


class FrameCatBoostRegressor(_CatBoost, BoostedRegressor):
    """Run ``catboost.CatBoostRegressor`` on frames of any columns.

    See `FrameCatBoostClassifier`.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = FrameCatBoostRegressor(n_trees=50).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """


def search_catboost(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    The number of trees isn't drawn: tuning finds it by early stopping, as TabArena does.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameCatBoostClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> 4 <= search_catboost(study.ask())["options"]["depth"] <= 8
    True
    """
    options = {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.1, log=True),
        "bootstrap_type": "Bernoulli",
        "subsample": trial.suggest_float("subsample", 0.7, 1.0),
        "grow_policy": trial.suggest_categorical("grow_policy", ["SymmetricTree", "Depthwise"]),
        "depth": trial.suggest_int("depth", 4, 8),
        "colsample_bylevel": trial.suggest_float("colsample_bylevel", 0.85, 1.0),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1e-4, 5.0, log=True),
        "leaf_estimation_iterations": trial.suggest_int(
            "leaf_estimation_iterations", 1, 20, log=True
        ),
        "one_hot_max_size": trial.suggest_int("one_hot_max_size", 8, 100, log=True),
        "model_size_reg": trial.suggest_float("model_size_reg", 0.1, 1.5, log=True),
        "max_ctr_complexity": trial.suggest_int("max_ctr_complexity", 2, 5),
        "boosting_type": "Plain",
    }
    return {"options": options}


CATBOOST = Method(
    name="catboost",
    make=partial(make_estimator, FrameCatBoostClassifier),
    make_regressor=partial(make_estimator, FrameCatBoostRegressor),
    search_space=search_catboost,
    packages=("catboost",),
)
