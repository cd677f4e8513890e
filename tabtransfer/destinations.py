"""Check that results can be written before the work for them begins."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tabtransfer.errors import TabTransferError

__all__ = ["check_file", "check_folder", "describe_write_error"]

_PROBE_BYTES = 2**16
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_CANT_WRITE = {
    *_NO_ROOM,
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR),
    *(errno.ENAMETOOLONG, errno.EFBIG, errno.EIO),
}


def check_file(path: Path, option: str, read: Iterable[Path] = ()) -> None:
    """Refuse a file that can't be written, or that is read by the same command.

    A file beside it is written and removed. Folders that aren't there yet aren't made.

    Parameters
    ----------
    path : Path
        The file that will be written.
    option : str
        How the user named it, such as ``"--out"``.
    read : iterable of Path
        Files that are read.

    Raises
    ------
    TabTransferError
        If it can't be written; the message says why.

    Examples
    --------
    >>> from pathlib import Path
    >>> check_file(Path("/dev/null/model"), "--out")
    Traceback (most recent call last):
    tabtransfer.errors.TabTransferError: --out /dev/null/model can't be written: /dev/null is no \
folder. Give another name.
    """
    try:
        if path.is_dir():
            raise TabTransferError(f"{path} is a folder: give {option} the name of a file.")
        there = path.exists()
    except OSError as error:  # a name that is too long, or a folder that can't be entered
        raise _refusal(path, option, error.strerror or str(error)) from None
    if there and not path.is_file():
        raise _refusal(path, option, "it is a device or a pipe")
    for other in read:
        if there and other.exists() and os.path.samefile(path, other):
            raise TabTransferError(f"{option} {path} is a file that is read: give it another name.")
    _try_folder(path, path.absolute().parent, option)


def check_folder(folder: Path, option: str, names: Iterable[str] = ()) -> None:
    """Refuse a folder that can't be made or written to.

    Parameters
    ----------
    folder : Path
        The folder that will be written to; it isn't made yet.
    option : str
        How the user named it.
    names : iterable of str
        Files that will be written there.

    Raises
    ------
    TabTransferError
        If that isn't possible; the message says why.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_folder(Path(folder) / "new", "--out")
    ...     list(Path(folder).iterdir())
    []
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise TabTransferError(f"{option} {folder} is a file: give the name of a folder.")
        for name in names:
            if (folder / name).is_dir():
                raise TabTransferError(
                    f"{folder / name} is a folder, where a file is to be written: give {option} "
                    "another folder."
                )
    except OSError as error:
        raise _refusal(folder, option, error.strerror or str(error)) from None
    _try_folder(folder, folder.absolute(), option)


def describe_write_error(error: OSError) -> str | None:
    """Return one line on why something couldn't be written, and what to do.

    Returns
    -------
    str or None
        None if the error is of another kind.

    Examples
    --------
    >>> describe_write_error(OSError(errno.ENOSPC, "No space left on device", "r/report.html"))
    'r/report.html could not be written: the disk is full. Make room, or write elsewhere (--out).'
    """
    if error.errno not in _CANT_WRITE:
        return None
    what = error.filename2 or error.filename or "A file"
    if error.errno in _NO_ROOM:
        reason, remedy = "the disk is full", "Make room, or write elsewhere (--out)."
    else:
        reason = (error.strerror or str(error)).lower()
        remedy = "Give another place (--out), or the right to write there."
    return f"{what} could not be written: {reason}. {remedy}"


def _try_folder(path: Path, folder: Path, option: str) -> None:
    """Write a file in the folder, or in the nearest one that is there, and remove it."""
    try:
        nearest = next(one for one in (folder, *folder.parents) if one.exists())
        if not nearest.is_dir():
            raise _refusal(path, option, f"{nearest} is no folder")
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".tabtransfer-") as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
    except OSError as error:
        reason = "the disk is full" if error.errno in _NO_ROOM else error.strerror or str(error)
        raise _refusal(path, option, reason) from None


def _refusal(path: Path, option: str, reason: str) -> TabTransferError:
    way_out = "Make room, or give another place" if "full" in reason else "Give another name"
    return TabTransferError(f"{option} {path} can't be written: {reason}. {way_out}.")
