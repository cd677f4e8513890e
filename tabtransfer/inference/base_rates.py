"""The base rates of classes in a sample that has a row of each, however rare it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tabtransfer.inference.many_classes import ClassNode

__all__ = ["base_rate_shift"]


def base_rate_shift(
    labels: NDArray[Any],
    n_classes: int,
    node: ClassNode,
    rows: NDArray[np.int64],
    own: NDArray[np.bool_],
) -> torch.Tensor:
    """Return what to add to the logits of a node's groups, for a context of these rows.

    A sample has a row of each class at least: of a class that would have had less than one, the
    network takes the base rate to be higher than it is (Elkan 2001). A cluster's context is two
    samples, of its own rows and of others.

    Parameters
    ----------
    labels : ndarray of int64
        Classes of the training rows.
    n_classes : int
        Number of classes.
    node : ClassNode
        Whose groups are told apart.
    rows : ndarray of int64
        Places of the rows in the context.
    own : ndarray of bool
        Which training rows are the cluster's own; none, if the context is one sample.

    Returns
    -------
    Tensor of float64, (n_groups,)
        0 for groups without a class that is rarer than it looks.
    """
    read, expected = np.zeros(n_classes), np.zeros(n_classes)
    for sampled in (own, ~own):
        every = np.bincount(labels[sampled], minlength=n_classes)
        found = np.bincount(labels[rows[sampled[rows]]], minlength=n_classes)
        share = every * (found.sum() / max(1, every[node.classes].sum()))
        read += found
        expected += np.where(found == 1, share.clip(max=1.0), found)
    shifts = np.zeros(len(node.groups))
    for place, classes in enumerate(node.groups):
        if (expected[classes] < read[classes]).any():
            shifts[place] = np.log(expected[classes].sum() / read[classes].sum())
    return torch.from_numpy(shifts)
