"""How many threads torch uses, for the length of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(n_threads: int | None) -> Iterator[None]:
    """Set torch's threads within a block and put them back after it.

    Parameters
    ----------
    n_threads : int or None
        Threads within the block; None leaves torch's own setting.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.threads import torch_threads
    >>> with torch_threads(1):
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    if n_threads is None or n_threads == before:
        yield
        return
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
