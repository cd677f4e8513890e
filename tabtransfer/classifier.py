"""The pretrained network as a scikit-learn classifier."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tabtransfer.checkpoint import SHIPPED, load_checkpoint
from tabtransfer.encoder import EncodedTable, TableEncoder, read_table
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.loop import FinetuneConfig, FinetuneRecord, finetune_network
from tabtransfer.inference import Ensemble
from tabtransfer.network import TabularTransformer
from tabtransfer.target import encode_labels
from tabtransfer.threads import torch_threads

__all__ = ["TabTransferClassifier"]


class TabTransferClassifier(ClassifierMixin, BaseEstimator):
    """Classify rows with a pretrained network that reads the training rows as its context.

    Frames and arrays may hold numbers, strings, categoricals, booleans and missing values as
    they are. Any number of classes and rows works: more classes than the network has outputs
    for go through a tree of class groups, more rows than ``max_context_rows`` are sampled.

    Parameters
    ----------
    n_estimators : int, default=6
        Members of the ensemble; each sees the table in another view (order of columns and
        classes, scale of numbers, coding of categories).
    finetune : bool, default=False
        Whether to adapt the network's weights to the training rows; the pretrained weights
        are kept where they do better on held-out rows.
    checkpoint : path-like, optional
        Weights to use; the shipped ones if not given.
    max_context_rows : int, default=4096
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own, each class at its share; likewise if memory is short.
    time_limit : float or None, default=60.0
        Seconds that fine-tuning may take.
    random_state : int, RandomState instance or None, default=None
        Seed of the views, the samples and fine-tuning.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    verbose : bool, default=False
        Whether to show the progress of fine-tuning.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if all are strings. Columns are then matched by name.
    n_context_rows_ : int
        Most training rows that a member reads at once; fewer than there are if they were
        sampled.
    finetuning_ : FinetuneRecord
        What fine-tuning did: losses on held-out rows, steps, seconds, the weights chosen.
        Only with ``finetune=True``.
    encoder_ : TableEncoder
        What was learned of the columns.
    ensemble_ : Ensemble
        The training rows and the members that read them.

    Notes
    -----
    A row's prediction does not depend on the rows predicted with it: up to rounding in
    float32, and to about 1e-12 for small tables, which are computed in float64.

    Pickles hold the training rows, but the network only if it was fine-tuned; otherwise the
    checkpoint is read again, and must not have changed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> from tabtransfer import TabTransferClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    >>> model = TabTransferClassifier(random_state=0).fit(X_train, y_train)
    >>> model.predict_proba(X_test).shape
    (38, 3)
    >>> bool(model.score(X_test, y_test) > 0.9)
    True
    """

    _finetune_config = FinetuneConfig()

    def __init__(
        self,
        n_estimators: int = 6,
        *,
        finetune: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 4096,
        time_limit: float | None = 60.0,
        random_state: int | np.random.RandomState | None = None,
        n_threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.finetune = finetune
        self.checkpoint = checkpoint
        self.max_context_rows = max_context_rows
        self.time_limit = time_limit
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> TabTransferClassifier:
        """Read the training rows, and fine-tune on them if asked to.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, missing values.
        y : array-like or Series of shape (n_rows,)
            Class labels of any type.

        Returns
        -------
        TabTransferClassifier
            Itself.

        Raises
        ------
        TabTransferError
            If the table or the labels can't be used; the message names the columns and a way
            out. scikit-learn's own ``ValueError`` where ``X`` or ``y`` has the wrong shape.
        """
        self._check_settings()
        for name in ("network_", "finetuning_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        frame = read_table(X)
        validate_data(self, frame, skip_check_array=True)
        self.classes_, labels = encode_labels(y)
        check_consistent_length(frame, labels)
        self.encoder_ = TableEncoder().fit(frame)
        table = self.encoder_.transform(frame)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        with torch_threads(self.n_threads):
            network = self._starting_network(seed)
            if self._finetunes:
                network = self._adapt(network, table, labels, seed)
            self.ensemble_ = Ensemble.build(
                table,
                labels,
                len(self.classes_),
                network.config,
                self.n_estimators,
                self.max_context_rows,
                np.random.default_rng(seed),
                self._finetune_config.kinds,
            )
        self._keep(network)
        self.n_context_rows_ = self.ensemble_.n_context_rows
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities, in the order of ``classes_``.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or if the
            checkpoint has changed since.
        """
        check_is_fitted(self)
        frame = self.encoder_.align(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        table = self.encoder_.transform(frame)
        with torch_threads(self.n_threads):
            return self.ensemble_.probabilities(self._fitted_network(), table)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        # Not the string tag: it stands for input whose cells are not looked at.
        tags.input_tags.categorical = True
        return tags

    @property
    def _finetunes(self) -> bool:
        return self.finetune

    def _check_settings(self) -> None:
        for name in ("n_estimators", "max_context_rows"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise TabTransferError(f"{name} must be a whole number from 1 on, not {value!r}.")

    def _starting_network(self, seed: int) -> TabularTransformer:
        """Give the network that fine-tuning starts from, or that predicts as it is."""
        return load_checkpoint(self.checkpoint)

    def _adapt(
        self,
        network: TabularTransformer,
        table: EncodedTable,
        labels: NDArray[np.int64],
        seed: int,
    ) -> TabularTransformer:
        self.finetuning_: FinetuneRecord
        network, self.finetuning_ = finetune_network(
            network,
            table,
            labels,
            len(self.classes_),
            self._finetune_config,
            max_context_rows=self.max_context_rows,
            time_limit=self.time_limit,
            seed=seed,
            verbose=self.verbose,
        )
        return network

    def _keep(self, network: TabularTransformer) -> None:
        """Hold a network of this table's own; of a checkpoint, remember which it was."""
        self._fingerprint = _fingerprint(self.checkpoint)
        if network is not load_checkpoint(self.checkpoint):
            self.network_ = network

    def _fitted_network(self) -> TabularTransformer:
        """Give the network of `fit`, from the checkpoint where it wasn't changed."""
        if hasattr(self, "network_"):
            return self.network_
        if _fingerprint(self.checkpoint) != self._fingerprint:
            raise TabTransferError(
                f"The weights at {self.checkpoint or SHIPPED} are not those of fit: fit again, "
                "or put the former checkpoint back."
            )
        return load_checkpoint(self.checkpoint)


def _fingerprint(checkpoint: str | os.PathLike[str] | None) -> str:
    """Give a hash of the checkpoint's bytes, computed once while the file stays the same."""
    path = Path(SHIPPED if checkpoint is None else checkpoint)
    return _hash_file(path, path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=8)
def _hash_file(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
