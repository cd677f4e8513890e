"""AutoGluon, as people call it: a preset and a time limit.

Presets and limits are named as AutoGluon names them (Erickson et al. 2020, arXiv:2003.06505).
Models whose weights come from a network are left out.
"""

from __future__ import annotations

import os
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.method import Method, make_estimator

if TYPE_CHECKING:
    from tabtransfer.baselines.columns import ColumnPreparer as Columns

__all__ = ["AUTOGLUON", "AutoGluonClassifier", "AutoGluonRegressor", "make_autogluon"]

FOREIGN_WEIGHTS = (
    *("TABPFNMIX", "TABPFNV2", "REALTABPFN-V2", "REALTABPFN-V2.5", "TABPFN-2.6", "TABPFN-3"),
    *("TABICL", "MITRA", "NORI", "TABDPT", "TABDPT-TURBO"),
    *("AG_AUTOMM", "AG_TEXT_NN", "AG_IMAGE_NN", "FT_TRANSFORMER"),
)
"""Models of AutoGluon that may fetch weights, by its names in versions 1.4 to 1.6."""
_TARGET = "__target__"
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class _AutoGluon(BaseEstimator):
    """Fit ``autogluon.tabular.TabularPredictor``.

    Parameters
    ----------
    presets : str, default="best_quality"
        Name of a preset.
    time_limit : float, default=60
        Seconds of a fit.
    n_threads : int, default=1
        CPUs that AutoGluon may use.
    random_state : int, default=0
        Taken for the harness's sake: AutoGluon's models have seeds of their own.

    Attributes
    ----------
    columns_ : ColumnPreparer
        What was learned of the columns; dates, durations and written numbers reach AutoGluon as
        numbers.
    model_ : autogluon.tabular.TabularPredictor
        The fitted predictor; its files lie in a temporary folder.
    """

    columns_: Columns
    model_: Any

    def __init__(
        self,
        presets: str = "best_quality",
        time_limit: float = 60,
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.presets = presets
        self.time_limit = time_limit
        self.n_threads = n_threads
        self.random_state = random_state

    def _fit(self, X: Any, y: NDArray[Any], problem_type: str, eval_metric: str) -> None:
        os.environ.update(_OFFLINE)  # this process fits nothing else
        from autogluon.tabular import TabularPredictor

        self.columns_ = ColumnPreparer().fit(X)
        self._folder = TemporaryDirectory(prefix="autogluon-")
        predictor = TabularPredictor(
            label=_TARGET,
            problem_type=problem_type,
            eval_metric=eval_metric,
            path=self._folder.name,
            verbosity=0,
        )
        self.model_ = predictor.fit(
            self._frame(X).assign(**{_TARGET: y}),
            presets=self.presets,
            time_limit=self.time_limit,
            excluded_model_types=list(FOREIGN_WEIGHTS),
            num_cpus=self.n_threads,
            num_gpus=0,
            # Without these, AutoGluon starts a Ray cluster on all cores where Ray is installed.
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
            ds_args={"memory_safe_fits": False},
        )

    def _frame(self, X: Any) -> pd.DataFrame:
        frame = self.columns_.transform(X).reset_index(drop=True)
        return frame.set_axis([f"x{place}" for place in range(frame.shape[1])], axis=1)


class AutoGluonClassifier(ClassifierMixin, _AutoGluon):
    """Classify with ``autogluon.tabular.TabularPredictor``.

    See `_AutoGluon` for parameters and attributes. It is fitted for the metric that rankings use:
    ROC AUC for two classes, log-loss for more.

    Examples
    --------
    >>> AutoGluonClassifier(time_limit=300).presets
    'best_quality'
    """

    def fit(self, X: Any, y: Any) -> AutoGluonClassifier:
        """Fit the predictor.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        AutoGluonClassifier
            The fitted classifier.
        """
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        two = len(self.classes_) == 2
        self._fit(X, codes, *(("binary", "roc_auc") if two else ("multiclass", "log_loss")))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities, in the order of ``classes_``; 0 for classes too rare for AutoGluon.
        """
        check_is_fitted(self)
        found = self.model_.predict_proba(self._frame(X), as_multiclass=True)
        codes = range(len(self.classes_))
        return found.reindex(columns=codes, fill_value=0.0).to_numpy(dtype=np.float64)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class AutoGluonRegressor(RegressorMixin, _AutoGluon):
    """Predict numbers with ``autogluon.tabular.TabularPredictor``, fitted for the squared error.

    See `AutoGluonClassifier`.

    Examples
    --------
    >>> AutoGluonRegressor().time_limit
    60
    """

    def fit(self, X: Any, y: Any) -> AutoGluonRegressor:
        """Fit the predictor.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Numbers.

        Returns
        -------
        AutoGluonRegressor
            The fitted regressor.
        """
        target = np.asarray(y, dtype=np.float64)
        self._fit(X, target, "regression", "root_mean_squared_error")
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predicted number of each row.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows,)
            Numbers.
        """
        check_is_fitted(self)
        return self.model_.predict(self._frame(X)).to_numpy(dtype=np.float64)


def make_autogluon(presets: str, time_limit: int) -> Method:
    """Describe AutoGluon with a preset and a time limit as a method of the leaderboard.

    Parameters
    ----------
    presets : str
        Name of a preset.
    time_limit : int
        Seconds of a fit.

    Returns
    -------
    Method
        The method ``autogluon-PRESETS-SECONDSs``.

    Examples
    --------
    >>> make_autogluon("best_quality", 60).name
    'autogluon-best_quality-60s'
    """
    settings: dict[str, Any] = {"presets": presets, "time_limit": time_limit}
    return Method(
        name=f"autogluon-{presets}-{time_limit}s",
        make=partial(make_estimator, AutoGluonClassifier, **settings),
        make_regressor=partial(make_estimator, AutoGluonRegressor, **settings),
        unavailable=_why_missing,
        packages=("autogluon.tabular",),
    )


def _why_missing() -> str | None:
    if find_spec("autogluon") is not None and find_spec("autogluon.tabular") is not None:
        return None
    return 'AutoGluon isn\'t installed: pip install "tabtransfer[autogluon]"'


AUTOGLUON = (make_autogluon("best_quality", 60), make_autogluon("best_quality", 300))
"""The best preset for tables without a GPU, in a minute and in five."""
