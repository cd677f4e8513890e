"""What the classifier and the regressor have in common: all but the target and the answer."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from tabtransfer.checkpoint import SHIPPED, fingerprint, load_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.loop import FinetuneConfig, FinetuneRecord, finetune_network
from tabtransfer.inference.calibration import Calibration, fit_temperature
from tabtransfer.inference.ensemble import build_ensemble
from tabtransfer.inference.ensemble_size import ensemble_size
from tabtransfer.inference.members import Advance
from tabtransfer.inference.memory import MemoryBudget, pieces
from tabtransfer.learners import DistinctRows, FittedLearners, fit_learners
from tabtransfer.learners.choice import N_FOLDS, choose_learners
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.encoder import TableEncoder, read_table
from tabtransfer.preprocessing.sample_weights import read_sample_weights, scale_weights
from tabtransfer.preprocessing.target import read_target
from tabtransfer.progress import progress_bar
from tabtransfer.saving.training_rows import TrainingRows
from tabtransfer.threads import torch_threads

if TYPE_CHECKING:
    from tabtransfer.explain.explanation import Explanation

__all__ = ["InContextEstimator"]

Answer = TypeVar("Answer")
Ask = Callable[[Any, TabularTransformer, EncodedTable, Advance], Answer]


class InContextEstimator(ABC, BaseEstimator):
    """Read the training rows as the context of a pretrained network.

    See `TabTransferClassifier` and `TabTransferRegressor` for the parameters.
    """

    _finetune_config = FinetuneConfig()
    _task: ClassVar[Literal["classification", "regression"]]

    def __init__(
        self,
        n_estimators: int | None = None,
        *,
        calibrate: bool = False,
        finetune: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 4096,
        time_limit: float | None = 60.0,
        trees: bool = True,
        random_state: int | np.random.RandomState | None = None,
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.calibrate = calibrate
        self.finetune = finetune
        self.checkpoint = checkpoint
        self.max_context_rows = max_context_rows
        self.time_limit = time_limit
        self.trees = trees
        self.random_state = random_state
        self.n_threads = n_threads
        self.memory_limit = memory_limit
        self.verbose = verbose

    @abstractmethod
    def _read_labels(
        self, y: NDArray[Any], weights: NDArray[np.float64] | None
    ) -> tuple[NDArray[Any], int]:
        """Give labels and their number of classes, as `build_ensemble` takes them."""

    @abstractmethod
    def _values(
        self, ensemble: Any, network: TabularTransformer, query: EncodedTable, advance: Advance
    ) -> NDArray[np.float64]:
        """Predict the probabilities of classes, or the mean as (n_rows, 1), as `_ask` asks."""

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Read the training rows, and tune weights and temperature on them if asked to."""
        self._check_settings()
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._learn(X, y, sample_weight, seed)

    def _learn(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        seed: int,
        network: TabularTransformer | None = None,
        learners: FittedLearners | None = None,
        fits_learners: bool = True,
    ) -> None:
        """Fit with the seed given; with a network or learners given, those of a fit before."""
        for name in ("network_", "finetuning_", "calibration_", "_lacks_rows"):  # of an earlier fit
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
        given_weights, weights = weights, scale_weights(weights, self.max_context_rows)
        self.encoder_ = TableEncoder().fit(frame, weights)
        table = self.encoder_.transform(frame)
        if fits_learners:
            learners = self._fit_learners(table, labels, n_classes, weights, seed)
        self.learners_ = learners
        if learners is not None:
            table = replace(table, learners=learners.own)
        with torch_threads(self.n_threads):
            if network is None:
                network = self._starting_network(seed)
                if self._finetunes:
                    network = self._adapt(network, table, labels, n_classes, weights, seed)
                if self.calibrate:
                    self._fit_temperature(network, table, labels, n_classes, weights, seed)
            self.n_estimators_ = self._n_members(table, n_classes, weights, network)
            self.ensemble_ = build_ensemble(
                table,
                labels,
                n_classes,
                network.config,
                self.n_estimators_,
                self.max_context_rows,
                np.random.default_rng(seed),
                self._finetune_config.kinds,
                self.memory_limit,
                weights,
            )
            self.n_context_rows_ = self.ensemble_.n_context_rows
            self.context_strategy_ = self.ensemble_.context_strategy
            self._keep(network)
            self.context_cached_ = self._read_contexts(network)
        self._seed, self._fit_settings = seed, self.get_params()
        self._training_rows = TrainingRows(frame.copy(deep=False), labels, given_weights)

    def _fit_learners(
        self,
        table: EncodedTable,
        labels: NDArray[Any],
        n_classes: int,
        weights: NDArray[np.float64] | None,
        seed: int,
    ) -> FittedLearners | None:
        """Fit the learners whose predictions the network reads; none where they don't pay."""
        if not self.trees or not table.values.shape[1] or (labels == labels[0]).all():
            return None
        rows = DistinctRows.of(table.cells, labels, weights)
        budget = MemoryBudget.of(self.memory_limit)
        settings = choose_learners(rows.n_rows, n_classes, budget.learners)
        if settings is None:
            return None
        with progress_bar("growing trees", len(settings) * N_FOLDS, self.verbose) as advance:
            threads = self.n_threads or torch.get_num_threads()
            return fit_learners(
                table, labels, n_classes, rows, settings, N_FOLDS, seed, threads, advance
            )

    def _with_learners(self, table: EncodedTable) -> EncodedTable:
        """Put what the learners predict beside rows to predict, if there are learners."""
        return table if self.learners_ is None else self.learners_.describe(table)

    def explain(self, X: Any, n_rows: int = 10) -> Explanation:
        """Say which columns and which training rows drove the prediction of each row.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.
        n_rows : int, default=10
            Training rows to name for each row of ``X``, those of most weight.

        Returns
        -------
        Explanation
            Of the predicted class's probability, or of the predicted mean.

        Raises
        ------
        TabTransferError
            As `predict` does, and if ``n_rows`` isn't a whole number from 1 on.
        """
        from tabtransfer.explain.explanation import explain

        return explain(self, X, n_rows)

    def save(self, path: str | os.PathLike[str], training_rows: bool = True) -> None:
        """Write the fitted model to one file without code in it, for `tabtransfer.load`.

        The file is a zip archive of JSON (settings, columns, versions), safetensors (the
        network's weights) and Parquet (the training rows as they were given).

        Parameters
        ----------
        path : path-like
            Where to write; an existing file is replaced, at the end and in one step.
        training_rows : bool, default=True
            Whether to write the training rows. Without them the file holds no row of the table,
            but has to be loaded with them: ``tabtransfer.load(path, X, y)``.

        Raises
        ------
        TabTransferError
            If the rows or settings can't be written so that they come back as they were; the
            message names the column.
        """
        from tabtransfer.saving.archive import save

        save(self, path, training_rows)

    def _read_contexts(self, network: TabularTransformer) -> bool:
        """Let the network read the training rows, unless it has; say whether that is kept."""
        n_tasks = len(self.ensemble_.tasks())
        with progress_bar("reading the training rows", n_tasks, self.verbose) as advance:
            return self.ensemble_.read(network, advance)

    def _ask(
        self, X: Any, ask: Ask[Answer], n_numbers: int = 0, doing: str = "predicting"
    ) -> list[Answer]:
        """Ask about rows, as many at once as memory allows in encoded form.

        Parameters
        ----------
        X : array-like or DataFrame
            Rows with the columns of `fit`.
        ask : callable
            Gives the answer for some rows: a method of the ensemble, or a function like one.
        n_numbers : int, default=0
            How many numbers it holds for a row, beside the predicted ones.
        doing : str, default="predicting"
            What the progress bar is called.

        Returns
        -------
        list
            The answers, of which each is about some rows.
        """
        self._check_fitted()
        frame = self.encoder_.align(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        n_tasks = len(self.ensemble_.tasks())
        with torch_threads(self.n_threads):
            network = self._fitted_network()
            self._read_contexts(network)
            n_outputs = self.ensemble_.n_outputs(network.config) + n_numbers
            n_rows = MemoryBudget.of(self.memory_limit).encoded_rows(frame.shape[1], n_outputs)
            with progress_bar(doing, n_tasks * len(frame), self.verbose) as advance:
                answers = []
                for piece in pieces(len(frame), n_rows):
                    query = self._with_learners(self.encoder_.transform(frame.iloc[piece]))
                    answers.append(ask(self.ensemble_, network, query, advance))
                return answers

    def _check_fitted(self) -> None:
        if hasattr(self, "_lacks_rows"):
            raise TabTransferError(
                "This model was loaded without its training rows, which it predicts from: give "
                "them again, tabtransfer.load(path, X, y), or fit it."
            )
        check_is_fitted(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        # Not the string tag: it stands for input whose cells are not looked at.
        tags.input_tags.categorical = True
        return tags

    @property
    def _finetunes(self) -> bool:
        return self.finetune

    def _check_settings(self) -> None:
        counts = {"max_context_rows": self.max_context_rows}
        if self.n_estimators is not None:
            counts["n_estimators"] = self.n_estimators
        for name, value in counts.items():
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise TabTransferError(f"{name} must be a whole number from 1 on, not {value!r}.")
        limit = self.memory_limit
        if limit is not None and (not isinstance(limit, (int, np.integer)) or limit < 1):
            raise TabTransferError(
                f"memory_limit must be a whole number of bytes, or None, not {limit!r}."
            )

    def _n_members(
        self,
        table: EncodedTable,
        n_classes: int,
        weights: NDArray[np.float64] | None,
        network: TabularTransformer,
    ) -> int:
        if self.n_estimators is not None:
            return self.n_estimators
        n_rows = table.n_rows if weights is None else float(weights.sum())
        n_columns, most_classes = table.values.shape[1], network.config.max_classes
        return ensemble_size(n_rows, n_columns, n_classes, self.max_context_rows, most_classes)

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
        self._fingerprint = fingerprint(self.checkpoint)
        if not self._fingerprint or network is not load_checkpoint(self.checkpoint):
            self.network_ = network

    def _fitted_network(self) -> TabularTransformer:
        """Give the network of `fit`, from the checkpoint where it wasn't changed."""
        if hasattr(self, "network_"):
            return self.network_
        if fingerprint(self.checkpoint) != self._fingerprint:
            raise TabTransferError(
                f"The weights at {self.checkpoint or SHIPPED} are not those of fit: fit again, "
                "or put the former checkpoint back."
            )
        return load_checkpoint(self.checkpoint)
