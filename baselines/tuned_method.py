"""The tuned form of a method of the leaderboard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tabtransfer.baselines.method import Method, make_estimator, nothing_to_search
from tabtransfer.baselines.tuning import N_TRIALS, SECONDS, TunedClassifier, TunedRegressor
from tabtransfer.errors import TabTransferError

__all__ = ["make_tuned"]


def make_tuned(
    method: Method,
    n_trials: int = N_TRIALS,
    seconds: float | None = SECONDS,
    refit: Method | None = None,
) -> Method:
    """Describe the tuned form of a method.

    Parameters
    ----------
    method : Method
        A method with a search space.
    n_trials, seconds : int, float or None
        Limits of the search; see `TunedClassifier`.
    refit : Method, optional
        What the best settings are fitted by; by default the method itself.

    Returns
    -------
    Method
        The method ``NAME-tuned``, by the name of what is fitted in the end.

    Raises
    ------
    TabTransferError
        If the method has nothing to search.

    Examples
    --------
    >>> from tabtransfer.baselines.linear import LINEAR
    >>> make_tuned(LINEAR).name
    'linear-tuned'
    """
    if method.search_space is nothing_to_search:
        raise TabTransferError(f"{method.name} has no settings to search.")
    settings: dict[str, Any] = {"n_trials": n_trials, "seconds": seconds, "refit": refit}
    settings["method"] = method
    return replace(
        method,
        name=f"{(refit or method).name}-tuned",
        make=partial(make_estimator, TunedClassifier, **settings),
        make_regressor=None
        if method.make_regressor is None
        else partial(make_estimator, TunedRegressor, **settings),
        search_space=nothing_to_search,
        packages=(*method.packages, "optuna"),
        keep_progress=_keep_study,
        search_seconds=seconds,
        takes_device=False,
    )


def _keep_study(estimator: TunedClassifier | TunedRegressor, path: Path) -> None:
    estimator.study_path = path
