"""A weighted mean of several methods' predictions, greedily chosen by out-of-fold predictions.

Ensemble selection with replacement (Caruana et al. 2004, "Ensemble selection from libraries of
models"): in each round, the method joins whose predictions lower the error of the mean most.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.method import Method, MethodSkipped, make_estimator

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.datasets.table import Table

__all__ = ["BLEND", "BlendClassifier", "BlendRegressor", "greedy_weights", "make_blend"]

BLEND = "blend:"
"""What the name of a blend begins with; the names of its methods follow, joined by ``+``."""
N_FOLDS = 3
N_ROUNDS = 25
_LEAST = 1e-7  # probability, for the log-loss


def greedy_weights(
    predictions: NDArray[np.float64], loss: Callable[[NDArray[np.float64]], float]
) -> NDArray[np.float64]:
    """Choose the weights of a mean of predictions.

    Parameters
    ----------
    predictions : ndarray, (n_methods, n_rows, n_outputs)
        What each method predicts for rows that it hasn't learned from.
    loss : callable
        ``loss(mean)`` is the error of predictions (n_rows, n_outputs).

    Returns
    -------
    ndarray, (n_methods,)
        Shares of the rounds up to the one of lowest loss; they sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[0.0], [1.0], [2.0]])
    >>> predictions = np.stack([truth + 1, truth - 1, truth + 9])
    >>> greedy_weights(predictions, lambda mean: float(np.square(mean - truth).mean())).tolist()
    [0.5, 0.5, 0.0]
    """
    counts = np.zeros(len(predictions))
    total = np.zeros_like(predictions[0])
    best, chosen = np.inf, counts
    for n_before in range(N_ROUNDS):
        losses = [loss((total + one) / (n_before + 1)) for one in predictions]
        place = int(np.argmin(losses))
        counts = counts + (np.arange(len(counts)) == place)
        total = total + predictions[place]
        if losses[place] < best:
            best, chosen = losses[place], counts
    return chosen / chosen.sum()


class _Blend(BaseEstimator):
    """Fit methods on folds to weigh them, then those with a weight to all rows.

    Parameters
    ----------
    methods : tuple of Method
        Two or more.
    device : str, default="cpu"
        Where methods compute that may compute on a GPU.
    n_threads : int, default=1
        Threads for fit and predict.
    random_state : int, default=0
        Seed of the folds and the methods.

    Attributes
    ----------
    weights_ : ndarray, (n_methods,)
        Share of each method's predictions.
    models_ : list
        For each method with a weight, the weight and the model fitted to all rows.
    """

    weights_: NDArray[np.float64]
    models_: list[tuple[float, Any]]

    def __init__(
        self,
        methods: tuple[Method, ...] = (),
        device: str = "cpu",
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.methods = methods
        self.device = device
        self.n_threads = n_threads
        self.random_state = random_state

    def _fit(
        self,
        X: pd.DataFrame,
        y: NDArray[Any],
        task: str,
        folds: Any,
        predict: Callable[[Any, pd.DataFrame], NDArray[np.float64]],
        loss: Callable[[NDArray[np.float64]], float],
    ) -> None:
        def fitted(method: Method, rows: NDArray[np.intp]) -> Any:
            model: Any = method.make_for(task, self.random_state, self.n_threads, self.device)
            return model.fit(X.iloc[rows], y[rows])

        parts = [
            (held, [predict(fitted(method, seen), X.iloc[held]) for method in self.methods])
            for seen, held in folds
        ]
        order = np.argsort(np.concatenate([held for held, _ in parts]))
        predictions = np.concatenate([found for _, found in parts], axis=1)[:, order]
        self.weights_ = greedy_weights(predictions, loss)
        every = np.arange(len(y))
        self.models_ = [
            (float(weight), fitted(method, every))
            for weight, method in zip(self.weights_, self.methods, strict=True)
            if weight > 0
        ]


class BlendClassifier(ClassifierMixin, _Blend):
    """Average the probabilities of several methods, weighted by their log-loss out of fold.

    See `_Blend` for parameters and attributes.

    Examples
    --------
    >>> from tabtransfer.baselines.registry import get_method
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("iris")
    >>> methods = (get_method("linear"), get_method("nearest-neighbors"))
    >>> model = BlendClassifier(methods).fit(table.X, table.y)
    >>> float(model.weights_.sum().round(6)), float(model.score(table.X, table.y)) > 0.95
    (1.0, True)
    """

    def fit(self, X: pd.DataFrame, y: Any) -> BlendClassifier:
        """Fit the methods.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        BlendClassifier
            The fitted classifier.

        Raises
        ------
        MethodSkipped
            If a class has fewer rows than there are folds.
        """
        labels = np.asarray(y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if np.bincount(codes).min() < N_FOLDS:
            raise MethodSkipped(f"a class has fewer than {N_FOLDS} rows, too few for folds")
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=self.random_state)

        def loss(mean: NDArray[np.float64]) -> float:
            return -float(np.log(np.maximum(mean[np.arange(len(codes)), codes], _LEAST)).mean())

        self._fit(X, labels, "multiclass", folds.split(labels, labels), self._ask, loss)
        return self

    def predict_proba(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Weighted mean over the methods, in the order of ``classes_``.
        """
        check_is_fitted(self)
        return np.sum([weight * self._ask(model, X) for weight, model in self.models_], axis=0)

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _ask(self, model: Any, X: pd.DataFrame) -> NDArray[np.float64]:
        full = np.zeros((len(X), len(self.classes_)))
        full[:, np.searchsorted(self.classes_, model.classes_)] = model.predict_proba(X)
        return full


class BlendRegressor(RegressorMixin, _Blend):
    """Average the numbers that several methods predict, weighted by squared error out of fold.

    See `_Blend` for parameters and attributes.

    Examples
    --------
    >>> from tabtransfer.baselines.registry import get_method
    >>> from tabtransfer.datasets.suites import load_table
    >>> table = load_table("diabetes")
    >>> methods = (get_method("linear"), get_method("nearest-neighbors"))
    >>> model = BlendRegressor(methods).fit(table.X, table.y)
    >>> float(model.score(table.X, table.y)) > 0.5
    True
    """

    def fit(self, X: pd.DataFrame, y: Any) -> BlendRegressor:
        """Fit the methods.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.

        Returns
        -------
        BlendRegressor
            The fitted regressor.
        """
        target = np.asarray(y, dtype=np.float64)
        folds = KFold(N_FOLDS, shuffle=True, random_state=self.random_state)

        def loss(mean: NDArray[np.float64]) -> float:
            return float(np.square(mean[:, 0] - target).mean())

        self._fit(X, target, "regression", folds.split(target), _ask_numbers, loss)
        return self

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : pandas.DataFrame of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Weighted mean over the methods.
        """
        check_is_fitted(self)
        parts = [weight * _ask_numbers(model, X)[:, 0] for weight, model in self.models_]
        return np.sum(parts, axis=0)


def make_blend(methods: tuple[Method, ...]) -> Method:
    """Describe the blend of methods as a method of the leaderboard.

    Parameters
    ----------
    methods : tuple of Method
        Two or more.

    Returns
    -------
    Method
        The method ``blend:NAME+NAME``. It can't run where one of them can't, and has seen the
        tables that one of them has.
    """
    searches = [one.search_seconds for one in methods if one.search_seconds is not None]
    return Method(
        name=BLEND + "+".join(one.name for one in methods),
        make=partial(make_estimator, BlendClassifier, methods=methods),
        make_regressor=partial(make_estimator, BlendRegressor, methods=methods),
        unavailable=partial(_first_reason, methods),
        seen=partial(_first_sighting, methods),
        packages=tuple(dict.fromkeys(name for one in methods for name in one.packages)),
        takes_device=any(one.takes_device for one in methods),
        search_seconds=max(searches, default=None),
    )


def _first_reason(methods: tuple[Method, ...]) -> str | None:
    return next(filter(None, (one.unavailable() for one in methods)), None)


def _first_sighting(methods: tuple[Method, ...], table: Table) -> str | None:
    return next(filter(None, (one.seen(table) for one in methods)), None)


def _ask_numbers(model: Any, X: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(model.predict(X), dtype=np.float64).reshape(-1, 1)
