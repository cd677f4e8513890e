"""The number of threads of torch: within a call, and in forked processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

__all__ = ["torch_threads", "usable_threads"]

_several_used = False  # by this process
_forked = False  # from a process that had used several


def usable_threads(n_threads: int | None) -> int:
    """Return how many of the threads asked for will be used.

    No more than processors: more would be slower, and a great many end the process. One in a
    process that was forked from one that had computed with several, whose threads it waits for
    in vain.

    Parameters
    ----------
    n_threads : int or None
        Threads wanted; None: as torch is set.

    Examples
    --------
    >>> from tabtransfer.threads import usable_threads
    >>> usable_threads(1)
    1
    """
    if _forked:
        return 1
    if n_threads is None:
        return torch.get_num_threads()
    return min(int(n_threads), max(os.cpu_count() or 1, torch.get_num_threads()))


@contextmanager
def torch_threads(n_threads: int | None) -> Iterator[None]:
    """Set torch's threads within a block and put them back after it.

    Parameters
    ----------
    n_threads : int or None
        Threads within the block, as far as they are usable (`usable_threads`); None leaves
        torch's own setting.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.threads import torch_threads
    >>> with torch_threads(1):
    ...     torch.get_num_threads()
    1
    """
    global _several_used
    before, wanted = torch.get_num_threads(), usable_threads(n_threads)
    _several_used |= wanted > 1
    if wanted == before:
        yield
        return
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _one_thread_after_fork() -> None:
    """Set torch to one thread in a forked process: OpenMP's others exist in the parent alone."""
    global _forked
    if _several_used:
        _forked = True
        threadpool_limits(1)
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_thread_after_fork)
