"""Predicted distributions of cells: draws, best values and densities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tabtransfer.inference.distribution import QuantileDistribution
from tabtransfer.joint.column_cells import CategoryCells, ColumnCells
from tabtransfer.joint.column_states import ColumnStates

__all__ = ["CellDistribution"]

_WIDTH = 0.02  # in spreads of the column: numbers as near as this have the same density


@dataclass(frozen=True, eq=False)
class CellDistribution:
    """The predicted distribution of the cells of a column.

    Parameters
    ----------
    cells : ColumnCells
        What the column's cells are.
    states : ColumnStates
        What they may be, apart from numbers.
    probabilities : ndarray of float64, (n_rows, n_states)
        Of the states.
    numbers : QuantileDistribution or None
        Of the numbers; None for categories.
    n_training : int
        Training rows that were learned from.
    """

    cells: ColumnCells
    states: ColumnStates
    probabilities: NDArray[np.float64]
    numbers: QuantileDistribution | None
    n_training: int

    def draw(self, temperature: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the label of each row (n_rows,).

        Parameters
        ----------
        temperature : float
            Above 0. 1 draws from what is predicted; less stays closer to what is likely.
        rng : numpy.random.Generator
            Source of randomness.
        """
        n_rows = len(self.probabilities)
        with np.errstate(divide="ignore"):
            logs = np.log(self.probabilities) / temperature
        shares = np.exp(logs - logs.max(1, keepdims=True)).cumsum(1)
        states = (rng.random(n_rows)[:, None] * shares[:, -1:] > shares).sum(1)
        level = rng.random(n_rows)
        labels = np.full(n_rows, np.nan)
        named = states < len(self.states.values)
        labels[named] = self.states.values[states[named]]
        rest = np.flatnonzero((states == len(self.states.values)) & self.states.rest)
        if len(rest):
            if self.numbers is not None:
                tempered = expit(temperature * logit(np.clip(level[rest], 1e-6, 1 - 1e-6)))
                labels[rest] = self._quantiles(rest, tempered)
            else:
                labels[rest] = self._rare(level[rest])
        return labels

    def best(self) -> NDArray[np.float64]:
        """Return the best label of each row (n_rows,).

        The mean of numbers, the median of few distinct ones, the most probable category.
        """
        states = self.states
        if isinstance(self.cells, CategoryCells):
            named = self.probabilities[:, : len(states.values)]
            if not self.cells.ordered:
                return named.argmax(1).astype(np.float64)
            shares = named.cumsum(1)
            return (shares < shares[:, -1:] / 2).sum(1).astype(np.float64)
        n = len(states.values)
        shares = self.probabilities[:, : n + states.rest]
        shares = shares / shares.sum(1, keepdims=True)
        best = shares[:, :n] @ states.values
        return best if self.numbers is None else best + shares[:, n] * self.numbers.mean()

    def log_density(
        self, labels: NDArray[np.float64], present: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the log density of labels (n_rows,), on the scale of the column's encoder.

        A missing cell counts if there is a state for it, and has the log density 0 otherwise. A
        broad distribution of the weight of one training row is mixed in, so that densities are
        above 0, also of a cell that is present but unknown.
        """
        of_rows = self.states.of(labels)
        places = np.arange(len(labels))
        known = (of_rows >= 0) & (present | ~self._is_missing(of_rows))
        found = np.where(known, self.probabilities[places, of_rows], 0.0)
        weight = 1.0 / (self.n_training + 1.0)
        n = len(self.states.values)
        broad = np.full(len(labels), 1.0 / (self.states.n + 1.0))
        if self.states.rest:
            rest = of_rows == n
            if self.numbers is not None:
                found[rest] *= self._density(labels)[rest]
                broad[rest] = _cauchy(labels[rest])
            elif isinstance(self.cells, CategoryCells):
                counts = self.cells.counts[n:]
                found[rest] *= (counts / counts.sum())[labels[rest].astype(np.int64) - n]
        logs = np.log((1.0 - weight) * found + weight * broad)
        return np.where(~present & (of_rows < 0), 0.0, logs)

    def _is_missing(self, states: NDArray[np.int64]) -> NDArray[np.bool_]:
        return states == len(self.states.values) + self.states.rest

    def _quantiles(
        self, rows: NDArray[np.int64], levels: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        assert self.numbers is not None
        some = QuantileDistribution(self.numbers.levels, self.numbers.quantiles[rows])
        return some.at_levels(levels[:, None])[:, 0]

    def _rare(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rare categories, by how frequent they are among themselves."""
        assert isinstance(self.cells, CategoryCells)
        n = len(self.states.values)
        shares = self.cells.counts[n:].cumsum()
        return n + np.searchsorted(shares, levels * shares[-1], side="right").astype(np.float64)

    def _density(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density of numbers: the mean of a narrow interval around each."""
        assert self.numbers is not None
        labels = np.nan_to_num(labels)
        mass = self.numbers.cdf(labels + _WIDTH) - self.numbers.cdf(labels - _WIDTH)
        point = self.numbers.pdf(labels)
        return np.maximum(mass / (2.0 * _WIDTH), np.where(np.isinf(point), 0.0, point))


def _cauchy(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (np.pi * (1.0 + numbers**2))
