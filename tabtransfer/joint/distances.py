"""Distances of rows to the training rows, of numbers and categories together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["nearest_distances"]


def nearest_distances(training: EncodedTable, rows: EncodedTable) -> NDArray[np.float64]:
    """Return the distance of each row to its nearest training row, per column on average.

    Numbers are scaled by ranks among the training rows, and categories are 0 or 1 apart.
    """
    places = [_places(training, table) for table in (training, rows)]
    search = NearestNeighbors(n_neighbors=1, metric="manhattan").fit(places[0])
    found, _ = search.kneighbors(places[1])
    return found[:, 0] / training.values.shape[1]


def _places(training: EncodedTable, table: EncodedTable) -> NDArray[np.float64]:
    columns = []
    for column in range(training.values.shape[1]):
        cells = table.cells[:, column]
        if training.categorical[column]:
            codes = np.nan_to_num(cells, nan=-1.0)
            values = np.unique(np.nan_to_num(training.cells[:, column], nan=-1.0))
            columns.append((codes[:, None] == values) / 2.0)
            continue
        known = np.sort(training.cells[:, column][~training.missing[:, column]])
        ranks = np.interp(cells, known, np.linspace(0.0, 1.0, len(known))) if len(known) else cells
        columns.append(np.nan_to_num(ranks, nan=-1.0)[:, None])
    return np.concatenate(columns, 1)
