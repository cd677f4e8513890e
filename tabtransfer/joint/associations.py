"""How much pairs of columns have to do with each other, from -1 or 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from scipy.stats.contingency import association

from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["associations"]


def associations(table: EncodedTable, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the association of each pair of columns.

    Spearman's correlation of two numbers, Cramér's V of two categories, the correlation ratio of a
    number's ranks with a category; NaN on the diagonal, and where a column has one value.

    Parameters
    ----------
    table : EncodedTable
        The rows.
    columns : ndarray of int64, (n_columns,)
        Places of the columns.

    Returns
    -------
    ndarray of float64, (n_columns, n_columns)

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tabtransfer.joint.associations import associations
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = pd.DataFrame({"x": [1.0, 2.0, 4.0], "minus": [-1.0, -2.0, -4.0]})
    >>> associations(TableEncoder().fit(X).transform(X), np.arange(2)).round(2)
    array([[nan, -1.],
           [-1., nan]])
    """
    n = len(columns)
    found = np.full((n, n), np.nan)
    for place, first in enumerate(columns):
        for other in range(place):
            second = columns[other]
            known = ~(table.missing[:, first] | table.missing[:, second])
            pair = table.values[known][:, [first, second]]
            kinds = table.categorical[[first, second]]
            if len(pair) > 2 and (pair != pair[0]).any(0).all():
                found[place, other] = found[other, place] = _association(pair, kinds)
    return found


def _association(pair: NDArray[np.float32], categorical: NDArray[np.bool_]) -> float:
    if categorical.all():
        codes = [np.unique(column, return_inverse=True)[1] for column in pair.T]
        counts = np.zeros([code.max() + 1 for code in codes], np.int64)
        np.add.at(counts, tuple(codes), 1)
        return float(association(counts, method="cramer"))
    ranks = [rankdata(column) for column in pair.T]
    if not categorical.any():
        return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
    place = int(np.flatnonzero(categorical)[0])
    _, groups = np.unique(pair[:, place], return_inverse=True)
    numbers = ranks[1 - place] - ranks[1 - place].mean()
    means = np.bincount(groups, numbers) / np.bincount(groups)
    return float(np.sqrt((means[groups] ** 2).sum() / (numbers**2).sum()))
