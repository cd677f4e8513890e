"""Ensembles: the training rows shown to a network in several views, predictions averaged.

Nothing is trained here. Each member shows the network the training rows as context in its own
view (`tabtransfer.inference.views`) and asks for the query rows. Of more training rows than fit,
each member takes a sample of its own, or of rows like the query row
(`tabtransfer.inference.contexts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from tabtransfer.device import CPU
from tabtransfer.inference.base_rates import base_rate_shift
from tabtransfer.inference.context_order import copies_together
from tabtransfer.inference.context_size import in_memory
from tabtransfer.inference.contexts import Pool, pools
from tabtransfer.inference.many_classes import ClassNode, multiply_down, tree_of_rows
from tabtransfer.inference.members import Advance, Ensemble, MemberTask, ignore
from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.inference.views import KINDS, View, ViewKind, ViewMaker
from tabtransfer.learners.channels import ClassificationChannels, RegressionChannels
from tabtransfer.network.quantiles import pinball_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.preprocessing.target_scale import NormalTargetScale, TargetScale, learn_scale

__all__ = [
    "ClassificationEnsemble",
    "ClassificationMember",
    "Ensemble",
    "RegressionEnsemble",
    "RegressionMember",
    "build_ensemble",
]


def build_ensemble(
    training: LabelledTable,
    network: NetworkConfig,
    n_members: int,
    max_context_rows: int,
    rng: np.random.Generator,
    kinds: Sequence[ViewKind] = KINDS,
    memory_limit: int | None = None,
    kept_back: NDArray[np.int64] | None = None,
    device: torch.device = CPU,
    clusters: RowClusters | None = None,
) -> ClassificationEnsemble | RegressionEnsemble:
    """Draw the members' views and contexts.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    network : NetworkConfig
        Sizes of the network that will predict.
    n_members : int
        Number of members that a row is asked of.
    max_context_rows : int
        Most training rows that a member reads at once; fewer if memory is short, and then
        fewer columns.
    rng : numpy.random.Generator
        Source of randomness.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view that the members take in turn.
    memory_limit : int, optional
        Bytes that reading and predicting may take; a share of what is free if not given.
    kept_back : ndarray of int64, optional
        Training rows that no member reads.
    device : torch.device, optional
        Where the network will compute, and memory is looked at.
    clusters : RowClusters, optional
        Clusters of training rows, by which half of the members read; none if not given.

    Returns
    -------
    ClassificationEnsemble or RegressionEnsemble

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.inference.ensemble import build_ensemble
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(12.0)[:, None], np.arange(12) % 3
    >>> table = TableEncoder().fit(X).transform(X)
    >>> network = TabularTransformer(NetworkConfig()).eval()
    >>> training, rng = LabelledTable(table, y, 3), np.random.default_rng(0)
    >>> ensemble = build_ensemble(training, network.config, 2, 4096, rng)
    >>> ensemble.probabilities(network, table).shape
    (12, 3)
    """
    maker = ViewMaker(training)
    budget = MemoryBudget.of(memory_limit, device)
    clusters = RowClusters.one() if clusters is None else clusters
    readable = np.arange(training.n_rows)
    if kept_back is not None:
        readable = np.setdiff1d(readable, kept_back)

    def contexts() -> Iterator[_Context]:
        for pool in pools(training, readable, clusters, n_members, max_context_rows, rng):
            view = maker.draw(kinds[pool.member % len(kinds)], rng)
            n_rows = min(max_context_rows, len(pool.rows))
            yield pool, *in_memory(view, n_rows, training, network, budget)

    if training.is_regression:
        return RegressionEnsemble.draw(training, contexts(), rng, clusters, memory_limit)
    return ClassificationEnsemble.draw(
        training, network.max_classes, contexts(), rng, clusters, memory_limit
    )


_Context = tuple[Pool, View, int]  # with the number of rows


@dataclass(frozen=True)
class ClassificationMember:
    """The view and the rows by which one member of an ensemble sees a classification task.

    Parameters
    ----------
    view : View
        How it sees the table.
    tree : ClassNode
        How it splits the classes; a single node if the network has outputs for all.
    context : dict of ClassNode to ndarray of int64
        Training rows that each node learns from.
    cluster : int, optional
        The cluster whose rows it is asked about; all rows if not given.
    """

    view: View
    tree: ClassNode
    context: dict[ClassNode, NDArray[np.int64]]
    cluster: int | None = None


@dataclass(frozen=True)
class ClassificationEnsemble(Ensemble):
    """Predict the probabilities of classes.

    Parameters
    ----------
    training : LabelledTable
        The training rows and their classes.
    members : tuple of ClassificationMember
        The members.
    """

    members: tuple[ClassificationMember, ...]

    @classmethod
    def draw(
        cls,
        training: LabelledTable,
        max_classes: int,
        contexts: Iterable[_Context],
        rng: np.random.Generator,
        clusters: RowClusters,
        memory_limit: int | None = None,
    ) -> ClassificationEnsemble:
        """Draw rows of each member; what from, views and numbers of rows are given."""
        labels, members = training.labels, []
        for pool, view, n_rows in contexts:
            tree = tree_of_rows(labels[pool.rows], view.class_order, max_classes)
            context = {}
            for node in tree.nodes():
                in_node = node.group_of(labels[pool.rows], training.n_classes) >= 0
                rows = pool.rows[in_node]
                drawn = rows[stratified_rows(labels[rows], n_rows, rng)]
                context[node] = copies_together(training, drawn)
            members.append(ClassificationMember(view, tree, context, pool.cluster))
        return cls(training, tuple(members), memory_limit=memory_limit, clusters=clusters)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.training.n_classes

    @property
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""
        return max(len(rows) for member in self.members for rows in member.context.values())

    def tasks(self) -> list[MemberTask]:
        """Return what the members read: the nodes of their class trees."""
        if self.n_classes == 1:
            return []  # nothing to ask
        return [
            MemberTask(
                member.view,
                rows,
                node.group_of(self.training.labels[rows], self.n_classes),
                len(node.groups),
                ClassificationChannels(node.groups),
                member.cluster,
            )
            for member in self.members
            for node, rows in member.context.items()
        ]

    def groups(self, classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return the output of each task that each class belongs to; -1 where none does."""
        if self.n_classes == 1:
            return []
        return [
            node.group_of(classes, self.n_classes)
            for member in self.members
            for node in member.context
        ]

    def n_outputs(self, network: NetworkConfig) -> int:
        """Numbers that are predicted for a row: the classes'."""
        return self.n_classes

    def probabilities(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict rows: the normalised geometric mean of the members' probabilities.

        Parameters
        ----------
        network : TabularTransformer
            The network, in float32, on any device; it isn't changed.
        query : EncodedTable
            Rows to predict, encoded as the training rows are.
        advance : callable
            Called with a number of rows whenever they were asked about for one task.

        Returns
        -------
        ndarray of float64, (n_query, n_classes)
        """
        if self.n_classes == 1:
            return np.ones((query.n_rows, 1))
        answers = self._answers(network, query, advance)
        logs = np.zeros((query.n_rows, self.n_classes))
        for member in self.members:
            by_node = {}
            own = self._clusters_of_rows == (-1 if member.cluster is None else member.cluster)
            for node, rows in member.context.items():
                asked, logits = next(answers)
                shift = base_rate_shift(self.training.labels, self.n_classes, node, rows, own)
                shifted = logits[:, : len(node.groups)] + shift
                by_node[node] = shifted.log_softmax(-1).numpy()
            logs[asked] += multiply_down(member.tree, by_node, self.n_classes)
        return softmax(logs / self.n_members, axis=1)

    @cached_property
    def _clusters_of_rows(self) -> NDArray[np.int64]:
        return self.clusters.of(self.training.table)

    def row_losses(self, network: TabularTransformer, query: LabelledTable) -> NDArray[np.float64]:
        """Return the log loss of each row (n_query,)."""
        of_true_class = self.probabilities(network, query.table)[
            np.arange(query.n_rows), query.labels
        ]
        return -np.log(of_true_class.clip(min=1e-15))


@dataclass(frozen=True)
class RegressionMember:
    """The view and the rows by which one member of an ensemble sees a regression task.

    Parameters
    ----------
    view : View
        How it sees the table.
    rows : ndarray of int64
        Training rows that it reads; it standardises the target by them.
    cluster : int, optional
        The cluster whose rows it is asked about; all rows if not given.
    """

    view: View
    rows: NDArray[np.int64]
    cluster: int | None = None


@dataclass(frozen=True)
class RegressionEnsemble(Ensemble):
    """Predict the quantiles of numbers.

    Parameters
    ----------
    training : LabelledTable
        The training rows and their targets.
    members : tuple of RegressionMember
        The members.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.inference.ensemble import build_ensemble
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> X = np.arange(12.0)[:, None]
    >>> table = TableEncoder().fit(X).transform(X)
    >>> network = TabularTransformer(NetworkConfig(tasks=("regression",))).eval()
    >>> training, rng = LabelledTable(table, X[:, 0], 0), np.random.default_rng(0)
    >>> ensemble = build_ensemble(training, network.config, 2, 4096, rng)
    >>> ensemble.quantiles(network, table).shape
    (12, 99)
    """

    members: tuple[RegressionMember, ...]

    @classmethod
    def draw(
        cls,
        training: LabelledTable,
        contexts: Iterable[_Context],
        rng: np.random.Generator,
        clusters: RowClusters,
        memory_limit: int | None = None,
    ) -> RegressionEnsemble:
        """Draw rows of each member; what from, views and numbers of rows are given."""
        members = []
        for pool, view, n_rows in contexts:
            drawn = pool.rows[stratified_rows(training.strata[pool.rows], n_rows, rng)]
            rows = copies_together(training, drawn)
            members.append(RegressionMember(view, rows, pool.cluster))
        return cls(training, tuple(members), memory_limit=memory_limit, clusters=clusters)

    @property
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""
        return max(len(member.rows) for member in self.members)

    def tasks(self) -> list[MemberTask]:
        """Return what the members read: standardised targets."""
        return [self._task(member) for member in self.members]

    def _task(self, member: RegressionMember) -> MemberTask:
        scale, out_of_fold = self.scale_of(member), self.training.table.learners
        out_of_fold = None if out_of_fold is None else out_of_fold[member.rows]
        targets = scale.standardise(self.training.labels[member.rows])
        weights = self.training.weights_of(member.rows)
        channels = RegressionChannels.of(out_of_fold, targets, scale, weights)
        return MemberTask(member.view, member.rows, targets, 0, channels, member.cluster)

    def n_outputs(self, network: NetworkConfig) -> int:
        """Numbers that are predicted for a row: the quantiles."""
        return network.n_quantiles

    def quantiles(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance = ignore
    ) -> NDArray[np.float64]:
        """Predict rows: the mean of the members' quantiles, ascending.

        Parameters
        ----------
        network : TabularTransformer
            The network, in float32, on any device; it isn't changed.
        query : EncodedTable
            Rows to predict, encoded as the training rows are.
        advance : callable
            Called with a number of rows whenever they were asked about for one task.

        Returns
        -------
        ndarray of float64, (n_query, n_quantiles)
            At the levels of `tabtransfer.network.quantiles.quantile_levels`.
        """
        total = np.zeros((query.n_rows, network.config.n_quantiles))
        answers = self._answers(network, query, advance)
        for member, (rows, answer) in zip(self.members, answers, strict=True):
            quantiles = self.scale_of(member).restore(answer.sort(-1).values.numpy())
            total[rows] += quantiles / self.n_members
        return total

    def scale_of(self, member: RegressionMember) -> TargetScale | NormalTargetScale:
        """Learn the scale on which a member reads the target."""
        weights = self.training.weights_of(member.rows)
        return learn_scale(self.training.labels[member.rows], weights, member.view.normal_target)

    def row_losses(self, network: TabularTransformer, query: LabelledTable) -> NDArray[np.float64]:
        """Return the pinball loss of each row on the training rows' scale (n_query,).

        1 is what guessing costs.
        """
        scale = TargetScale.of(self.training.labels, self.training.weights)
        quantiles = (self.quantiles(network, query.table) - scale.mean) / scale.deviation
        targets = (query.labels - scale.mean) / scale.deviation
        losses = pinball_loss(torch.from_numpy(quantiles), torch.from_numpy(targets))
        return losses.numpy()
