"""What the estimators of the joint distribution share: parameters, and how a table is learned."""

from __future__ import annotations

import os
from abc import ABC
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tabtransfer.checkpoint import load_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.parameters import check_count, check_parameters
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.resources import Resources
from tabtransfer.joint.table import JointTable
from tabtransfer.preprocessing.encoder import read_table

__all__ = ["JointEstimator"]


class JointEstimator(ABC, BaseEstimator):
    """Ask the pretrained network for the columns of a table, each given others.

    See `TabTransferImputer` for the parameters.
    """

    def __init__(
        self,
        n_estimators: int = 2,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 1024,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.checkpoint = checkpoint
        self.max_context_rows = max_context_rows
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.memory_limit = memory_limit
        self.verbose = verbose

    @property
    def table_(self) -> JointTable:
        """The training rows, and what was learned of each column."""
        check_is_fitted(self)
        return replace(
            self._table,
            network=replace(self._table.network, checkpoint=self.checkpoint),
            resources=self._resources,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return "_table" in vars(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags

    def _learn_table(self, X: Any) -> None:
        """Read the training rows."""
        check_parameters(self.get_params())
        check_count("n_estimators", self.n_estimators)
        self.__dict__.pop("_table", None)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        frame = read_table(X)
        validate_data(self, frame, skip_check_array=True)
        _refuse_sparse(frame)
        network = load_checkpoint(self.checkpoint)
        missing = {"classification", "regression"} - set(network.config.tasks)
        if missing:
            raise TabTransferError(
                f"The checkpoint has no {missing.pop()} head, and columns may be categories or "
                "numbers: pass one that was pretrained for both as checkpoint=."
            )
        kept = KeptNetwork.of(network, self.checkpoint)
        self._table = JointTable.learn(
            frame, kept, self.n_estimators, self.max_context_rows, seed, self._resources
        )

    def _aligned(self, X: Any) -> pd.DataFrame:
        """Return rows with the columns of `fit`, in their order."""
        check_is_fitted(self)
        frame = self._table.encoder.align(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        _refuse_sparse(frame)
        return frame

    @property
    def _resources(self) -> Resources:
        return Resources.of(self)


def _refuse_sparse(frame: pd.DataFrame) -> None:
    if any(isinstance(dtype, pd.SparseDtype) for dtype in frame.dtypes):
        raise TabTransferError("X is sparse: pass X.toarray(), or a frame with dense columns.")
