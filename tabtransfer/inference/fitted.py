"""The fitted model: what `fit` makes, and what predicting, explaining and saving read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.device import CPU, describe_device
from tabtransfer.errors import TabTransferError
from tabtransfer.inference.blend import Blend
from tabtransfer.inference.calibration import (
    Calibration,
    temper_probabilities,
    temper_quantiles,
)
from tabtransfer.inference.distribution import QuantileDistribution, quantile_means
from tabtransfer.inference.ensemble import ClassificationEnsemble, RegressionEnsemble
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.members import Advance, ignore
from tabtransfer.inference.memory import MemoryBudget, pieces
from tabtransfer.inference.placement import placed
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.settings import FitSettings
from tabtransfer.learners import FittedLearners
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.class_weights import weigh_classes
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.training_rows import TrainingRows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import torch_threads

__all__ = ["FittedClassifier", "FittedModel", "FittedRegressor", "ModelWithoutRows"]

Answer = TypeVar("Answer")
Ask = Callable[[TabularTransformer, EncodedTable, Advance], Answer]


@dataclass(frozen=True, eq=False)
class FittedModel(ABC):
    """All that predictions need: the training rows, and what was learned of them.

    Parameters
    ----------
    rows : TrainingRows
        The training rows as they were given.
    encoder : TableEncoder
        What was learned of the columns.
    learners : FittedLearners or None
        The forest, the boosted trees and the kernel whose predictions the network reads.
    ensemble : ClassificationEnsemble or RegressionEnsemble
        The encoded training rows and the members that read them.
    network : KeptNetwork
        The network.
    calibration : Calibration or None
        How predictions are calibrated, if they are.
    blend : Blend or None
        How they are mixed with the learners' own, if they are.
    settings : FitSettings
        Settings of `fit`.
    seed : int
        Seed of `fit`.
    resources : Resources
        What predicting may take.
    """

    rows: TrainingRows
    encoder: TableEncoder
    learners: FittedLearners | None
    ensemble: Any
    network: KeptNetwork
    calibration: Calibration | None
    blend: Blend | None
    settings: FitSettings
    seed: int
    resources: Resources

    @abstractmethod
    def unmixed(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict, as `values` does, by the network alone and without class weights."""

    @abstractmethod
    def values(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict probabilities (n_rows, n_classes), or means (n_rows, 1), as `ask` asks."""

    @abstractmethod
    def targets(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the targets of training rows as they were given."""

    def describe(self, table: EncodedTable) -> EncodedTable:
        """Add the learners' predictions, if there are learners, to rows to predict."""
        return table if self.learners is None else self.learners.describe(table)

    def encode(self, frame: pd.DataFrame) -> EncodedTable:
        """Encode aligned rows to predict, with the learners' predictions beside them."""
        return self.describe(self.encoder.transform(frame))

    def placed_network(self) -> TabularTransformer:
        """Return the network on the device that it computes on."""
        return placed(self.network.get(), self.resources.device)

    def read_contexts(self) -> bool:
        """Let the network read the training rows, unless it has.

        Returns
        -------
        bool
            Whether what it read is kept.
        """
        n_tasks, device = len(self.ensemble.tasks()), self.resources.device
        name = "reading the training rows"
        if device != CPU:
            name += f" on {describe_device(device)}"
        with progress_bar(name, n_tasks, self.resources.verbose) as advance:
            return self.ensemble.read(self.placed_network(), advance)

    def ask(
        self,
        frame: pd.DataFrame,
        ask: Ask[Answer],
        n_numbers: int = 0,
        doing: str = "predicting",
    ) -> list[Answer]:
        """Predict rows in pieces, each as large as memory allows in encoded form.

        Parameters
        ----------
        frame : DataFrame
            Rows with the columns of `fit`, aligned.
        ask : callable
            Gives the answer for some rows, as `values` does.
        n_numbers : int, default=0
            How many numbers it holds for a row, beside the predicted ones.
        doing : str, default="predicting"
            What the progress bar is called.

        Returns
        -------
        list
            The answers, of which each is about some rows.

        Raises
        ------
        TabTransferError
            If the checkpoint has changed since `fit`, or the network has no number for an answer.
        """
        n_tasks = self.ensemble.n_asked
        with torch_threads(self.resources.n_threads):
            network = self.placed_network()
            self.read_contexts()
            n_outputs = self.ensemble.n_outputs(network.config) + n_numbers
            budget = MemoryBudget.of(self.resources.memory_limit)
            n_rows = budget.encoded_rows(frame.shape[1], n_outputs)
            with progress_bar(doing, n_tasks * len(frame), self.resources.verbose) as advance:
                return [
                    ask(network, self.encode(frame.iloc[piece]), advance)
                    for piece in pieces(len(frame), n_rows)
                ]


@dataclass(frozen=True, eq=False)
class FittedClassifier(FittedModel):
    """A fitted model of classes.

    Parameters
    ----------
    classes : ndarray, (n_classes,)
        The class labels.
    class_weights : ndarray of float64, (n_classes,)
        Weight of each class.
    """

    ensemble: ClassificationEnsemble
    classes: NDArray[Any]
    class_weights: NDArray[np.float64]

    def probabilities(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Predict the probabilities of classes (n_rows, n_classes) of rows that are aligned."""
        return np.concatenate(self.ask(frame, self.values))

    def values(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict probabilities (n_rows, n_classes), as `ask` asks."""
        probabilities = self.unmixed(network, query, advance)
        if self.blend is not None and query.learners is not None:
            probabilities = self.blend.mix(probabilities, query.learners)
        return weigh_classes(probabilities, self.class_weights)

    def unmixed(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict probabilities (n_rows, n_classes) by the network alone, without weights."""
        probabilities = _numbers(self.ensemble.probabilities(network, query, advance))
        if self.calibration is None:
            return probabilities
        return temper_probabilities(probabilities, self.calibration.temperature)

    def targets(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the classes of training rows."""
        return self.classes[self.rows.labels[rows]]


@dataclass(frozen=True, eq=False)
class FittedRegressor(FittedModel):
    """A fitted model of numbers."""

    ensemble: RegressionEnsemble

    def distribution(self, frame: pd.DataFrame) -> QuantileDistribution:
        """Predict the distributions of the targets of rows that are aligned."""
        quantiles = np.concatenate(self.ask(frame, self.quantiles))
        return QuantileDistribution(np.array(quantile_levels(quantiles.shape[1])), quantiles)

    def values(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict means (n_rows, 1), as `ask` asks."""
        return quantile_means(self.quantiles(network, query, advance))

    def unmixed(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict quantiles (n_rows, n_quantiles) by the network alone."""
        quantiles = _numbers(self.ensemble.quantiles(network, query, advance))
        if self.calibration is None:
            return quantiles
        return temper_quantiles(quantiles, self.calibration.temperature)

    def quantiles(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict quantiles (n_rows, n_quantiles), as `ask` asks.

        Where means are mixed with the learners', the network's distribution is tilted to have them.
        """
        quantiles = self.unmixed(network, query, advance)
        if self.blend is None or query.learners is None:
            return quantiles
        return self.blend.mix_quantiles(quantiles, query.learners)

    def targets(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return the targets of training rows."""
        return self.rows.labels[rows]


def _numbers(answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise where predictions aren't numbers: the largest of them would be class 0."""
    unknown = ~np.isfinite(answers).all(1)
    if unknown.any():
        raise TabTransferError(
            f"The network's answer is no number for {int(unknown.sum())} of {len(answers)} rows: "
            "its weights are out of range. Fit with other weights; checkpoint=None takes those "
            "shipped with tabtransfer."
        )
    return answers


@dataclass(frozen=True, eq=False)
class ModelWithoutRows:
    """What is known of a model whose training rows aren't at hand: it can't predict.

    Parameters
    ----------
    network : KeptNetwork
        The network.
    calibration : Calibration or None
        How predictions are calibrated, if they are.
    classes : ndarray, (n_classes,), or None
        The class labels; None if the target is a number.
    """

    network: KeptNetwork
    calibration: Calibration | None
    classes: NDArray[Any] | None
