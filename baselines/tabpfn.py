"""TabPFN, the real package, run offline on weights that are already on this machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import metadata
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
from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TABPFN",
    "TABPFN_VERSIONS",
    "OfflineTabPFNClassifier",
    "OfflineTabPFNRegressor",
    "make_tabpfn_method",
]

_OFFLINE = {"TABPFN_NO_BROWSER": "1", "HF_HUB_OFFLINE": "1"}
_CPU_LIMIT_SETTING = "TABPFN_ALLOW_CPU_LARGE_DATASET"


class _OfflineTabPFN(FramedModel):
    def __init__(
        self,
        version: str | None = None,
        checkpoint: str | Path | None = None,
        device: str = "cpu",
        n_threads: int = 1,
        random_state: int = 0,
    ) -> None:
        self.version = version
        self.checkpoint = checkpoint
        self.device = device
        self.n_threads = n_threads
        self.random_state = random_state

    @property
    def _kind(self) -> str:
        return "classifier" if isinstance(self, ClassifierMixin) else "regressor"

    def _train(self, X: pd.DataFrame, target: np.ndarray) -> Any:
        categories = [i for i, name in enumerate(X) if X[name].dtype == "category"]
        model = _package_class(self._kind)(
            model_path=str(_checkpoint_path(self._kind, self.version, self.checkpoint)),
            categorical_features_indices=categories,
            device=self.device,
            random_state=self.random_state,
        )
        return model.fit(X, target)

    def _running(self) -> AbstractContextManager[None]:
        reason = _why_unavailable([self._kind], self.version, self.checkpoint)
        if reason is not None:
            raise MethodSkipped(reason)
        return _guarded(self.n_threads)


class OfflineTabPFNClassifier(_OfflineTabPFN, FramedClassifier):
    """Run ``tabpfn.TabPFNClassifier`` on frames of any columns, without a network.

    Nothing is ever downloaded and no browser is opened: where the checkpoint isn't on this
    machine, ``fit`` says so at once. Where TabPFN refuses a table (rows, columns or classes
    beyond its limits), the refusal becomes ``MethodSkipped`` with TabPFN's own reason.

    Parameters
    ----------
    version : str, optional
        Version of the weights as TabPFN names them, such as "v2", "v2.5" or "v3.5". By default
        TabPFN's own default, which its setting ``TABPFN_MODEL_VERSION`` changes. The file is
        looked for in TabPFN's cache folder, which ``TABPFN_MODEL_CACHE_DIR`` changes.
    checkpoint : str or pathlib.Path, optional
        Path of a checkpoint, in place of a version.
    device : str, default="cpu"
        Where TabPFN computes.
    n_threads : int, default=1
        Threads of torch while TabPFN runs.
    random_state : int, default=0
        Seed; TabPFN's own default is 0.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    model_ : tabpfn.TabPFNClassifier
        The fitted model; its classes are the positions in ``classes_``.

    Examples
    --------
    >>> from tabtransfer.baselines.method import MethodSkipped
    >>> try:
    ...     OfflineTabPFNClassifier(checkpoint="absent.ckpt").fit([[0.0], [1.0]], [0, 1])
    ... except MethodSkipped as skipped:
    ...     print(skipped.reason)
    TabPFN's weights aren't on this machine: there is no file absent.ckpt
    """


class OfflineTabPFNRegressor(_OfflineTabPFN, FramedRegressor):
    """Run ``tabpfn.TabPFNRegressor`` on frames of any columns, without a network.

    See `OfflineTabPFNClassifier`.

    Examples
    --------
    >>> OfflineTabPFNRegressor(version="v2", n_threads=2).version
    'v2'
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
        levels = [float(level) for level in quantiles]
        return self._ask_model("predict", X, output_type="quantiles", quantiles=levels).T


def make_tabpfn_method(version: str | None = None) -> Method:
    """Describe TabPFN with the weights of a version as a method of the leaderboard.

    Parameters
    ----------
    version : str, optional
        Version of the weights; by default TabPFN's own default.

    Returns
    -------
    Method
        The method ``tabpfn``, or ``tabpfn-VERSION``.

    Examples
    --------
    >>> make_tabpfn_method().name, make_tabpfn_method("v2").name
    ('tabpfn', 'tabpfn-v2')
    """
    return Method(
        name="tabpfn" if version is None else f"tabpfn-{version}",
        make=partial(make_estimator, OfflineTabPFNClassifier, version=version),
        make_regressor=partial(make_estimator, OfflineTabPFNRegressor, version=version),
        quantiles=predicted_quantiles,
        unavailable=partial(_why_unavailable, ["classifier", "regressor"], version, None),
        packages=("tabpfn",),
        takes_device=True,
    )


def _package_class(kind: str) -> Any:
    from tabpfn import TabPFNClassifier, TabPFNRegressor

    return TabPFNClassifier if kind == "classifier" else TabPFNRegressor


def _why_unavailable(
    kinds: Sequence[str], version: str | None, checkpoint: str | Path | None
) -> str | None:
    """Return why none of the kinds of model can run, or return None where one can."""
    reason = package_missing("tabpfn")()
    if reason is not None:
        return reason
    paths = [_checkpoint_path(kind, version, checkpoint) for kind in kinds]
    if any(path.is_file() for path in paths):
        return None
    return f"TabPFN's weights aren't on this machine: there is no file {_short(paths[0])}"


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _checkpoint_path(kind: str, version: str | None, checkpoint: str | Path | None) -> Path:
    if checkpoint is not None:
        return Path(checkpoint)
    from tabpfn.constants import ModelVersion
    from tabpfn.settings import settings

    versions = [known.value for known in ModelVersion]
    if version is not None and version not in versions:
        raise TabTransferError(
            f"TabPFN has no version {version!r}; its versions are {', '.join(versions)}."
        )
    chosen = settings.tabpfn.model_version if version is None else ModelVersion(version)
    return Path(_package_class(kind).create_default_for_version(chosen).model_path)


@contextmanager
def _guarded(n_threads: int) -> Iterator[None]:
    """Run TabPFN offline on so many threads, and turn its refusals into skips.

    Its warning that a CPU may be slow is left out: results give the seconds.
    """
    from tabpfn.errors import TabPFNError

    from tabtransfer.threads import torch_threads

    before = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ.update(_OFFLINE)
    try:
        with torch_threads(n_threads), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Running on CPU with more than")
            yield
    except TabPFNError as error:
        raise MethodSkipped(_refusal(error)) from error
    except RuntimeError as error:
        if _CPU_LIMIT_SETTING not in str(error):
            raise
        raise MethodSkipped(_refusal(error)) from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _refusal(error: Exception) -> str:
    return f"tabpfn {metadata.version('tabpfn')} refuses: {str(error).splitlines()[0]}"


TABPFN = make_tabpfn_method()
TABPFN_VERSIONS = tuple(
    make_tabpfn_method(version) for version in ("v2", "v2.5", "v2.6", "v3", "v3.5")
)
"""TabPFN with each version of its weights; `TABPFN` takes the package's default."""
