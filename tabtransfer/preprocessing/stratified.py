"""Draws of rows that keep the share of each class: systematic sampling (Cochran 1977, ch. 8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["stratified_order", "stratified_rows"]


def stratified_order(labels: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle rows so that the start of the order, however long, holds each class in proportion.

    A class that would have half a row in the start has one in every other draw, so that its share
    is right on average.

    Parameters
    ----------
    labels : ndarray, (n_rows,)
        Class of each row.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64, (n_rows,)
        Permutation of the places of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.stratified import stratified_order
    >>> order = stratified_order(np.array([0] * 90 + [1] * 10), np.random.default_rng(0))
    >>> int((order[:50] >= 90).sum())
    5
    """
    position = np.empty(len(labels))
    for name in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == name))
        position[members] = (np.arange(len(members)) + rng.random()) / len(members)
    return np.argsort(position, kind="stable")


def stratified_rows(
    labels: NDArray[np.int64], n_rows: int, rng: np.random.Generator, every_class: bool = True
) -> NDArray[np.int64]:
    """Draw rows at random, each class at its share.

    Parameters
    ----------
    labels : ndarray of int64
        Class of each row.
    n_rows : int
        Rows to choose; all, in their order, if there are no more.
    rng : numpy.random.Generator
        Source of randomness.
    every_class : bool, default=True
        Whether each class has one row at least, more than its share if it is rare. Otherwise they
        are the start of a `stratified_order`.

    Returns
    -------
    ndarray of int64
        Places of the chosen rows, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.stratified import stratified_rows
    >>> labels = np.array([0] * 90 + [1] * 10)
    >>> np.bincount(labels[stratified_rows(labels, 20, np.random.default_rng(0))]).tolist()
    [18, 2]
    """
    if len(labels) <= n_rows:
        return np.arange(len(labels))
    if not every_class:
        return np.sort(stratified_order(labels, rng)[:n_rows])
    order = rng.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    sorted_labels = labels[by_class]
    # The k-th of a class's m rows has place k / m: the lowest places are an even share of all.
    place = (np.arange(len(labels)) - starts[sorted_labels]) / counts[sorted_labels]
    ties = 1e-9 * rng.random(len(labels))
    place += np.where(place > 0, ties, 0.0)
    return np.sort(by_class[np.argsort(place, kind="stable")[:n_rows]])
