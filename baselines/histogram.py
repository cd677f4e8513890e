"""The histogram gradient boosting of scikit-learn with its own defaults: 100 trees.

It splits on categories itself; of a column with more than 255, the rarer ones count as missing, as
do those that training lacked. The booster is the step ``model`` of a pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from tabtransfer.baselines.columns import categorical_frame
from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    import optuna

__all__ = [
    "HISTOGRAM_BOOSTING",
    "search_histogram_boosting",
]

MAX_LEVELS = 255  # of one column; scikit-learn refuses more


def search_histogram_boosting(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of Grinsztajn et al. (2022, arXiv:2207.08815).

    They draw from normal distributions; the ranges here are those that two standard deviations
    span, for the learning rate one below and two above. As there, a fifth of the rows says when
    to stop.

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
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> search_histogram_boosting(study.ask())["model__max_iter"]
    1000
    """
    return {
        "model__max_iter": 1000,
        "model__early_stopping": True,
        "model__validation_fraction": 0.2,
        "model__n_iter_no_change": 20,
        "model__learning_rate": trial.suggest_float("learning_rate", 1e-3, 1.0, log=True),
        "model__max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 21, 41),
        "model__max_depth": trial.suggest_categorical("max_depth", [None, 2, 3, 4]),
        "model__min_samples_leaf": trial.suggest_int("min_samples_leaf", 16, 24),
    }


def _make_boosting(
    kind: Callable[..., BaseEstimator], random_state: int, n_threads: int
) -> Pipeline:
    # scikit-learn takes as many threads as the process is given for OpenMP.
    model = kind(random_state=random_state)
    return Pipeline([("columns", categorical_frame(MAX_LEVELS)), ("model", model)])


HISTOGRAM_BOOSTING = Method(
    name="histogram-boosting",
    make=partial(_make_boosting, HistGradientBoostingClassifier),
    make_regressor=partial(_make_boosting, HistGradientBoostingRegressor),
    search_space=search_histogram_boosting,
    packages=("scikit-learn",),
)
