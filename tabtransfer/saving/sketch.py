"""Sketches: a few numbers by which an encoded table is recognised, up to rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import name_list
from tabtransfer.preprocessing.encoded_table import EncodedTable

__all__ = ["TableSketch"]

TOLERANCE = 1e-4  # of a column's root mean square; rounding is far below it


@dataclass(frozen=True)
class TableSketch:
    """Projections of a table's columns on one random direction.

    A hash would differ where rounding does, between processors or versions of numpy; a random
    projection differs as much as the column does, and tells the order of the rows.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    n_categories : list of int
        Of each column.
    columns : list of [float, float, float]
        Of each column, the projections of its values and of its missing flags, and the root mean
        square of its values; the last is that of the labels.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.saving.sketch import TableSketch
    >>> X = np.arange(8.0).reshape(4, 2)
    >>> table = TableEncoder().fit(X).transform(X)
    >>> one = TableSketch.of(table, np.array([0, 1, 0, 1]))
    >>> other = TableSketch.of(table.take(slice(None, None, -1)), np.array([1, 0, 1, 0]))
    >>> other.difference(one, ["a", "b"])
    "other cells in 'a', 'b' and the target"
    """

    n_rows: int
    n_categories: list[int]
    columns: list[list[float]]

    @classmethod
    def of(cls, table: EncodedTable, labels: NDArray[Any]) -> TableSketch:
        """Sketch a table and its labels."""
        direction = np.random.default_rng(0).normal(size=table.n_rows) / np.sqrt(table.n_rows)
        present = np.zeros(table.n_rows, dtype=bool)
        pairs = [*zip(table.values.T, table.missing.T, strict=True), (labels, present)]
        columns = []
        for values, missing in pairs:
            scale = max(1.0, float(np.abs(values).max()))  # squares of huge numbers overflow
            unit = values / scale
            columns.append(
                [
                    float(direction @ unit) * scale,
                    float(direction @ missing),
                    float(np.sqrt(np.mean(np.square(unit, dtype=np.float64)))) * scale,
                ]
            )
        return cls(table.n_rows, table.n_categories.tolist(), columns)

    def difference(self, other: TableSketch, names: list[Any]) -> str:
        """Return in words how a table differs from another, with the names of its columns.

        Returns
        -------
        str
            Empty if they are the same up to rounding.
        """
        if self.n_rows != other.n_rows:
            return f"{self.n_rows} rows instead of {other.n_rows}"
        if len(self.columns) != len(other.columns):
            return f"{len(self.columns) - 1} columns instead of {len(other.columns) - 1}"
        mine, its = np.array(self.columns), np.array(other.columns)
        scale = np.stack([its[:, 2], np.ones(len(its)), its[:, 2]], 1)
        differs = (np.abs(mine - its) > TOLERANCE * np.maximum(scale, 1e-12)).any(1)
        differs[:-1] |= np.array(self.n_categories) != np.array(other.n_categories)
        if not differs.any():
            return ""
        pairs = zip(names, differs[:-1], strict=True)
        changed = dict.fromkeys(name for name, other in pairs if other)
        places = []
        if changed:
            places.append(name_list(changed))
        if differs[-1]:
            places.append("the target")
        return f"other cells in {' and '.join(places)}"
