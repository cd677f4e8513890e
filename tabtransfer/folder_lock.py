"""Locks: one run at a time in a folder, and one writer at a time of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from tabtransfer.errors import TabTransferError

__all__ = ["alone_in", "alone_with"]

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
    lock = _acquire(folder.resolve() / LOCK_FILE, 0.0, folder, "a folder of its own with --out")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alone_with(file: Path, seconds: float = 0.0) -> Iterator[None]:
    """Keep other writers of a file away within a block; the system lets go of those killed.

    Parameters
    ----------
    file : Path
        What is written; its folder is made if need be.
    seconds : float, default=0
        How long to wait for another writer.

    Raises
    ------
    TabTransferError
        If another is in a block with the same file, or its folder can't be written to.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from tabtransfer.folder_lock import alone_with
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with alone_with(Path(folder) / "m.model"):
    ...         (Path(folder) / "m.model").touch()
    ...     [file.name for file in Path(folder).iterdir()]
    ['m.model']
    """
    file = file.resolve()
    path = file.with_name(f".{file.name[:100]}.lock")
    lock = _acquire(path, seconds, file, "another name")
    try:
        yield
    finally:
        with suppress(OSError):  # a system that removes no open file
            path.unlink()
        lock.release()


def _acquire(path: Path, seconds: float, target: Path, way_out: str) -> BaseFileLock:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, is_singleton=True)
        lock.acquire(timeout=seconds)
    except Timeout as error:
        raise TabTransferError(
            f"Another run is writing to {target}. Wait until it has ended, or give this one "
            f"{way_out}."
        ) from error
    except OSError as error:
        raise TabTransferError(
            f"{target} can't be written to: {error.strerror}. Give this run {way_out}."
        ) from error
    return lock
