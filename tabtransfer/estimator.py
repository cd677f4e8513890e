"""What the classifier and the regressor have in common: all but the target and the answer."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tabtransfer.calibration import Calibration, fit_temperature
from tabtransfer.checkpoint import SHIPPED, load_checkpoint
from tabtransfer.encoder import EncodedTable, TableEncoder, read_table
from tabtransfer.ensemble import build_ensemble
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.loop import FinetuneConfig, FinetuneRecord, finetune_network
from tabtransfer.network import TabularTransformer
from tabtransfer.sample_weights import read_sample_weights, scale_weights
from tabtransfer.target import read_target
from tabtransfer.threads import torch_threads

__all__ = ["InContextEstimator"]


class InContextEstimator(ABC, BaseEstimator):
    """Read the training rows as the context of a pretrained network.

    See `TabTransferClassifier` and `TabTransferRegressor` for the parameters.
    """

    _finetune_config = FinetuneConfig()
    _task: ClassVar[Literal["classification", "regression"]]

    def __init__(
        self,
        n_estimators: int = 4,
        *,
        calibrate: bool = False,
        finetune: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 4096,
        time_limit: float | None = 60.0,
        random_state: int | np.random.RandomState | None = None,
        n_threads: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.calibrate = calibrate
        self.finetune = finetune
        self.checkpoint = checkpoint
        self.max_context_rows = max_context_rows
        self.time_limit = time_limit
        self.random_state = random_state
        self.n_threads = n_threads
        self.verbose = verbose

    @abstractmethod
    def _read_labels(
        self, y: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> tuple[NDArray[Any], int]:
        """Give labels and their number of classes, as `build_ensemble` takes them."""

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Read the training rows, and tune weights and temperature on them if asked to."""
        self._check_settings()
        for name in ("network_", "finetuning_", "calibration_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        frame = read_table(X)
        validate_data(self, frame, skip_check_array=True)
        target = read_target(y)
        check_consistent_length(frame, target)
        weights = None
        if sample_weight is not None:
            weights = read_sample_weights(sample_weight, len(frame))
            kept = np.flatnonzero(weights)
            frame, target, weights = frame.iloc[kept], target[kept], weights[kept]
        labels, n_classes = self._read_labels(target, weights)
        weights = scale_weights(weights, self.max_context_rows)
        self.encoder_ = TableEncoder().fit(frame, weights)
        table = self.encoder_.transform(frame)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        with torch_threads(self.n_threads):
            network = self._starting_network(seed)
            if self._finetunes:
                network = self._adapt(network, table, labels, n_classes, weights, seed)
            if self.calibrate:
                self._fit_temperature(network, table, labels, n_classes, weights, seed)
            self.ensemble_ = build_ensemble(
                table,
                labels,
                n_classes,
                network.config,
                self.n_estimators,
                self.max_context_rows,
                np.random.default_rng(seed),
                self._finetune_config.kinds,
                weights,
            )
        self._keep(network)
        self.n_context_rows_ = self.ensemble_.n_context_rows

    def _read_rows(self, X: Any) -> EncodedTable:
        """Check rows to predict and encode them."""
        check_is_fitted(self)
        frame = self.encoder_.align(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        return self.encoder_.transform(frame)

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
        network = load_checkpoint(self.checkpoint)
        if self._task not in network.config.tasks:
            raise TabTransferError(
                f"The checkpoint {self.checkpoint or SHIPPED} has no {self._task} head, only "
                f"{' and '.join(network.config.tasks)}: pass one that was pretrained for "
                f"{self._task} as checkpoint=."
            )
        return network

    def _adapt(
        self,
        network: TabularTransformer,
        table: EncodedTable,
        labels: NDArray[Any],
        n_classes: int,
        weights: NDArray[np.float64] | None,
        seed: int,
    ) -> TabularTransformer:
        self.finetuning_: FinetuneRecord
        network, self.finetuning_ = finetune_network(
            network,
            table,
            labels,
            n_classes,
            self._finetune_config,
            max_context_rows=self.max_context_rows,
            time_limit=self.time_limit,
            seed=seed,
            verbose=self.verbose,
            weights=weights,
        )
        return network

    def _fit_temperature(
        self,
        network: TabularTransformer,
        table: EncodedTable,
        labels: NDArray[Any],
        n_classes: int,
        weights: NDArray[np.float64] | None,
        seed: int,
    ) -> None:
        self.calibration_: Calibration = fit_temperature(
            network,
            table,
            labels,
            n_classes,
            max_context_rows=self.max_context_rows,
            time_limit=self.time_limit,
            seed=seed,
            kinds=self._finetune_config.kinds,
            weights=weights,
        )

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
