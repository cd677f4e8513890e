"""Estimates of the memory that the network takes on a CPU, and the size of pieces that fit.

A budget of bytes is shared out (`MemoryBudget`): half of it for reading one context, an eighth
each for contexts that are kept, for trees, for the query rows in the network at once, and for
query rows in encoded form. The estimates were measured with contexts of 100 to 4,096 rows
and 4 to 200 columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import psutil
from numpy.typing import NDArray

from tabtransfer.network.kernel_features import MAX_LEVELS
from tabtransfer.network.ridge import BLOCK_ROWS
from tabtransfer.network.transformer import NetworkConfig

__all__ = ["ContextShape", "MemoryBudget", "pieces"]

FREE_SHARE = 0.5  # of the available memory, if no limit is set
CHUNK_BYTES = 64 * 2**20  # more for a chunk of query rows gains no speed
FEWEST_ROWS = 16  # of a context and of a chunk, however little memory there is
_VALUES_PER_CELL = 16  # in the row stage, for each unit of the cell's width
_VALUES_PER_SCORE = 1.5  # of the row stage's attention
_VALUES_PER_FEATURE = 8  # of the column stage and of kernel features
_VALUES_PER_UNIT = 12  # in the context stage, for each unit of the row's width


@dataclass(frozen=True)
class ContextShape:
    """The shape of a context, with estimates of the memory that it takes.

    Parameters
    ----------
    n_rows : int
        Training rows.
    n_columns : int
        Columns.
    n_levels : int
        Indicators of categories, of all columns.
    n_channels : int
        Label channels.
    network : NetworkConfig
        Sizes of the network.
    value_bytes : int, default=4
        Size of a number.

    Examples
    --------
    >>> from tabtransfer.inference.memory import ContextShape
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> small, large = (ContextShape(n, 20, 0, 2, NetworkConfig()) for n in (1000, 4000))
    >>> large.bytes_to_read > large.bytes_kept > small.bytes_kept
    True
    """

    n_rows: int
    n_columns: int
    n_levels: int
    n_channels: int
    network: NetworkConfig
    value_bytes: int = 4

    @classmethod
    def of(
        cls,
        n_rows: int,
        n_categories: NDArray[np.int64],
        n_classes: int,
        network: NetworkConfig,
        value_bytes: int = 4,
    ) -> ContextShape:
        """Return the shape of the training rows of an encoded table; 0 classes for numbers."""
        n_levels = int(n_categories.clip(max=MAX_LEVELS).sum())
        n_channels = min(n_classes, network.max_classes) if n_classes else 2
        return cls(n_rows, len(n_categories), n_levels, n_channels, network, value_bytes)

    @property
    def bytes_kept(self) -> float:
        """Bytes of a context that was read."""
        cells = self.n_columns * (7 + self.n_channels)
        features = 3 * self._n_features
        keys = 2 * self.network.context_layers * self.network.d_row
        return self.value_bytes * self.n_rows * (cells + features + keys)

    @property
    def bytes_to_read(self) -> float:
        """Bytes at the peak of reading it, all but those of the rows in the row stage."""
        cells = _VALUES_PER_FEATURE * self.n_columns * (6 + self.n_channels)
        kernels = 4 * min(self.n_rows, BLOCK_ROWS) + 9 * self._n_features
        units = _VALUES_PER_UNIT * self.network.d_row
        working = self.value_bytes * self.n_rows * max(cells, kernels, units)
        return self.bytes_kept + working

    @property
    def bytes_per_row(self) -> float:
        """Bytes of a row that goes through the network."""
        network, width = self.network, self.n_columns + self.network.n_summary
        scores = _VALUES_PER_SCORE * network.row_heads * width**2
        row_stage = _VALUES_PER_CELL * width * network.d_cell + scores
        cells = _VALUES_PER_FEATURE * self.n_columns * (6 + self.n_channels)
        kernels = 2 * self.n_rows + 4 * self._n_features
        units = _VALUES_PER_UNIT * network.d_row
        return self.value_bytes * (max(row_stage, units) + kernels + cells)

    @property
    def _n_features(self) -> int:
        return 3 * self.n_columns + self.n_levels


@dataclass(frozen=True)
class MemoryBudget:
    """The memory that a fit or a prediction may take, shared out among its uses.

    Parameters
    ----------
    n_bytes : float
        All of it.

    Examples
    --------
    >>> from tabtransfer.inference.memory import MemoryBudget
    >>> budget = MemoryBudget.of(2**30)
    >>> budget.context == 4 * budget.kept == 2**29
    True
    """

    n_bytes: float

    @classmethod
    def of(cls, limit: int | None) -> MemoryBudget:
        """Return a budget of so many bytes, or of half of the available memory."""
        return cls(FREE_SHARE * psutil.virtual_memory().available if limit is None else limit)

    @property
    def context(self) -> float:
        """Bytes for reading one context."""
        return self.n_bytes / 2

    @property
    def learners(self) -> float:
        """Bytes for the trees whose predictions the network reads."""
        return self.n_bytes / 8

    @property
    def kept(self) -> float:
        """Bytes for contexts that are kept."""
        return self.n_bytes / 8

    @property
    def chunk(self) -> float:
        """Bytes for rows that go through the network at once."""
        return min(CHUNK_BYTES, self.n_bytes / 8)

    def encoded_rows(self, n_columns: int, n_outputs: int) -> int:
        """Return how many query rows are encoded at once, with their answers."""
        bytes_per_row = 16 * n_columns + 32 * n_outputs
        return max(FEWEST_ROWS, int(self.n_bytes / 8 / bytes_per_row))

    def chunk_rows(self, shape: ContextShape) -> int:
        """Return how many rows go through the network at once."""
        return max(FEWEST_ROWS, int(self.chunk / shape.bytes_per_row))

    def fits(self, shape: ContextShape) -> bool:
        """Return whether a context can be read."""
        return shape.bytes_to_read + FEWEST_ROWS * shape.bytes_per_row <= self.context


def pieces(n_rows: int, size: int) -> Iterator[slice]:
    """Cut rows into parts.

    Parameters
    ----------
    n_rows : int
        Rows.
    size : int
        Most rows of a part.

    Yields
    ------
    slice
        The rows of a part.

    Examples
    --------
    >>> from tabtransfer.inference.memory import pieces
    >>> list(pieces(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
