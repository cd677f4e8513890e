"""What is done when a GPU's memory runs out: fewer rows go through the network at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from tabtransfer.errors import TabTransferError

__all__ = ["explaining_lack_of_memory", "in_fitting_pieces", "with_fewer_rows"]

Answer = TypeVar("Answer")


@contextmanager
def explaining_lack_of_memory() -> Iterator[None]:
    """Say what can be done where a GPU's memory runs out."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TabTransferError(
            "The GPU's memory is too small, even for one row at a time: fit with a smaller "
            'max_context_rows, or with device="cpu", or end what else computes on the GPU. '
            f"({error})"
        ) from error


def with_fewer_rows(compute: Callable[[int], Answer], n_rows: int) -> tuple[Answer, int]:
    """Compute with some rows at once, with half of them whenever a GPU's memory runs out.

    Parameters
    ----------
    compute : callable
        Takes the number of rows.
    n_rows : int
        Rows to begin with.

    Returns
    -------
    answer : object
        What was computed.
    n_rows : int
        The number of rows that went through.

    Raises
    ------
    TabTransferError
        If there isn't memory for one.

    Examples
    --------
    >>> from tabtransfer.inference.out_of_memory import with_fewer_rows
    >>> with_fewer_rows(lambda n_rows: "done", 100)
    ('done', 100)
    """
    while n_rows > 1:
        try:
            return compute(n_rows), n_rows
        except torch.OutOfMemoryError:
            n_rows = n_rows // 2
        torch.cuda.empty_cache()  # after the error, which holds on to what was computed
    with explaining_lack_of_memory():
        return compute(1), 1


def in_fitting_pieces(
    compute: Callable[[slice], Answer], n_rows: int, size: int
) -> Iterator[Answer]:
    """Compute for all rows in parts, in smaller ones once a GPU's memory has run out.

    Parameters
    ----------
    compute : callable
        Takes the rows of a part.
    n_rows : int
        Rows.
    size : int
        Most rows of a part.

    Yields
    ------
    object
        The answer for a part.

    Raises
    ------
    TabTransferError
        If there isn't memory for one row.

    Examples
    --------
    >>> from tabtransfer.inference.out_of_memory import in_fitting_pieces
    >>> list(in_fitting_pieces(lambda rows: rows, 5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    start = 0
    while start < n_rows:
        answer, size = with_fewer_rows(
            lambda n, start=start: compute(slice(start, start + n)),  # type: ignore[misc]
            min(size, n_rows - start),
        )
        yield answer
        start += size
