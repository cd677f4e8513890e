"""How much memory a forward pass takes on a CPU, and how many rows go through at once.

The network's peak is close to three parts: what is kept of each cell, the attention of rows to
the context and of cells to the cells of their row, and the kernels of all rows with the context.
They were measured with contexts of 100 to 4,096 rows and 4 to 200 columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from tabtransfer.errors import TabTransferError
from tabtransfer.network import NetworkConfig

__all__ = ["bytes_per_row", "query_chunks", "rows_in_memory"]

CHUNK_BYTES = 512 * 2**20  # for the query rows that go through the network at once
MEMORY_SHARE = 0.4  # of the available memory, for the context and for a chunk each
_VALUES_PER_CELL = 16  # for each unit of the cell's width
_VALUES_PER_PAIR = 2.5  # of a row and a context row, in the kernels
_VALUES_PER_SCORE = 1.5  # attention scores, and the part of their copies alive at the peak


def bytes_per_row(
    n_columns: int, n_context: int, network: NetworkConfig, value_bytes: int = 4
) -> float:
    """Estimate the peak memory of a row.

    Parameters
    ----------
    n_columns : int
        Columns of the view.
    n_context : int
        Training rows that the row attends to.
    network : NetworkConfig
        Sizes of the network.
    value_bytes : int, default=4
        Size of a number.

    Returns
    -------
    float
        Bytes.

    Examples
    --------
    >>> from tabtransfer.memory import bytes_per_row
    >>> from tabtransfer.network import NetworkConfig
    >>> bytes_per_row(20, 4000, NetworkConfig()) > bytes_per_row(20, 1000, NetworkConfig())
    True
    """
    cells = _VALUES_PER_CELL * n_columns * network.d_cell
    to_context = network.context_heads * (n_context + network.n_thinking)
    to_cells = network.row_heads * (n_columns + network.n_summary) ** 2
    attention = _VALUES_PER_SCORE * (to_context + to_cells)
    return value_bytes * (cells + attention + _VALUES_PER_PAIR * n_context)


def rows_in_memory(n_columns: int, n_rows: int, network: NetworkConfig) -> int:
    """Say how many training rows the available memory holds.

    Parameters
    ----------
    n_columns : int
        Columns of the view.
    n_rows : int
        Training rows wanted.
    network : NetworkConfig
        Sizes of the network.

    Returns
    -------
    int
        ``n_rows``, or fewer.

    Raises
    ------
    TabTransferError
        If there isn't even memory for one row of each class of a task.
    """
    free = MEMORY_SHARE * psutil.virtual_memory().available
    fewest = network.max_classes
    if fewest * bytes_per_row(n_columns, fewest, network) > free:
        raise TabTransferError(
            f"{free / 2**20:.0f} MiB of memory (40 % of what is available) don't hold "
            f"{fewest} rows of {n_columns} columns: free memory, or pass fewer columns."
        )
    while n_rows > fewest and n_rows * bytes_per_row(n_columns, n_rows, network) > free:
        n_rows = max(fewest, int(0.95 * n_rows))
    return n_rows


def query_chunks(n_rows: int, row_bytes: float) -> Iterator[slice]:
    """Cut query rows into parts of bounded memory.

    Parameters
    ----------
    n_rows : int
        Query rows.
    row_bytes : float
        Memory of a row, from `bytes_per_row`.

    Yields
    ------
    slice
        The rows of a chunk.
    """
    free = min(CHUNK_BYTES, MEMORY_SHARE * psutil.virtual_memory().available)
    size = max(1, int(free / row_bytes))
    return (slice(start, start + size) for start in range(0, n_rows, size))
