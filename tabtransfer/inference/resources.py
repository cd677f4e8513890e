"""The threads and memory that a computation may use, and whether it shows progress."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Resources"]


@dataclass(frozen=True)
class Resources:
    """The resources that a computation may use.

    Parameters
    ----------
    n_threads : int or None
        Threads; None leaves torch's own setting.
    memory_limit : int or None
        Bytes beyond the table and its encoded form; a share of what is free if None.
    verbose : bool, default=False
        Whether to show progress.
    """

    n_threads: int | None = None
    memory_limit: int | None = None
    verbose: bool = False
