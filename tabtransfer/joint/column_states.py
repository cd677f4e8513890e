"""What a cell may be, apart from a number: a category, a frequent number, or missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tabtransfer.joint.column_cells import CategoryCells, ColumnCells

__all__ = ["ColumnStates"]


@dataclass(frozen=True, eq=False)
class ColumnStates:
    """The states of a column's cells, which are predicted as classes.

    Parameters
    ----------
    values : ndarray of float64, (n_values,)
        The label of each state that has one: a category's rank, or a frequent number. Then come
        the states "rest" and "missing", if there are these.
    rest : bool
        Whether there is a state for all other labels: rare categories, or other numbers.
    missing : bool
        Whether there is a state for missing cells.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.joint.column_states import ColumnStates
    >>> states = ColumnStates(np.array([0.0]), rest=True, missing=True)
    >>> states.of(np.array([0.0, 2.5, np.nan]))
    array([0, 1, 2])
    """

    values: NDArray[np.float64]
    rest: bool
    missing: bool

    @classmethod
    def learn(
        cls, cells: ColumnCells, labels: NDArray[np.float64], with_missing: bool
    ) -> ColumnStates:
        """Return the states that the training rows have; missing cells count if they are to."""
        missing = with_missing and bool(np.isnan(labels).any())
        if isinstance(cells, CategoryCells):
            n_named = cells.n_named
            return cls(np.arange(float(n_named)), n_named < len(cells.cells), missing)
        others = ~np.isnan(labels) & ~np.isin(labels, cells.atoms)
        return cls(cells.atoms, bool(others.any()), missing)

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.values) + self.rest + self.missing

    def of(self, labels: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the state of each label (n_rows,); -1 for those that have none."""
        n = len(self.values)
        if not n:
            states = np.full(len(labels), n if self.rest else -1)
        else:
            place = np.minimum(np.searchsorted(self.values, labels), n - 1)
            states = np.where(self.values[place] == labels, place, n if self.rest else -1)
        return np.where(np.isnan(labels), n + self.rest if self.missing else -1, states)
