"""RealMLP and TabM, two networks trained on the task alone, in the package pytabkit."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin

from tabtransfer.baselines.columns import filled_frame
from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor
from tabtransfer.baselines.method import Method, make_estimator, package_missing

if TYPE_CHECKING:
    import optuna
    import pandas as pd

__all__ = [
    "REALMLP",
    "TABM",
    "RealMLPClassifier",
    "RealMLPRegressor",
    "TabMClassifier",
    "TabMRegressor",
    "search_realmlp",
    "search_tabm",
]


class _Pytabkit(FramedModel):
    _network: ClassVar[str]

    def __init__(
        self, options: dict[str, Any] | None = None, n_threads: int = 1, random_state: int = 0
    ) -> None:
        self.options = options
        self.n_threads = n_threads
        self.random_state = random_state

    def _make_columns(self) -> Any:
        return filled_frame()

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        import pytabkit

        kind = "Classifier" if isinstance(self, ClassifierMixin) else "Regressor"
        model = getattr(pytabkit, f"{self._network}_{kind}")(
            device="cpu",
            random_state=self.random_state,
            n_threads=self.n_threads,
            **(self.options or {}),
        )
        return model.fit(X, target)

    def _running(self) -> AbstractContextManager[None]:
        return _quiet(self.n_threads)


class RealMLPClassifier(_Pytabkit, FramedClassifier):
    """Run ``pytabkit.RealMLP_TD_Classifier`` on frames of any columns.

    The network is that of Holzmüller et al. (2024, arXiv:2407.04491) with its tuned defaults.
    Categories stay categories, missing numbers take the column's mean.

    Parameters
    ----------
    options : dict, optional
        Settings of pytabkit that replace its defaults, by its names.
    n_threads : int, default=1
        Threads of torch.
    random_state : int, default=0
        Seed.

    Examples
    --------
    >>> RealMLPClassifier({"n_epochs": 32}).options
    {'n_epochs': 32}
    """

    _network = "RealMLP_TD"


class RealMLPRegressor(_Pytabkit, FramedRegressor):
    """Run ``pytabkit.RealMLP_TD_Regressor`` on frames of any columns.

    See `RealMLPClassifier`.

    Examples
    --------
    >>> RealMLPRegressor({"n_epochs": 32}).options
    {'n_epochs': 32}
    """

    _network = "RealMLP_TD"


class TabMClassifier(_Pytabkit, FramedClassifier):
    """Run ``pytabkit.TabM_D_Classifier`` on frames of any columns.

    The network is that of Gorishniy et al. (2025, arXiv:2410.24210) with its defaults; see
    `RealMLPClassifier` for the parameters.

    Examples
    --------
    >>> TabMClassifier({"tabm_k": 16}).options
    {'tabm_k': 16}
    """

    _network = "TabM_D"


class TabMRegressor(_Pytabkit, FramedRegressor):
    """Run ``pytabkit.TabM_D_Regressor`` on frames of any columns.

    See `TabMClassifier`.

    Examples
    --------
    >>> TabMRegressor({"tabm_k": 16}).options
    {'tabm_k': 16}
    """

    _network = "TabM_D"


def search_realmlp(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    One network is trained rather than eight, and the settings of the number embeddings and of
    early stopping keep their defaults.

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``RealMLPClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> search_realmlp(study.ask())["options"]["act"]
    'mish'
    """
    options = {
        "n_hidden_layers": trial.suggest_int("n_hidden_layers", 2, 4),
        "hidden_sizes": "rectangular",
        "hidden_width": trial.suggest_categorical("hidden_width", [256, 384, 512]),
        "p_drop": trial.suggest_float("p_drop", 0.0, 0.5),
        "act": "mish",
        "plr_sigma": trial.suggest_float("plr_sigma", 1e-2, 50.0, log=True),
        "sq_mom": 1.0 - trial.suggest_float("one_minus_sq_mom", 5e-3, 5e-2, log=True),
        "plr_lr_factor": trial.suggest_float("plr_lr_factor", 5e-2, 0.3, log=True),
        "scale_lr_factor": trial.suggest_float("scale_lr_factor", 2.0, 10.0, log=True),
        "first_layer_lr_factor": trial.suggest_float("first_layer_lr_factor", 0.3, 1.5, log=True),
        "ls_eps_sched": "coslog4",
        "ls_eps": trial.suggest_float("ls_eps", 5e-3, 0.1, log=True),
        "lr": trial.suggest_float("lr", 2e-2, 0.3, log=True),
        "wd": trial.suggest_float("wd", 1e-3, 5e-2, log=True),
        "use_ls": trial.suggest_categorical("use_ls", [False, True]),
        "max_one_hot_cat_size": trial.suggest_int("max_one_hot_cat_size", 4, 33, log=True),
        "embedding_size": trial.suggest_categorical("embedding_size", [4, 8, 16]),
    }
    return {"options": options}


def search_tabm(trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Draw settings from the space of TabArena (Erickson et al. 2025, arXiv:2506.16791).

    Parameters
    ----------
    trial : optuna.Trial
        Trial to draw from.

    Returns
    -------
    dict
        Settings for ``TabMClassifier.set_params``.

    Examples
    --------
    >>> import optuna
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> search_tabm(study.ask())["options"]["arch_type"]
    'tabm-mini'
    """
    decays = trial.suggest_categorical("weight_decays", [False, True])
    drops = trial.suggest_categorical("drops", [False, True])
    options = {
        "arch_type": "tabm-mini",
        "tabm_k": 32,
        "gradient_clipping_norm": 1.0,
        "share_training_batches": False,
        "lr": trial.suggest_float("lr", 1e-4, 3e-3, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 0.1, log=True) if decays else 0.0,
        "n_blocks": trial.suggest_int("n_blocks", 2, 5),
        "d_block": trial.suggest_int("d_block", 128, 1024, step=16),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5) if drops else 0.0,
        "num_emb_type": "pwl",
        "d_embedding": trial.suggest_int("d_embedding", 8, 32, step=4),
        "num_emb_n_bins": trial.suggest_int("num_emb_n_bins", 2, 128),
    }
    return {"options": options}


@contextmanager
def _quiet(n_threads: int) -> Iterator[None]:
    """Run on so many threads, without Lightning's remarks on the machine."""
    import pytorch_lightning  # noqa: F401  (sets its log level when imported)

    from tabtransfer.threads import torch_threads

    log = logging.getLogger("pytorch_lightning")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with torch_threads(n_threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


REALMLP = Method(
    name="realmlp",
    make=partial(make_estimator, RealMLPClassifier),
    make_regressor=partial(make_estimator, RealMLPRegressor),
    unavailable=package_missing("pytabkit"),
    search_space=search_realmlp,
    packages=("pytabkit", "torch"),
)
TABM = Method(
    name="tabm",
    make=partial(make_estimator, TabMClassifier),
    make_regressor=partial(make_estimator, TabMRegressor),
    unavailable=package_missing("pytabkit"),
    search_space=search_tabm,
    packages=("pytabkit", "torch"),
)
