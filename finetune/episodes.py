"""Episodes: small tasks cut from one table, as much like its real prediction as possible.

An episode shows part of the training rows as context and asks for the others, in a freshly
drawn view. So fine-tuning adapts the network to the table without changing what it is: a
network that reads a context.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.context_order import copies_together
from tabtransfer.inference.many_classes import ClassNode, class_tree
from tabtransfer.inference.predict import Channels, task_batch
from tabtransfer.inference.views import KINDS, ViewKind, ViewMaker
from tabtransfer.learners.channels import ClassificationChannels, RegressionChannels
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.target_scale import learn_scale
from tabtransfer.tasks import TaskBatch

__all__ = ["Episodes"]

QUERY_SHARES = (0.2, 0.5)  # of the rows of an episode
_TRIES = 10


class Episodes:
    """Draw episodes from a table.

    Classes are as frequent in episodes as among the training rows, however rare they are. Query
    rows of a class that the context doesn't hold are left out; of tables so small that none would
    be left, the context takes a row of each class first. Numeric targets are put on a scale of
    the context.

    Parameters
    ----------
    training : LabelledTable
        The training rows. Weights count in the context, and in the loss of query rows.
    max_classes : int
        Most classes that the network has outputs for; of more classes, an episode takes a
        random node of a random class tree.
    max_rows : int
        Most rows of an episode, context and query.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view, one of which is drawn for each episode.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.finetune.episodes import Episodes
    >>> X, y = np.arange(40.0)[:, None], np.arange(40) % 2
    >>> training = LabelledTable(TableEncoder().fit(X).transform(X), y, 2)
    >>> episode = Episodes(training, 10, 30).draw(np.random.default_rng(0))
    >>> episode.values.shape
    torch.Size([1, 30, 1])
    """

    def __init__(
        self,
        training: LabelledTable,
        max_classes: int,
        max_rows: int,
        kinds: Sequence[ViewKind] = KINDS,
    ) -> None:
        self.training, self.max_classes, self.max_rows = training, max_classes, max_rows
        self.kinds = kinds
        self._maker = ViewMaker(training)

    def draw(self, rng: np.random.Generator) -> TaskBatch:
        """Draw an episode: one task, with the query rows' labels."""
        training, labels, n_classes = self.training, self.training.labels, self.training.n_classes
        view = self._maker.draw(self.kinds[int(rng.integers(len(self.kinds)))], rng)
        if training.is_regression:
            groups, n_groups = training.strata, 0
        else:
            node = _draw_node(
                class_tree(view.class_order, self.max_classes), labels, n_classes, rng
            )
            groups, n_groups = node.group_of(labels, n_classes), len(node.groups)
        rows = np.flatnonzero(groups >= 0)
        rows = np.sort(rng.permutation(rows)[: self.max_rows])
        context, query = _split(groups[rows], n_groups, rng)
        rows = np.concatenate([copies_together(training, rows[context]), rows[query]])
        context, query = np.split(np.arange(len(rows)), [len(context)])
        weight = training.weights_of(rows)
        known = None if weight is None else weight[context]
        shown = view.show(training.table.take(rows))
        seen = shown.take(context)
        targets: NDArray[Any] = groups[rows]
        channels: Channels
        if training.is_regression:
            scale = learn_scale(labels[rows[context]], known, view.normal_target)
            targets = scale.standardise(labels[rows])
            channels = RegressionChannels.of(seen.learners, targets[context], scale, known)
        else:
            channels = ClassificationChannels(node.groups)
        return task_batch(
            seen,
            targets[context],
            shown.take(query),
            n_groups,
            query_labels=targets[query],
            weights=known,
            query_weights=None if weight is None else weight[query],
            copies=training.copies_of(rows[context]),
            channels=channels,
        )


def _draw_node(
    tree: ClassNode, labels: NDArray[np.int64], n_classes: int, rng: np.random.Generator
) -> ClassNode:
    """Draw a node that has rows of at least two classes."""
    nodes = [n for n in tree.nodes() if (n.group_of(labels, n_classes) >= 0).sum() >= 2]
    return nodes[rng.integers(len(nodes))]


def _split(
    groups: NDArray[np.int64], n_groups: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows at random into context and query, which asks for groups of the context alone."""
    n_query = int(np.clip(len(groups) * rng.uniform(*QUERY_SHARES), 1, max(1, len(groups) - 1)))
    for _ in range(_TRIES):  # not stratified: a query row's class is independent of the context
        order = rng.permutation(len(groups))
        query, context = order[:n_query], order[n_query:]
        query = query[np.isin(groups[query], groups[context])]
        if len(query) and (not n_groups or len(np.unique(groups[context])) > 1):
            return context, query
    return _split_tiny(groups, n_query, rng)


def _split_tiny(
    groups: NDArray[np.int64], n_query: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split few rows into context and query, one row of each group in the context first."""
    order = rng.permutation(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    rest = np.delete(order, first)
    if not len(rest):  # one row a group: ask for one of them
        return order[1:], order[:1]
    return np.concatenate([order[first], rest[n_query:]]), rest[:n_query]
