"""TabPFN, the real package, run offline on weights that are already on this machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from tabtransfer.baselines.columns import MISSING, ColumnPreparer
from tabtransfer.baselines.method import Method, MethodSkipped
from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABPFN", "OfflineTabPFNClassifier", "make_tabpfn_method"]

_OFFLINE = {"TABPFN_NO_BROWSER": "1", "HF_HUB_OFFLINE": "1"}
_CPU_LIMIT_SETTING = "TABPFN_ALLOW_CPU_LARGE_DATASET"


class OfflineTabPFNClassifier(ClassifierMixin, BaseEstimator):
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
        The fitted model.

    Examples
    --------
    >>> from tabtransfer.baselines.method import MethodSkipped
    >>> try:
    ...     OfflineTabPFNClassifier(checkpoint="absent.ckpt").fit([[0.0], [1.0]], [0, 1])
    ... except MethodSkipped as skipped:
    ...     print(skipped.reason)
    TabPFN's weights aren't on this machine: there is no file absent.ckpt
    """

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

    def fit(self, X: Any, y: Any) -> OfflineTabPFNClassifier:
        """Load the weights and take in the training rows.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Training input.
        y : array-like of shape (n_rows,)
            Class labels.

        Returns
        -------
        OfflineTabPFNClassifier
            The fitted classifier.

        Raises
        ------
        MethodSkipped
            If the package or its weights aren't here, or TabPFN refuses the table.
        TabTransferError
            If there is no such version.
        """
        reason = _why_unavailable(self.version, self.checkpoint)
        if reason is not None:
            raise MethodSkipped(reason)
        from tabpfn import TabPFNClassifier

        self.columns_ = ColumnPreparer().fit(X)
        text = set(self.columns_.categorical_)
        names = self.columns_.feature_names_in_
        model = TabPFNClassifier(
            model_path=str(_checkpoint_path(self.version, self.checkpoint)),
            categorical_features_indices=[i for i, name in enumerate(names) if name in text],
            device=self.device,
            random_state=self.random_state,
        )
        with _guarded(self.n_threads):
            self.model_ = model.fit(self._prepare(X), np.asarray(y))
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities.

        Parameters
        ----------
        X : pandas.DataFrame or array-like of shape (n_rows, n_features)
            Input with the training input's columns.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities, in the order of ``classes_``.

        Raises
        ------
        MethodSkipped
            If TabPFN refuses the rows.
        """
        check_is_fitted(self)
        with _guarded(self.n_threads):
            return self.model_.predict_proba(self._prepare(X))

    def predict(self, X: Any) -> np.ndarray:
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

    def _prepare(self, X: Any) -> pd.DataFrame:
        frame = self.columns_.transform(X)
        for name in self.columns_.categorical_:
            frame[name] = frame[name].where(frame[name] != MISSING).astype("category")
        return frame


def make_tabpfn_method(version: str | None = None, checkpoint: str | Path | None = None) -> Method:
    """Describe TabPFN with given weights as a method of the leaderboard.

    Parameters
    ----------
    version : str, optional
        Version of the weights; by default TabPFN's own default.
    checkpoint : str or pathlib.Path, optional
        Path of a checkpoint, in place of a version.

    Returns
    -------
    Method
        The method ``tabpfn``.

    Examples
    --------
    >>> method = make_tabpfn_method(checkpoint="absent.ckpt")
    >>> method.name, method.unavailable()
    ('tabpfn', "TabPFN's weights aren't on this machine: there is no file absent.ckpt")
    """

    def make(random_state: int, n_threads: int) -> OfflineTabPFNClassifier:
        return OfflineTabPFNClassifier(
            version=version, checkpoint=checkpoint, n_threads=n_threads, random_state=random_state
        )

    return Method(
        name="tabpfn",
        make=make,
        unavailable=lambda: _why_unavailable(version, checkpoint),
        packages=("tabpfn",),
    )


def _why_unavailable(version: str | None, checkpoint: str | Path | None) -> str | None:
    if find_spec("tabpfn") is None:
        return 'the package tabpfn isn\'t installed: pip install "tabtransfer[tabpfn]"'
    path = _checkpoint_path(version, checkpoint)
    if not path.is_file():
        return f"TabPFN's weights aren't on this machine: there is no file {_short(path)}"
    return None


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _checkpoint_path(version: str | None, checkpoint: str | Path | None) -> Path:
    if checkpoint is not None:
        return Path(checkpoint)
    from tabpfn import TabPFNClassifier
    from tabpfn.constants import ModelVersion
    from tabpfn.settings import settings

    versions = [known.value for known in ModelVersion]
    if version is not None and version not in versions:
        raise TabTransferError(
            f"TabPFN has no version {version!r}; its versions are {', '.join(versions)}."
        )
    chosen = settings.tabpfn.model_version if version is None else ModelVersion(version)
    return Path(TabPFNClassifier.create_default_for_version(chosen).model_path)


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
