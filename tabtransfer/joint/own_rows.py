"""Training rows told from new ones by their cells, so that none is looked at beside itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["OwnRows", "row_keys"]


@dataclass(frozen=True, eq=False)
class OwnRows:
    """The training rows in folds, equal rows in the same one.

    Parameters
    ----------
    fold_of : dict of bytes to int
        Fold of each distinct row.
    folds : ndarray of int64, (n_rows,)
        Fold of each training row.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.joint.own_rows import OwnRows
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> X = np.array([[1.0], [2.0], [1.0], [3.0]])
    >>> encoder = TableEncoder().fit(X)
    >>> own = OwnRows.deal(encoder.transform(X), 2, np.random.default_rng(0))
    >>> bool(own.folds[0] == own.folds[2])
    True
    >>> int(own.find(encoder.transform(np.array([[5.0], [1.0]])))[0])
    -1
    """

    fold_of: dict[bytes, int]
    folds: NDArray[np.int64]

    @classmethod
    def deal(
        cls,
        table: EncodedTable,
        n_folds: int,
        rng: np.random.Generator,
        labels: NDArray[Any] | None = None,
    ) -> OwnRows:
        """Deal the training rows into folds, each with its share of the labels if there are any."""
        keys = row_keys(table)
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        places = rng.permutation(list(first.values()))
        if labels is not None:
            places = places[np.argsort(labels[places], kind="stable")]
        fold_of = {keys[place]: number % n_folds for number, place in enumerate(places)}
        return cls(fold_of, np.array([fold_of[key] for key in keys]))

    def find(self, table: EncodedTable) -> NDArray[np.int64]:
        """Return the fold of each row (n_rows,); -1 for rows that the training rows don't have."""
        return np.array([self.fold_of.get(key, -1) for key in row_keys(table)], dtype=np.int64)


def row_keys(table: EncodedTable) -> list[bytes]:
    """Return a key of each row (n_rows,), the same for rows of equal cells."""
    values = np.where(table.missing, np.float32(np.nan), table.values + np.float32(0.0))
    return [row.tobytes() for row in values]
