"""Predict with a pretrained network: views of a table in, averaged probabilities out.

Nothing is trained here. Each member of an ensemble shows the network the training rows as
context in its own view (`tabtransfer.views`) and asks for the query rows. Memory is bounded:
query rows go through in chunks, and more training rows than fit are sampled, each class at
its share, by each member anew.

A row gets the same prediction alone as among others. To have that to more digits than
float32 has, small contexts (at most `DOUBLE_CELLS` cells) are computed in float64; which it
is depends on the training rows alone.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import Tensor

from tabtransfer.encoder import EncodedTable
from tabtransfer.many_classes import ClassNode, class_tree, multiply_down
from tabtransfer.memory import bytes_per_row, query_chunks, rows_in_memory
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.tasks import TaskBatch
from tabtransfer.views import KINDS, View, ViewKind, ViewMaker

__all__ = ["Ensemble", "Member", "stratified_rows", "task_batch"]

DOUBLE_CELLS = 5_000  # training cells up to which float64 costs little


@dataclass(frozen=True)
class Member:
    """Say how one member of an ensemble sees the task.

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
class Ensemble:
    """Hold the training rows and the members that predict from them.

        Parameters
        ----------
        table : EncodedTable
            The training rows.
        labels : ndarray of int64, (n_rows,)
            Class index of each.
        n_classes : int
            Number of classes.
        members : tuple of Member
            The members.

        Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.encoder import TableEncoder
    >>> from tabtransfer.inference import Ensemble
    >>> from tabtransfer.network import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(12.0)[:, None], np.arange(12) % 3
    >>> table = TableEncoder().fit(X).transform(X)
    >>> network = TabularTransformer(NetworkConfig()).eval()
    >>> rng = np.random.default_rng(0)
    >>> ensemble = Ensemble.build(table, y, 3, network.config, 2, 4096, rng)
    >>> ensemble.probabilities(network, table).shape
    (12, 3)
    """

    table: EncodedTable
    labels: NDArray[np.int64]
    n_classes: int
    members: tuple[Member, ...]

    @classmethod
    def build(
        cls,
        table: EncodedTable,
        labels: NDArray[np.int64],
        n_classes: int,
        network: NetworkConfig,
        n_members: int,
        max_context_rows: int,
        rng: np.random.Generator,
        kinds: Sequence[ViewKind] = KINDS,
    ) -> Ensemble:
        """Draw the members' views and contexts.

        Parameters
        ----------
        table, labels, n_classes
            The training rows.
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

        Returns
        -------
        Ensemble

        Raises
        ------
        TabTransferError
            If there isn't even memory for one row of each class.
        """
        maker = ViewMaker(table, n_classes)
        members = []
        for index in range(n_members):
            view = maker.draw(kinds[index % len(kinds)], rng)
            n_rows = min(max_context_rows, len(labels))
            n_rows = rows_in_memory(len(view.sources), n_rows, network)
            tree = class_tree(view.class_order, network.max_classes)
            context = {}
            for node in tree.nodes():
                rows = np.flatnonzero(node.group_of(labels, n_classes) >= 0)
                context[node] = rows[stratified_rows(labels[rows], n_rows, rng)]
            members.append(Member(view, tree, context))
        return cls(table, labels, n_classes, tuple(members))

    @property
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""
        return max(len(rows) for member in self.members for rows in member.context.values())

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the computation, from the size of the training rows alone."""
        small = self.n_context_rows * self.table.values.shape[1] <= DOUBLE_CELLS
        return torch.float64 if small else torch.float32

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
        if self.dtype is torch.float64:
            network = _in_double(network)
        logs = np.zeros((query.n_rows, self.n_classes))
        with torch.inference_mode():
            for member in self.members:
                logs += self._ask(network, member, query)
        return softmax(logs / len(self.members), axis=1)

    def _ask(
        self, network: TabularTransformer, member: Member, query: EncodedTable
    ) -> NDArray[np.float64]:
        """Give one member's log probability of each class, (n_query, n_classes)."""
        train, shown = member.view.show(self.table), member.view.show(query)
        answers = {}
        for node, rows in member.context.items():
            context = train.take(rows)
            groups = node.group_of(self.labels[rows], self.n_classes)
            row_bytes = bytes_per_row(
                len(member.view.sources), len(rows), network.config, self.dtype.itemsize
            )
            logits = [
                network(
                    task_batch(context, groups, shown.take(chunk), len(node.groups), self.dtype)
                )
                for chunk in query_chunks(query.n_rows, row_bytes)
            ]
            logs = torch.cat(logits, 1)[0, :, : len(node.groups)].double().log_softmax(-1)
            answers[node] = logs.numpy()
        return multiply_down(member.tree, answers, self.n_classes)


def task_batch(
    context: EncodedTable,
    labels: NDArray[np.int64],
    query: EncodedTable,
    n_classes: int,
    dtype: torch.dtype = torch.float32,
    query_labels: NDArray[np.int64] | None = None,
) -> TaskBatch:
    """Put a context and query rows together as a batch of one task.

    Parameters
    ----------
    context : EncodedTable
        Training rows, in the view that the network gets.
    labels : ndarray of int64
        Their classes.
    query : EncodedTable
        Query rows in the same view.
    n_classes : int
        Number of classes of the task.
    dtype : torch.dtype
        Type of the values.
    query_labels : ndarray of int64, optional
        Classes of the query rows, where a loss is to be computed.

    Returns
    -------
    TaskBatch

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.encoder import TableEncoder
    >>> from tabtransfer.inference import task_batch
    >>> table = TableEncoder().fit([[1.0], [2.0], [3.0]]).transform([[1.0], [2.0], [3.0]])
    >>> batch = task_batch(table.take(slice(2)), np.array([0, 1]), table.take(slice(2, 3)), 2)
    >>> batch.values.shape, batch.n_train
    (torch.Size([1, 3, 1]), 2)
    """
    if query_labels is None:
        query_labels = np.zeros(query.n_rows, np.int64)

    def joined(first: NDArray, second: NDArray) -> Tensor:
        return torch.from_numpy(np.concatenate([first, second]))[None]

    return TaskBatch(
        values=joined(context.values, query.values).to(dtype),
        missing=joined(context.missing, query.missing),
        categorical=torch.from_numpy(context.categorical)[None],
        labels=joined(labels, query_labels),
        n_train=context.n_rows,
        n_columns=torch.tensor([context.values.shape[1]]),
        n_classes=torch.tensor([n_classes]),
    )


def stratified_rows(
    labels: NDArray[np.int64], n_rows: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Choose rows at random, each class at its share and with one row at least.

    Parameters
    ----------
    labels : ndarray of int64
        Class of each row.
    n_rows : int
        Rows to choose; all, in their order, if there are no more.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Places of the chosen rows, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference import stratified_rows
    >>> labels = np.array([0] * 90 + [1] * 10)
    >>> np.bincount(labels[stratified_rows(labels, 20, np.random.default_rng(0))]).tolist()
    [18, 2]
    """
    if len(labels) <= n_rows:
        return np.arange(len(labels))
    order = rng.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    sorted_labels = labels[by_class]
    # The k-th of a class's m rows has place k / m: the lowest places are an even share of all.
    place = (np.arange(len(labels)) - starts[sorted_labels]) / counts[sorted_labels]
    place += 1e-9 * rng.random(len(labels)) * (place > 0)
    return np.sort(by_class[np.argsort(place, kind="stable")[:n_rows]])


_doubles: WeakKeyDictionary[TabularTransformer, TabularTransformer] = WeakKeyDictionary()


def _in_double(network: TabularTransformer) -> TabularTransformer:
    """Give the network's copy in float64, made once unless the network is still learning."""
    if next(network.parameters()).requires_grad:
        return copy.deepcopy(network).double()
    if network not in _doubles:
        _doubles[network] = copy.deepcopy(network).double()
    return _doubles[network]
