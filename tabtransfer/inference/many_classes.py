"""More classes than the network has outputs: a tree of class groups, exact by the chain rule.

Every node splits its classes into at most ``max_classes`` groups and is a task of its own,
learned from the training rows of its classes. The probability of a class is the product of
the probabilities of the groups on the way to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClassNode", "class_tree", "multiply_down", "tree_of_rows"]


@dataclass(frozen=True, eq=False)
class ClassNode:
    """Split some classes into groups.

    Parameters
    ----------
    groups : tuple of ndarray of int64
        Classes of each group.
    children : dict of int to ClassNode
        The node that splits a group further; groups of one class have none.
    """

    groups: tuple[NDArray[np.int64], ...]
    children: dict[int, ClassNode] = field(default_factory=dict)

    @property
    def classes(self) -> NDArray[np.int64]:
        """All classes below this node."""
        return np.concatenate(self.groups)

    def nodes(self) -> Iterator[ClassNode]:
        """Return this node, then all nodes below it."""
        yield self
        for child in self.children.values():
            yield from child.nodes()

    def group_of(self, labels: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
        """Return the group of each label, -1 for labels that aren't below this node."""
        groups = np.full(n_classes, -1, np.int64)
        for index, classes in enumerate(self.groups):
            groups[classes] = index
        return groups[labels]


def class_tree(classes: NDArray[np.int64], max_classes: int) -> ClassNode:
    """Build the flattest balanced tree over the classes, in the order given.

    Parameters
    ----------
    classes : ndarray of int64, (n_classes,)
        Classes; up to ``max_classes`` of them need a single node.
    max_classes : int
        Most groups that a node may have.

    Returns
    -------
    ClassNode
        The root.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.many_classes import class_tree
    >>> root = class_tree(np.arange(12), max_classes=10)
    >>> [len(group) for group in root.groups], len(list(root.nodes()))
    ([6, 6], 3)
    """
    n_below = 1  # classes that one group can hold at this depth
    while n_below * max_classes < len(classes):
        n_below *= max_classes
    groups = tuple(np.array_split(classes, -(-len(classes) // n_below)))
    children = {
        index: class_tree(group, max_classes)
        for index, group in enumerate(groups)
        if len(group) > 1
    }
    return ClassNode(groups, children)


def tree_of_rows(
    labels: NDArray[np.int64], order: NDArray[np.int64], max_classes: int
) -> ClassNode:
    """Build the tree of all classes; where they need several nodes, of those that rows have.

    A node of classes without rows would have nothing to learn from.
    """
    if len(order) > max_classes:
        order = order[np.isin(order, labels)]
    return class_tree(order, max_classes)


def multiply_down(
    root: ClassNode, log_probabilities: dict[ClassNode, NDArray[np.float64]], n_classes: int
) -> NDArray[np.float64]:
    """Combine the nodes' predictions into one of all classes.

    Parameters
    ----------
    root : ClassNode
        The tree.
    log_probabilities : dict of ClassNode to ndarray, (n_rows, n_groups)
        Log probability of each group, for every node of the tree.
    n_classes : int
        Number of classes in the tree.

    Returns
    -------
    ndarray of float64, (n_rows, n_classes)
        Log probability of each class; minus infinity of one that isn't in the tree.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.many_classes import class_tree, multiply_down
    >>> root = class_tree(np.arange(3), max_classes=2)  # classes 0 and 1, then 2
    >>> even = {node: np.log([[0.5, 0.5]]) for node in root.nodes()}
    >>> np.exp(multiply_down(root, even, 3)).round(2)
    array([[0.25, 0.25, 0.5 ]])
    """
    total = np.full((len(log_probabilities[root]), n_classes), -np.inf)
    total[:, root.classes] = 0.0
    for node in root.nodes():
        for index, classes in enumerate(node.groups):
            total[:, classes] += log_probabilities[node][:, index, None]
    return total
