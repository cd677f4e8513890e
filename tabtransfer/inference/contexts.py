"""The training rows from which the members of an ensemble draw their contexts.

A context holds so many rows. Of a larger table, a sample leaves out most of those that are like a
row to predict. So half of the members read by clusters: a member has a context for each cluster of
training rows, and a row is asked about in that of its own (Xu et al. 2024, "Mixture of In-Context
Prompters for Tabular PFNs"). A part of each context is rows of the other clusters, so that it holds
every class. Of numbers that pays a little sooner, where a context still holds all rows:
``records/042-contexts-by-clusters``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.memory import ContextShape, MemoryBudget
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.stratified import stratified_rows

__all__ = ["Pool", "learn_clusters", "pools"]

MOST_CLUSTERS = 8
ROWS_OF_CLUSTER = 1250
FEWEST_OF_NUMBERS = 3  # clusters, where a context holds all rows
OTHERS = 0.25  # of a cluster's context, at least
FEWEST_ROWS = 2000  # of a cluster's context


@dataclass(frozen=True)
class Pool:
    """The rows from which a member draws a context.

    Parameters
    ----------
    rows : ndarray of int64
        Places of training rows, ascending.
    member : int
        Which member it is.
    cluster : int or None
        The cluster whose rows are asked about in this context; None: all are.
    """

    rows: NDArray[np.int64]
    member: int
    cluster: int | None = None


def learn_clusters(
    training: LabelledTable,
    readable: NDArray[np.int64],
    n_members: int,
    max_context_rows: int,
    network: NetworkConfig,
    budget: MemoryBudget,
    seed: int,
) -> RowClusters:
    """Learn the clusters by which half of the members read; one where none of them does.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    readable : ndarray of int64
        Places of those that may be read.
    n_members : int
        Members that a row is asked of.
    max_context_rows : int
        Most training rows that a member reads at once.
    network : NetworkConfig
        Sizes of the network that will predict.
    budget : MemoryBudget
        There are no more clusters than contexts that can be kept, and one for more classes than
        the network tells apart at once.
    seed : int
        Same seed, same clusters.

    Returns
    -------
    RowClusters
    """
    n_rows, n_local = training.n_rows, n_members // 2
    n_clusters = min(MOST_CLUSTERS, n_rows // ROWS_OF_CLUSTER)
    sooner = training.is_regression and n_clusters >= FEWEST_OF_NUMBERS
    many_classes = training.n_classes > network.max_classes
    if not n_local or many_classes or (n_rows <= max_context_rows and not sooner):
        return RowClusters.one()

    def kept(n_context_rows: int) -> float:
        n_categories = training.table.n_categories
        return ContextShape.of(n_context_rows, n_categories, training.n_classes, network).bytes_kept

    whole = (n_members - n_local) * kept(min(n_rows, max_context_rows))
    while n_clusters > 1:
        of_each = kept(_context_rows(n_rows // n_clusters, max_context_rows))
        if whole + n_local * n_clusters * of_each <= budget.kept:
            table, weights = training.table.take(readable), training.weights_of(readable)
            return RowClusters.learn(table, n_clusters, weights, seed)
        n_clusters -= 1
    return RowClusters.one()


def pools(
    training: LabelledTable,
    readable: NDArray[np.int64],
    clusters: RowClusters,
    n_members: int,
    max_context_rows: int,
    rng: np.random.Generator,
) -> Iterator[Pool]:
    """Draw where each context comes from: half of the members' from clusters, if there are several.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    readable : ndarray of int64
        Places of those that may be read.
    clusters : RowClusters
        The clusters.
    n_members : int
        Members that a row is asked of.
    max_context_rows : int
        Most rows of a context.
    rng : numpy.random.Generator
        Source of randomness.

    Yields
    ------
    Pool
        One for each member that reads all clusters, then one for each cluster of each other member.
    """
    n_clusters = len(clusters.centres)
    n_local = n_members // 2 if n_clusters > 1 else 0
    for member in range(n_members - n_local):
        yield Pool(readable, member)
    if not n_local:
        return
    places, strata = clusters.of(training.table.take(readable)), training.strata

    def draw(rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int64]:
        return rows[stratified_rows(strata[rows], n_rows, rng)]

    for member in range(n_members - n_local, n_members):
        for cluster in range(n_clusters):
            own = draw(readable[places == cluster], int((1 - OTHERS) * max_context_rows))
            n_rows = _context_rows(len(own), max_context_rows)
            others = draw(readable[places != cluster], n_rows - len(own))
            yield Pool(np.union1d(own, others), member, cluster)


def _context_rows(n_own: int, max_context_rows: int) -> int:
    """Return how many rows a context holds, with so many of its own cluster."""
    return min(max_context_rows, max(FEWEST_ROWS, round(n_own / (1 - OTHERS))))
