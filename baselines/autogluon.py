"""AutoGluon, as people call it: a preset and a time limit.

Presets and limits are named as AutoGluon names them (Erickson et al. 2020, arXiv:2003.06505).
Models whose weights come from a network are left out.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor
from tabtransfer.baselines.method import Method, make_estimator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AUTOGLUON", "AutoGluonClassifier", "AutoGluonRegressor", "make_autogluon"]

FOREIGN_WEIGHTS = (
    *("TABPFNMIX", "TABPFNV2", "REALTABPFN-V2", "REALTABPFN-V2.5", "TABPFN-2.6", "TABPFN-3"),
    *("TABICL", "MITRA", "NORI", "TABDPT", "TABDPT-TURBO"),
    *("AG_AUTOMM", "AG_TEXT_NN", "AG_IMAGE_NN", "FT_TRANSFORMER"),
)
"""Models of AutoGluon that may fetch weights, by its names in versions 1.4 to 1.6."""
_TARGET = "__target__"
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class _AutoGluon(FramedModel):
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
    columns_ : sklearn.pipeline.Pipeline
        What was learned of the columns; dates, durations and written numbers reach AutoGluon as
        numbers.
    model_ : autogluon.tabular.TabularPredictor
        The fitted predictor; its files lie in a temporary folder.
    """

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

    @abstractmethod
    def _problem(self) -> tuple[str, str]:
        """Return the type of the problem and its metric, as AutoGluon names them."""

    def _make_columns(self) -> Pipeline:
        return make_pipeline(ColumnPreparer(), FunctionTransformer(_numbered))

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        os.environ.update(_OFFLINE)  # this process fits nothing else
        from autogluon.tabular import TabularPredictor

        problem_type, eval_metric = self._problem()
        self._folder = TemporaryDirectory(prefix="autogluon-")
        predictor = TabularPredictor(
            label=_TARGET,
            problem_type=problem_type,
            eval_metric=eval_metric,
            path=self._folder.name,
            verbosity=0,
        )
        return predictor.fit(
            X.assign(**{_TARGET: target}),
            presets=self.presets,
            time_limit=self.time_limit,
            excluded_model_types=list(FOREIGN_WEIGHTS),
            num_cpus=self.n_threads,
            num_gpus=0,
            # Without these, AutoGluon starts a Ray cluster on all cores where Ray is installed.
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
            ds_args={"memory_safe_fits": False},
        )


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with numbers for the names of its columns and rows."""
    names = [f"x{place}" for place in range(frame.shape[1])]
    return frame.reset_index(drop=True).set_axis(names, axis=1)


class AutoGluonClassifier(_AutoGluon, FramedClassifier):
    """Classify with ``autogluon.tabular.TabularPredictor``.

    See `_AutoGluon` for parameters and attributes. It is fitted for the metric that rankings use:
    ROC AUC for two classes, log-loss for more.

    Examples
    --------
    >>> AutoGluonClassifier(time_limit=300).presets
    'best_quality'
    """

    def _problem(self) -> tuple[str, str]:
        two = len(self.classes_) == 2
        return ("binary", "roc_auc") if two else ("multiclass", "log_loss")

    def predict_proba(self, X: Any) -> np.ndarray:
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
        found = self.model_.predict_proba(self.columns_.transform(X), as_multiclass=True)
        codes = range(len(self.classes_))
        return found.reindex(columns=codes, fill_value=0.0).to_numpy(dtype=np.float64)


class AutoGluonRegressor(_AutoGluon, FramedRegressor):
    """Predict numbers with ``autogluon.tabular.TabularPredictor``, fitted for the squared error.

    See `AutoGluonClassifier`.

    Examples
    --------
    >>> AutoGluonRegressor().time_limit
    60
    """

    def _problem(self) -> tuple[str, str]:
        return "regression", "root_mean_squared_error"


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
