"""Ensembles: the training rows shown to a network in several views, predictions averaged.

Nothing is trained here. Each member shows the network the training rows as context in its own
view (`tabtransfer.views`) and asks for the query rows. Of more training rows than fit, each
member takes a sample of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from tabtransfer.encoder import EncodedTable
from tabtransfer.inference import ask, at_precision, precision, stratified_rows
from tabtransfer.many_classes import ClassNode, class_tree, multiply_down
from tabtransfer.memory import rows_in_memory
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.quantiles import pinball_loss
from tabtransfer.target_scale import TargetScale, learn_scale
from tabtransfer.views import KINDS, View, ViewKind, ViewMaker

__all__ = [
    "ClassEnsemble",
    "ClassMember",
    "Ensemble",
    "NumberEnsemble",
    "NumberMember",
    "build_ensemble",
]


@dataclass(frozen=True)
class Ensemble(ABC):
    """Hold the training rows that members predict from.

    Parameters
    ----------
    table : EncodedTable
        The training rows.
    labels : ndarray of int64 or float64, (n_rows,)
        Class index of each, or its target as it is.
    weights : ndarray of float64, (n_rows,), or None
        Weight of each; a row of weight 2 counts as the row twice. None: all one.
    """

    table: EncodedTable
    labels: NDArray[Any]
    weights: NDArray[np.float64] | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the computation, from the size of the training rows alone."""
        mean_weight = 1.0 if self.weights is None else self.weights.mean()
        return precision(self.n_context_rows * mean_weight, self.table.values.shape[1])

    @abstractmethod
    def loss(
        self,
        network: TabularTransformer,
        query: EncodedTable,
        labels: NDArray[Any],
        weights: NDArray[np.float64] | None = None,
    ) -> float:
        """Give the mean loss of a network on rows whose labels, and weights, are known."""

    def _weights_of(self, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
        return None if self.weights is None else self.weights[rows]


def build_ensemble(
    table: EncodedTable,
    labels: NDArray[Any],
    n_classes: int,
    network: NetworkConfig,
    n_members: int,
    max_context_rows: int,
    rng: np.random.Generator,
    kinds: Sequence[ViewKind] = KINDS,
    weights: NDArray[np.float64] | None = None,
) -> ClassEnsemble | NumberEnsemble:
    """Draw the members' views and contexts.

    Parameters
    ----------
    table : EncodedTable
        The training rows.
    labels : ndarray of int64 or float64, (n_rows,)
        Class index of each, or its target as it is.
    n_classes : int
        Number of classes; 0 if the targets are numbers.
    network : NetworkConfig
        Sizes of the network that will predict.
    n_members : int
        Number of members.
    max_context_rows : int
        Most training rows that a member reads at once; fewer if memory is short.
    rng : numpy.random.Generator
        Source of randomness.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view that the members take in turn.
    weights : ndarray of float64, (n_rows,), optional
        Weights of the training rows.

    Returns
    -------
    ClassEnsemble or NumberEnsemble

    Raises
    ------
    TabTransferError
        If there isn't even memory for one row of each class.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.encoder import TableEncoder
    >>> from tabtransfer.ensemble import build_ensemble
    >>> from tabtransfer.network import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(12.0)[:, None], np.arange(12) % 3
    >>> table = TableEncoder().fit(X).transform(X)
    >>> network = TabularTransformer(NetworkConfig()).eval()
    >>> rng = np.random.default_rng(0)
    >>> ensemble = build_ensemble(table, y, 3, network.config, 2, 4096, rng)
    >>> ensemble.probabilities(network, table).shape
    (12, 3)
    """
    maker = ViewMaker(table, n_classes, weights)
    views = (maker.draw(kinds[index % len(kinds)], rng) for index in range(n_members))
    contexts = (
        (view, rows_in_memory(len(view.sources), min(max_context_rows, len(labels)), network))
        for view in views
    )
    if not n_classes:
        return NumberEnsemble.draw(table, labels, contexts, rng, weights)
    return ClassEnsemble.draw(table, labels, n_classes, network.max_classes, contexts, rng, weights)


@dataclass(frozen=True)
class ClassMember:
    """Say how one member of an ensemble sees a classification task.

    Parameters
    ----------
    view : View
        How it sees the table.
    tree : ClassNode
        How it splits the classes; a single node if the network has outputs for all.
    context : dict of ClassNode to ndarray of int64
        Training rows that each node learns from.
    """

    view: View
    tree: ClassNode
    context: dict[ClassNode, NDArray[np.int64]]


@dataclass(frozen=True)
class ClassEnsemble(Ensemble):
    """Predict the probabilities of classes.

    Parameters
    ----------
    table, labels
        The training rows and their class indices.
    n_classes : int
        Number of classes.
    members : tuple of ClassMember
        The members.
    """

    n_classes: int
    members: tuple[ClassMember, ...]

    @classmethod
    def draw(
        cls,
        table: EncodedTable,
        labels: NDArray[np.int64],
        n_classes: int,
        max_classes: int,
        contexts: Iterator[tuple[View, int]],
        rng: np.random.Generator,
        weights: NDArray[np.float64] | None = None,
    ) -> ClassEnsemble:
        """Draw the rows of each member, whose views and numbers of rows are given."""
        members = []
        for view, n_rows in contexts:
            tree = class_tree(view.class_order, max_classes)
            context = {}
            for node in tree.nodes():
                rows = np.flatnonzero(node.group_of(labels, n_classes) >= 0)
                context[node] = rows[stratified_rows(labels[rows], n_rows, rng)]
            members.append(ClassMember(view, tree, context))
        return cls(table, labels, n_classes, tuple(members), weights=weights)

    @property
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""
        return max(len(rows) for member in self.members for rows in member.context.values())

    def probabilities(
        self, network: TabularTransformer, query: EncodedTable
    ) -> NDArray[np.float64]:
        """Predict rows: the normalised geometric mean of the members' probabilities.

        Parameters
        ----------
        network : TabularTransformer
            The network, in float32; it isn't changed.
        query : EncodedTable
            Rows to predict, encoded as the training rows are.

        Returns
        -------
        ndarray of float64, (n_query, n_classes)
        """
        if self.n_classes == 1:
            return np.ones((query.n_rows, 1))
        network = at_precision(network, self.dtype)
        logs = np.zeros((query.n_rows, self.n_classes))
        for member in self.members:
            logs += self._ask(network, member, query)
        return softmax(logs / len(self.members), axis=1)

    def loss(
        self,
        network: TabularTransformer,
        query: EncodedTable,
        labels: NDArray[np.int64],
        weights: NDArray[np.float64] | None = None,
    ) -> float:
        """Give the log loss."""
        own = self.probabilities(network, query)[np.arange(len(labels)), labels]
        return float(np.average(-np.log(own.clip(min=1e-15)), weights=weights))

    def _ask(
        self, network: TabularTransformer, member: ClassMember, query: EncodedTable
    ) -> NDArray[np.float64]:
        """Give one member's log probability of each class, (n_query, n_classes)."""
        train, shown = member.view.show(self.table), member.view.show(query)
        answers = {}
        for node, rows in member.context.items():
            groups = node.group_of(self.labels[rows], self.n_classes)
            weights = self._weights_of(rows)
            logits = ask(network, train.take(rows), groups, shown, len(node.groups), weights)
            answers[node] = logits[:, : len(node.groups)].log_softmax(-1).numpy()
        return multiply_down(member.tree, answers, self.n_classes)


@dataclass(frozen=True)
class NumberMember:
    """Say how one member of an ensemble sees a regression task.

    Parameters
    ----------
    view : View
        How it sees the table.
    rows : ndarray of int64
        Training rows that it reads; it standardises the target by them.
    """

    view: View
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class NumberEnsemble(Ensemble):
    """Predict the quantiles of numbers.

    Parameters
    ----------
    table, labels
        The training rows and their targets.
    members : tuple of NumberMember
        The members.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.encoder import TableEncoder
    >>> from tabtransfer.ensemble import build_ensemble
    >>> from tabtransfer.network import NetworkConfig, TabularTransformer
    >>> X = np.arange(12.0)[:, None]
    >>> table = TableEncoder().fit(X).transform(X)
    >>> network = TabularTransformer(NetworkConfig(tasks=("regression",))).eval()
    >>> rng = np.random.default_rng(0)
    >>> ensemble = build_ensemble(table, X[:, 0], 0, network.config, 2, 4096, rng)
    >>> ensemble.quantiles(network, table).shape
    (12, 99)
    """

    members: tuple[NumberMember, ...]

    @classmethod
    def draw(
        cls,
        table: EncodedTable,
        targets: NDArray[np.float64],
        contexts: Iterator[tuple[View, int]],
        rng: np.random.Generator,
        weights: NDArray[np.float64] | None = None,
    ) -> NumberEnsemble:
        """Draw the rows of each member, whose views and numbers of rows are given."""
        one_class = np.zeros(len(targets), np.int64)
        members = (
            NumberMember(view, stratified_rows(one_class, n_rows, rng)) for view, n_rows in contexts
        )
        return cls(table, targets, tuple(members), weights=weights)

    @property
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""
        return max(len(member.rows) for member in self.members)

    def quantiles(self, network: TabularTransformer, query: EncodedTable) -> NDArray[np.float64]:
        """Predict rows: the mean of the members' quantiles, ascending.

        Parameters
        ----------
        network : TabularTransformer
            The network, in float32; it isn't changed.
        query : EncodedTable
            Rows to predict, encoded as the training rows are.

        Returns
        -------
        ndarray of float64, (n_query, n_quantiles)
            At the levels of `tabtransfer.quantiles.quantile_levels`.
        """
        network = at_precision(network, self.dtype)
        total = np.zeros((query.n_rows, network.config.n_quantiles))
        for member in self.members:
            targets = self.labels[member.rows]
            weights = self._weights_of(member.rows)
            scale = learn_scale(targets, weights, member.view.normal_target)
            shown = member.view.show(query)
            context = member.view.show(self.table.take(member.rows))
            answer = ask(network, context, scale.standardise(targets), shown, 0, weights)
            total += scale.restore(answer.sort(-1).values.numpy()) / len(self.members)
        return total

    def loss(
        self,
        network: TabularTransformer,
        query: EncodedTable,
        labels: NDArray[np.float64],
        weights: NDArray[np.float64] | None = None,
    ) -> float:
        """Give the pinball loss on the training rows' scale; 1 is what guessing costs."""
        scale = TargetScale.of(self.labels, self.weights)
        quantiles = (self.quantiles(network, query) - scale.mean) / scale.deviation
        targets = (labels - scale.mean) / scale.deviation
        losses = pinball_loss(torch.from_numpy(quantiles), torch.from_numpy(targets))
        return float(np.average(losses.numpy(), weights=weights))
