"""The same network without pretraining, to measure what pretraining adds."""

from __future__ import annotations

from dataclasses import replace

import torch

from tabtransfer.checkpoint import load_checkpoint
from tabtransfer.estimators.base import InContextEstimator
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.inference.views import KINDS
from tabtransfer.network.transformer import TabularTransformer

__all__ = ["ScratchClassifier", "ScratchRegressor"]


class _Scratch(InContextEstimator):
    _finetune_config = FinetuneConfig(
        learning_rate=1e-3,
        weight_decay=0.01,
        warmup_steps=20,
        max_steps=800,
        children=1,
        episode_rows=512,
        min_validation_rows=4,
        check_every=20,
        patience=15,
        least_probability=0.0,
    )
    _view_kinds = tuple(replace(kind, renumbered=False) for kind in KINDS)

    @property
    def _finetunes(self) -> bool:
        return True

    def _starting_network(self, seed: int) -> TabularTransformer:
        config = load_checkpoint(self.checkpoint).config
        if self._task not in config.tasks:
            config = replace(config, tasks=(*config.tasks, self._task))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return TabularTransformer(config).eval()


class ScratchClassifier(_Scratch, TabTransferClassifier):
    """Train the network of the checkpoint from a random start, on this table alone.

    Encoder, episodes, validation on held-out rows and ensemble are those of
    ``TabTransferClassifier(finetune=True)``. Two things differ, to the benefit of a network
    that has to learn one table from nothing: it trains longer, and classes and categories
    keep their numbers in all views. See there for parameters and attributes; ``finetune``
    has no effect, and of ``checkpoint`` only the sizes of the network are used.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer.baselines.scratch import ScratchClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ScratchClassifier(trees=False, random_state=0, time_limit=1.0).fit(X, y)
    >>> model.finetuning_.n_steps > 0
    True
    """


class ScratchRegressor(_Scratch, TabTransferRegressor):
    """Train the network of the checkpoint from a random start, on this table alone.

    The same for numbers as `ScratchClassifier` for classes; see `TabTransferRegressor` for
    parameters and attributes.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from tabtransfer.baselines.scratch import ScratchRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> ScratchRegressor(trees=False, random_state=0, time_limit=1.0).fit(X, y).predict(X).shape
    (442,)
    """
