"""LightGBM, with its own treatment of categories."""

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
    "LIGHTGBM",
    "FrameLightGBMClassifier",
    "FrameLightGBMRegressor",
    "search_lightgbm",
]


class _LightGBM(BoostedModel):
    def _train(
        self, X: pd.DataFrame, target: np.ndarray, validation: Validation | None = None
    ) -> Any:
        from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping

        kind = LGBMClassifier if isinstance(self, ClassifierMixin) else LGBMRegressor
        model = kind(
            n_jobs=self.n_threads,
            random_state=self.random_state,
            verbosity=-1,
            # Otherwise LightGBM times two ways of counting and takes the faster one, whose
            # rounding differs.
            deterministic=True,
            force_col_wise=True,
            **self._settings("n_estimators", validation),
        )
        if validation is None:
            return model.fit(X, target)
        rows = self.columns_.transform(validation[0])
        stop = early_stopping(PATIENCE, verbose=False)
        return model.fit(X, target, eval_X=rows, eval_y=validation[1], callbacks=[stop])

    def _count_trees(self) -> int:
        return self.model_.best_iteration_ or self.model_.n_estimators_


class FrameLightGBMClassifier(_LightGBM, BoostedClassifier):
    """Run ``lightgbm.LGBMClassifier`` on frames of any columns.

    Categories, strings and booleans become pandas categories, which LightGBM splits on;
    categories that training lacked count as missing, which LightGBM handles. See
    `BoostedModel` for parameters and attributes; LightGBM itself grows 100 trees.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> model = FrameLightGBMClassifier(n_trees=20).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.95
    True
    """


class FrameLightGBMRegressor(_LightGBM, BoostedRegressor):
    """Run ``lightgbm.LGBMRegressor`` on frames of any columns.

    See `FrameLightGBMClassifier`.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> model = FrameLightGBMRegressor(n_trees=50).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """


def search_lightgbm(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    The number of trees isn't drawn: tuning finds it by early stopping, as TabArena does.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``FrameLightGBMClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> 2 <= search_lightgbm(study.ask())["options"]["num_leaves"] <= 200
    True
    """
    options = {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.1, log=True),
        "colsample_bytree": trial.suggest_float("feature_fraction", 0.4, 1.0),
        "subsample": trial.suggest_float("bagging_fraction", 0.7, 1.0),
        "subsample_freq": 1,
        "num_leaves": trial.suggest_int("num_leaves", 2, 200, log=True),
        "min_child_samples": trial.suggest_int("min_data_in_leaf", 1, 64, log=True),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
        "min_data_per_group": trial.suggest_int("min_data_per_group", 2, 100, log=True),
        "cat_l2": trial.suggest_float("cat_l2", 5e-3, 2.0, log=True),
        "cat_smooth": trial.suggest_float("cat_smooth", 1e-3, 100.0, log=True),
        "max_cat_to_onehot": trial.suggest_int("max_cat_to_onehot", 8, 100, log=True),
        "reg_alpha": trial.suggest_float("lambda_l1", 1e-4, 1.0),
        "reg_lambda": trial.suggest_float("lambda_l2", 1e-4, 2.0),
    }
    return {"options": options}


LIGHTGBM = Method(
    name="lightgbm",
    make=partial(make_estimator, FrameLightGBMClassifier),
    make_regressor=partial(make_estimator, FrameLightGBMRegressor),
    unavailable=package_missing("lightgbm"),
    search_space=search_lightgbm,
    packages=("lightgbm",),
)
