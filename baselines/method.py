"""The record of a method on the leaderboard: how to make it, tune it, and whether it can run."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import optuna
    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

    from tabtransfer.datasets.table import Table

__all__ = [
    "Method",
    "MethodSkipped",
    "always_available",
    "make_estimator",
    "never_seen",
    "nothing_to_search",
    "package_missing",
    "predicted_quantiles",
]


class MethodSkipped(TabTransferError):
    """A method can't run on this table, or can't run here at all.

    An estimator raises it from ``fit`` or ``predict_proba``; the harness records the
    method as skipped on that table, with the reason, and goes on.

    Parameters
    ----------
    reason : str
        One sentence for a reader of the report.

    Attributes
    ----------
    reason : str
        The sentence given.

    Examples
    --------
    >>> from tabtransfer.baselines.method import MethodSkipped
    >>> MethodSkipped("12 classes, at most 10 allowed").reason
    '12 classes, at most 10 allowed'
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def always_available() -> str | None:
    """Return None: the method needs nothing beyond what tabtransfer installs."""
    return None


def package_missing(package: str) -> Callable[[], str | None]:
    """Return a check for an optional package, named as the extra that installs it.

    Parameters
    ----------
    package : str
        Name of the package and of the extra.

    Returns
    -------
    callable
        Says that the package isn't installed, or returns None where it is.

    Examples
    --------
    >>> print(package_missing("no_such_package")())
    the package no_such_package isn't installed: pip install "tabtransfer[no_such_package]"
    """
    return partial(_why_missing, package)


def _why_missing(package: str) -> str | None:
    if find_spec(package) is not None:
        return None
    return f'the package {package} isn\'t installed: pip install "tabtransfer[{package}]"'


def never_seen(table: Table) -> str | None:
    """Return None: the method knows no table before it is fitted."""
    return None


def nothing_to_search(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Return no settings: the method has nothing that is usually tuned."""
    return {}


def make_estimator(
    kind: Callable[..., Any] | str, random_state: int, n_threads: int, **settings: Any
) -> Any:
    """Return a new, unfitted estimator; a ``functools.partial`` of this is a method's ``make``.

    Parameters
    ----------
    kind : callable or str
        The class, or ``"module:Class"`` for one whose module isn't to be imported before.
    random_state, n_threads : int
        Seed and threads.
    **settings : object
        Further arguments of the class.

    Examples
    --------
    >>> make_estimator("tabtransfer.baselines.catboost:FrameCatBoostClassifier", 3, 2).n_threads
    2
    """
    made: Any = pkgutil.resolve_name(kind) if isinstance(kind, str) else kind
    return made(n_threads=n_threads, random_state=random_state, **settings)


def predicted_quantiles(regressor: Any, X: Any, levels: Sequence[float]) -> NDArray[Any]:
    """Return what a regressor's own ``predict_quantiles(X, levels)`` gives."""
    return regressor.predict_quantiles(X, levels)


@dataclass(frozen=True)
class Method:
    """One method of the leaderboard.

    Parameters
    ----------
    name : str
        Name in results and on the command line.
    make : callable
        ``make(random_state, n_threads)`` returns a new, unfitted scikit-learn classifier
        that takes pandas frames with numbers, strings, categories, booleans and missing
        values, and has ``fit``, ``predict_proba`` and ``classes_``.
    make_regressor : callable, optional
        The same for numeric targets: an estimator with ``fit`` and ``predict``. None where the
        method takes classes alone.
    quantiles : callable, optional
        ``quantiles(regressor, X, levels)`` returns the quantiles that a fitted regressor
        predicts, (n_rows, len(levels)). None where it predicts single numbers.
    unavailable : callable, default=always_available
        Returns why the method can't run on this machine, or None where it can.
    seen : callable, default=never_seen
        ``seen(table)`` returns why the method knows a table from its pretraining and so can't be
        measured on it, or None where it doesn't.
    search_space : callable, default=nothing_to_search
        ``search_space(trial)`` draws settings from an Optuna trial and returns them in the
        form that the estimator's ``set_params`` takes.
    packages : tuple of str, default=()
        Distributions whose versions belong beside the method's results.
    keep_progress : callable, optional
        ``keep_progress(estimator, path)`` has an unfitted estimator keep the progress of its fit
        in a file, so that after a kill the same fit goes on from there; ``earlier_seconds_`` then
        says what was spent before. None where a fit always starts anew.
    takes_device : bool, default=False
        Whether the estimator has the parameter ``device``, and so may compute on a GPU.
    search_seconds : float, optional
        Most seconds that a fit searches settings. None where it searches none, or has no limit.

    Examples
    --------
    >>> from tabtransfer.baselines.registry import get_method
    >>> method = get_method("linear")
    >>> method.unavailable() is None
    True
    >>> method.make(random_state=0, n_threads=1).fit([[0.0], [1.0]], ["no", "yes"]).classes_
    array(['no', 'yes'], dtype='<U3')
    """

    name: str
    make: Callable[..., BaseEstimator]
    unavailable: Callable[[], str | None] = always_available
    seen: Callable[[Table], str | None] = never_seen
    search_space: Callable[[optuna.trial.BaseTrial], dict[str, Any]] = nothing_to_search
    packages: tuple[str, ...] = ()
    make_regressor: Callable[..., BaseEstimator] | None = None
    quantiles: Callable[[Any, Any, Sequence[float]], NDArray[Any]] | None = None
    keep_progress: Callable[[Any, Path], None] | None = None
    search_seconds: float | None = None
    takes_device: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Method:
        """Return the method itself, as nothing in it changes: clones of a search share it."""
        return self

    def make_for(
        self, task: str, random_state: int, n_threads: int, device: str = "cpu"
    ) -> BaseEstimator:
        """Return a new, unfitted estimator for a kind of task.

        Parameters
        ----------
        task : {"binary", "multiclass", "regression"}
            Kind of task.
        random_state, n_threads : int
            Seed and threads.
        device : str, default="cpu"
            Where to compute, of methods that may compute elsewhere than on the CPU.

        Returns
        -------
        BaseEstimator
            A classifier or a regressor.

        Raises
        ------
        MethodSkipped
            If the method has no regressor and the task is a regression.
        """
        make = self.make if task != "regression" else self.make_regressor
        if make is None:
            raise MethodSkipped(f"{self.name} has no regressor")
        model = make(random_state, n_threads)
        return model.set_params(device=device) if self.takes_device else model
