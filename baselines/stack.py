"""The predictions that the network reads, without the network, to measure what it adds.

Beside the cells, the network reads what kernel ridge regression, a forest, boosted trees and their
closed-form stack predict for a row (`tabtransfer.network.row_predictions`). Here that stack is the
answer.

Shapes: b tasks, r rows, n training rows, k label channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.base import InContextEstimator
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.explain.explanation import Explanation
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.network.cells import CellFeatures
from tabtransfer.network.described import (
    DescribedBatch,
    TaskKind,
    TrainingRows,
)
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.network.transformer import Context, NetworkConfig, TabularTransformer
from tabtransfer.tasks import TaskBatch

__all__ = ["StackClassifier", "StackNetwork", "StackRegressor"]

FLOOR = 1e-3  # least probability of a class, times the number of classes


@dataclass(frozen=True)
class StackContext(Context):
    """What the stack needs of the training rows.

    Parameters
    ----------
    deviation : Tensor, (b, 1, 1)
        How far off the stack predicts the first label channel of training rows, each without its
        own label: the root of the mean squared error.
    """

    deviation: Tensor


class StackNetwork(TabularTransformer):
    """Predict by the stack of what is predicted for a row, in place of a network.

    Parameters
    ----------
    config : NetworkConfig
        How many classes and quantiles there are; what a network of this size may read at once, the
        stack reads too.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.baselines.stack import StackNetwork
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> from tabtransfer.tasks import TaskBatch
    >>> values = torch.linspace(-1.0, 1.0, 12)[None, :, None]
    >>> batch = TaskBatch(
    ...     values=values, missing=torch.zeros(1, 12, 1, dtype=torch.bool),
    ...     categorical=torch.zeros(1, 1, dtype=torch.bool), labels=(values[..., 0] > 0).long(),
    ...     n_train=10, n_columns=torch.tensor([1]), n_classes=torch.tensor([2]))
    >>> StackNetwork(NetworkConfig())(batch).argmax(-1)
    tensor([[1, 1]])
    """

    def __init__(self, config: NetworkConfig) -> None:
        nn.Module.__init__(self)  # none of a network's layers
        self.config = config
        normal = [NormalDist().inv_cdf(level) for level in quantile_levels(config.n_quantiles)]
        self.normal = nn.Parameter(torch.tensor(normal), requires_grad=False)

    def forward(self, batch: TaskBatch | DescribedBatch) -> Tensor:
        """Predict the query rows; see `TabularTransformer.forward`."""
        if isinstance(batch, DescribedBatch):
            batch = batch.batch
        learners = None if batch.learners is None else batch.learners[:, batch.n_train :]
        values, missing = batch.values[:, batch.n_train :], batch.missing[:, batch.n_train :]
        return self.predict(self.read_context(batch), values, missing, learners)

    def read_context(self, batch: TaskBatch, chunk_rows: int | None = None) -> StackContext:
        """Fit the stack to the training rows; see `TabularTransformer.read_context`."""
        kind, known = TaskKind.of(batch), TrainingRows.of(batch, chunk_rows)
        context = Context(
            **vars(kind), columns=known.columns, predictions=known.predictions, keys=()
        )
        errors = _answers(context, known.leave_one_out)[..., :1]
        errors = errors - known.labels[..., :1]
        weights = batch.row_weights[..., None]
        variance = (weights * errors.square()).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
        return StackContext(**vars(context), deviation=variance.sqrt())

    def row_vectors(
        self,
        kind: TaskKind,
        cells: CellFeatures,
        predictions: Tensor,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Return the stack of predictions (b, r, 8, k) as label channels, (b, r, k)."""
        return _answers(cast(Context, kind), predictions)

    def decide(self, context: Context, rows: Tensor) -> Tensor:
        """Turn what `row_vectors` gives into log probabilities or quantiles.

        Parameters
        ----------
        context : Context
            From `read_context`.
        rows : Tensor, (b, r, k)
            Label channels.

        Returns
        -------
        Tensor, (b, r, max_classes) or (b, r, n_quantiles)
            As in `TabularTransformer.forward`; quantiles are those of a normal distribution.
        """
        if context.task == "regression":
            return rows[..., :1] + cast(StackContext, context).deviation * self.normal
        n_classes = context.n_classes[:, None, None]
        logs = rows.maximum(FLOOR / n_classes.to(rows.dtype)).log()
        logs = F.pad(logs, (0, self.config.max_classes - logs.shape[-1]))
        absent = torch.arange(logs.shape[-1], device=logs.device) >= n_classes
        return logs.masked_fill(absent, -torch.inf).log_softmax(-1)


class _Stack(InContextEstimator):
    @property
    def _finetunes(self) -> bool:
        return False

    def _starting_network(self, seed: int) -> TabularTransformer:
        return StackNetwork(NetworkConfig()).eval()

    def _kept(self, network: TabularTransformer) -> KeptNetwork:
        return KeptNetwork(network, None, "")

    def explain(self, X: Any, n_rows: int = 10) -> Explanation:
        """Raise a TabTransferError: without attention, no training row has a weight."""
        raise TabTransferError("A stack can't be explained: explain a TabTransfer model.")


class StackClassifier(_Stack, TabTransferClassifier):
    """Classify by the stack of kernels, a forest and boosted trees, without a network.

    Encoder, views, members and what is predicted for each row are those of
    `TabTransferClassifier` with the shipped weights. The answer is the training mean plus the
    stack's deviation from it, at least `FLOOR` over the number of classes. See there for
    parameters and attributes; ``finetune`` and ``checkpoint`` have no effect.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer.baselines.stack import StackClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(StackClassifier(random_state=0).fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9)
    True
    """


class StackRegressor(_Stack, TabTransferRegressor):
    """Predict numbers by the stack of kernels, a forest and boosted trees, without a network.

    The same for numbers as `StackClassifier` for classes. A row's distribution is a normal one on
    each member's scale of the target, as wide as the stack errs on training rows.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from tabtransfer.baselines.stack import StackRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = StackRegressor(random_state=0).fit(X[::2], y[::2])
    >>> model.predict(X[1::2], output="quantiles", quantiles=[0.1, 0.9]).shape
    (221, 2)
    """


def _answers(context: Context, predictions: Tensor) -> Tensor:
    """Return the stack, the last of predictions (b, r, 7, k), as label channels (b, r, k)."""
    kernels = context.predictions.kernels
    return kernels.mean + kernels.deviation * predictions[:, :, -1]
