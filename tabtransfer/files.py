"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import errno
import os
import signal
import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from tabtransfer.errors import TabTransferError

__all__ = ["replacing"]

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_unfinished: dict[Path, int] = {}  # with the process that writes them, which others fork from


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write to a temporary file beside a file, which replaces it at the end of the block.

    A reader meets the old file or the new one, never a half, whatever else writes the same file.
    The new file is on disk when it appears, with the old one's permissions; of a symbolic link,
    the file that it names is replaced. If the block raises, or SIGTERM or SIGHUP end the program
    while its main thread is in the block, the old file stays and what was written is removed; a
    process that is killed may leave a hidden ``.partial`` file.

    Parameters
    ----------
    path : path-like
        The file to make or to replace; its folder is made if need be.

    Yields
    ------
    Path
        Where to write, in the same folder.

    Raises
    ------
    TabTransferError
        If there is something else than a file at ``path``, or nothing can be written there.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from tabtransfer.files import replacing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "new" / "answer.txt"
    ...     with replacing(path) as partial:
    ...         _ = partial.write_text("42")
    ...     path.read_text(), [file.name for file in path.parent.iterdir()]
    ('42', ['answer.txt'])
    """
    path = Path(os.path.realpath(path))
    partial = path.with_name(f".{path.name[:32]}.{uuid.uuid4().hex}.partial")
    with _removed_by_signals():
        mode = _make_beside(path, partial)
        _unfinished[partial] = os.getpid()
        try:
            yield partial
            partial.chmod(mode)
            _flush(partial)
            os.replace(partial, path)
            _flush_folder(path.parent)
        except OSError as error:  # what the user knows the file by, where a write says none
            if error.filename in (None, os.fspath(partial)):
                error.filename = os.fspath(path)
            raise
        finally:
            partial.unlink(missing_ok=True)
            _unfinished.pop(partial, None)


def _make_beside(path: Path, partial: Path) -> int:
    """Make the empty file to write to; return the permissions that the finished one gets."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.stat() if path.exists() else None
        if old is not None and not stat.S_ISREG(old.st_mode):
            raise TabTransferError(
                f"{path} is a {_kind(old.st_mode)}, not a file that can be replaced: give the name "
                "of a file."
            )
        # No more open than the old file while it is written, either.
        mode = 0o666 if old is None else 0o600
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            return stat.S_IMODE((old or os.fstat(descriptor)).st_mode)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise TabTransferError(
            f"{path} can't be written: {error.strerror}. Give a file in a folder that you may "
            "write to."
        ) from error


def _kind(mode: int) -> str:
    return "folder" if stat.S_ISDIR(mode) else "pipe, socket or device"


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # of file systems that can't
            raise
    finally:
        os.close(descriptor)


def _flush_folder(path: Path) -> None:
    with suppress(OSError):  # not everywhere, and not of every folder that may be written to
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _removed_by_signals() -> Iterator[None]:
    """Remove unfinished files before a signal ends the program, unless it has its own handler."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _remove_and_end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _remove_and_end(number: int, frame: FrameType | None) -> None:
    for partial, process in tuple(_unfinished.items()):
        if process == os.getpid():
            partial.unlink(missing_ok=True)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
