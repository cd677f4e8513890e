"""TabICL, the real package, run offline on weights that are already on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin

from tabtransfer.baselines.framed import FramedClassifier, FramedModel, FramedRegressor
from tabtransfer.baselines.method import (
    Method,
    MethodSkipped,
    make_estimator,
    package_missing,
    predicted_quantiles,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABICL", "OfflineTabICLClassifier", "OfflineTabICLRegressor"]

_REPOSITORY = "jingang/TabICL"


class _OfflineTabICL(FramedModel):
    def __init__(
        self,
        checkpoint: str | Path | None = None,
        device: str = "cpu",
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.checkpoint = checkpoint
        self.device = device
        self.n_threads = n_threads
        self.random_state = random_state

    @property
    def _kind(self) -> str:
        return "classifier" if isinstance(self, ClassifierMixin) else "regressor"

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        model = _package_class(self._kind)(
            model_path=_checkpoint_path(self._kind, self.checkpoint),
            allow_auto_download=False,
            device=self.device,
            n_jobs=self.n_threads,
            random_state=self.random_state,
        )
        return model.fit(X, target)

    def _running(self) -> AbstractContextManager[None]:
        from tabtransfer.threads import torch_threads

        reason = _why_unavailable([self._kind], self.checkpoint)
        if reason is not None:
            raise MethodSkipped(reason)
        return torch_threads(self.n_threads)


class OfflineTabICLClassifier(_OfflineTabICL, FramedClassifier):
    """Run ``tabicl.TabICLClassifier`` on frames of any columns, without a network.

    Nothing is ever downloaded: where the checkpoint isn't on this machine, ``fit`` says so at
    once. The model is that of Qu et al. (2025, arXiv:2502.05564), in the package's newest
    version.

    Parameters
    ----------
    checkpoint : str or pathlib.Path, optional
        Path of a checkpoint; by default the package's own in the cache of Hugging Face.
    device : str, default="cpu"
        Where TabICL computes.
    n_threads : int, default=1
        Threads of torch while TabICL runs.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    model_ : tabicl.TabICLClassifier
        The fitted model; its classes are the positions in ``classes_``.

    Examples
    --------
    >>> OfflineTabICLClassifier(n_threads=2).n_threads
    2
    """


class OfflineTabICLRegressor(_OfflineTabICL, FramedRegressor):
    """Run ``tabicl.TabICLRegressor`` on frames of any columns, without a network.

    See `OfflineTabICLClassifier`.

    Examples
    --------
    >>> OfflineTabICLRegressor(n_threads=2).n_threads
    2
    """

    def predict_quantiles(self, X: Any, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> np.ndarray:
        """Predict quantiles of the target.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.
        quantiles : sequence of float, default=(0.1, 0.5, 0.9)
            Levels between 0 and 1.

        Returns
        -------
        ndarray of shape (n_rows, len(quantiles))
            In the order of ``quantiles``.
        """
        return self._ask_model("predict", X, output_type="quantiles", alphas=list(quantiles))


def _package_class(kind: str) -> Any:
    from tabicl import TabICLClassifier, TabICLRegressor

    return TabICLClassifier if kind == "classifier" else TabICLRegressor


def _why_unavailable(kinds: Sequence[str], checkpoint: str | Path | None) -> str | None:
    """Return why none of the kinds of model can run, or return None where one can."""
    reason = package_missing("tabicl")()
    if reason is not None:
        return reason
    paths = [_checkpoint_path(kind, checkpoint) for kind in kinds]
    if any(path is not None and path.is_file() for path in paths):
        return None
    missing = checkpoint or f"{_checkpoint_name(kinds[0])} in the cache of Hugging Face"
    return f"TabICL's weights aren't on this machine: there is no file {missing}"


def _checkpoint_path(kind: str, checkpoint: str | Path | None) -> Path | None:
    if checkpoint is not None:
        return Path(checkpoint)
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(_REPOSITORY, _checkpoint_name(kind))
    return Path(cached) if isinstance(cached, str) else None


def _checkpoint_name(kind: str) -> str:
    return _package_class(kind)().checkpoint_version


TABICL = Method(
    name="tabicl",
    make=partial(make_estimator, OfflineTabICLClassifier),
    make_regressor=partial(make_estimator, OfflineTabICLRegressor),
    quantiles=predicted_quantiles,
    unavailable=partial(_why_unavailable, ["classifier", "regressor"], None),
    packages=("tabicl",),
    takes_device=True,
)
