"""Clusters of training rows, and the one that a row to predict belongs to.

Rows are compared by their cells: numbers as they are standardised, extreme ones moved in, and
indicators of categories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["RowClusters"]

_FURTHEST = 4.0  # standard deviations from the mean
_MOST_CATEGORIES = 16  # of a column that tells clusters apart
_MOST_ROWS = 20_000  # that centres are learned from
_STARTS = 3
_PIECE = 10_000  # rows that are placed at once


@dataclass(frozen=True, eq=False)
class RowClusters:
    """Clusters of rows, each with a centre.

    Parameters
    ----------
    centres : ndarray of float32, (n_clusters, n_coordinates)
        The centres.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.row_clusters import RowClusters
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = np.r_[np.arange(5.0), np.arange(100.0, 105.0)][:, None]
    >>> table = TableEncoder().fit(X).transform(X)
    >>> places = RowClusters.learn(table, 2, None, seed=0).of(table)
    >>> len(set(places[:5])), len(set(places[5:])), len(set(places))
    (1, 1, 2)
    """

    centres: NDArray[np.float32]

    @classmethod
    def one(cls) -> RowClusters:
        """Return a single cluster of all rows."""
        return cls(np.zeros((1, 0), np.float32))

    @classmethod
    def learn(
        cls, table: EncodedTable, n_clusters: int, weights: NDArray[np.float64] | None, seed: int
    ) -> RowClusters:
        """Learn clusters by k-means (Lloyd 1982), from 20,000 of the rows at most.

        Parameters
        ----------
        table : EncodedTable
            The rows.
        n_clusters : int
            Number of clusters; fewer are found where fewer rows differ.
        weights : ndarray of float64, (n_rows,), or None
            Weight of each row; None: all one.
        seed : int
            Same seed, same clusters.

        Returns
        -------
        RowClusters
        """
        from sklearn.cluster import KMeans

        rng = np.random.default_rng(seed)
        rows = np.arange(table.n_rows)
        if table.n_rows > _MOST_ROWS:
            rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
        coordinates = _coordinates(table.take(rows))
        different = np.unique(coordinates, axis=0)
        if len(different) <= n_clusters:
            return cls(different)
        search = KMeans(n_clusters, n_init=_STARTS, random_state=seed)
        with threadpool_limits(1):  # sums round differently with another number of threads
            search.fit(coordinates, sample_weight=None if weights is None else weights[rows])
        return cls(search.cluster_centers_.astype(np.float32))

    def of(self, table: EncodedTable) -> NDArray[np.int64]:
        """Return the cluster of each row (n_rows,): the one whose centre is nearest.

        Raises
        ------
        ValueError
            If the centres are those of another table.
        """
        if len(self.centres) == 1:
            return np.zeros(table.n_rows, np.int64)
        nearest = [np.zeros(0, np.int64)]
        for start in range(0, table.n_rows, _PIECE):
            coordinates = _coordinates(table.take(slice(start, start + _PIECE)))
            if coordinates.shape[1] != self.centres.shape[1]:
                raise ValueError("the clusters are those of another table")
            distances = [np.square(coordinates - centre).sum(1) for centre in self.centres]
            nearest.append(np.argmin(distances, axis=0))
        return np.concatenate(nearest)


def _coordinates(table: EncodedTable) -> NDArray[np.float32]:
    """Return where rows lie (n_rows, n_coordinates)."""
    numbers = table.values[:, ~table.categorical].clip(-_FURTHEST, _FURTHEST)
    indicators = [
        (table.values[:, column, None] == np.arange(table.n_categories[column]))
        & ~table.missing[:, column, None]
        for column in np.flatnonzero(table.categorical)
        if table.n_categories[column] <= _MOST_CATEGORIES
    ]
    return np.concatenate([numbers, *indicators], 1, dtype=np.float32)
