"""XGBoost, with its own treatment of categories."""

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
from tabtransfer.baselines.method import Method, make_estimator, package_missing

if TYPE_CHECKING:
    import optuna
    import pandas as pd

__all__ = [
    "XGBOOST",
    "FrameXGBoostClassifier",
    "FrameXGBoostRegressor",
    "search_xgboost",
]


class _XGBoost(BoostedModel):
    def _train(
        self, X: pd.DataFrame, target: np.ndarray, validation: Validation | None = None
    ) -> Any:
        from xgboost import XGBClassifier, XGBRegressor

        kind = XGBClassifier if isinstance(self, ClassifierMixin) else XGBRegressor
        model = kind(
            enable_categorical=True,
            n_jobs=self.n_threads,
            random_state=self.random_state,
            early_stopping_rounds=None if validation is None else PATIENCE,
            **self._settings("n_estimators", validation),
        )
        if validation is None:
            return model.fit(X, target)
        rows = self.columns_.transform(validation[0]), validation[1]
        return model.fit(X, target, eval_set=[rows], verbose=False)

    def _count_trees(self) -> int:
        if self.model_.early_stopping_rounds is None:
            return self.model_.get_num_boosting_rounds()
        return self.model_.best_iteration + 1


class FrameXGBoostClassifier(_XGBoost, BoostedClassifier):
    """Run ``xgboost.XGBClassifier`` on frames of any columns.

    Categories, strings and booleans become pandas categories, which XGBoost splits on;
    categories that training lacked count as missing, which XGBoost handles. See
    `BoostedModel` for parameters and attributes; XGBoost itself grows 100 trees.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameXGBoostClassifier(n_trees=20).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.95
    True
    """


class FrameXGBoostRegressor(_XGBoost, BoostedRegressor):
    """Run ``xgboost.XGBRegressor`` on frames of any columns.

    See `FrameXGBoostClassifier`.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = FrameXGBoostRegressor(n_trees=50).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """


def search_xgboost(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    The number of trees isn't drawn: tuning finds it by early stopping, as TabArena does.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameXGBoostClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> 4 <= search_xgboost(study.ask())["options"]["max_depth"] <= 10
    True
    """
    options = {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.1, log=True),
        "max_depth": trial.suggest_int("max_depth", 4, 10, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 1e-3, 5.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.6, 1.0),
        "colsample_bylevel": trial.suggest_float("colsample_bylevel", 0.6, 1.0),
        "colsample_bynode": trial.suggest_float("colsample_bynode", 0.6, 1.0),
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-4, 5.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-4, 5.0),
        "grow_policy": trial.suggest_categorical("grow_policy", ["depthwise", "lossguide"]),
        "max_cat_to_onehot": trial.suggest_int("max_cat_to_onehot", 8, 100, log=True),
        "max_leaves": trial.suggest_int("max_leaves", 8, 1024, log=True),
    }
    return {"options": options}


XGBOOST = Method(
    name="xgboost",
    make=partial(make_estimator, FrameXGBoostClassifier),
    make_regressor=partial(make_estimator, FrameXGBoostRegressor),
    unavailable=package_missing("xgboost"),
    search_space=search_xgboost,
    packages=("xgboost",),
)
