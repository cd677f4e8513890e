"""A lock on a folder, so that one run at a time writes to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tabtransfer.errors import TabTransferError

__all__ = ["alone_in"]

LOCK_FILE = ".lock"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock a folder within a block; the lock of a process that is killed is released.

    Blocks within each other, in one thread, are fine.

    Parameters
    ----------
    folder : Path
        Where a run writes; it is made if need be.

    Raises
    ------
    TabTransferError
        If another run is in a block with the same folder, or the folder can't be written to.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from tabtransfer.folder_lock import alone_in
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with alone_in(Path(folder)), alone_in(Path(folder)):
    ...         pass
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.resolve() / LOCK_FILE, is_singleton=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise TabTransferError(
            f"Another run is writing to {folder}. Wait until it has ended, or give this one a "
            "folder of its own with --out."
        ) from error
    except OSError as error:
        raise TabTransferError(
            f"{folder} can't be written to: {error.strerror}. Give another folder with --out."
        ) from error
    try:
        yield
    finally:
        lock.release()
