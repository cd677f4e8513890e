"""Open the zip archive of a saved model and read its parts, without trusting what it says."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tabtransfer.errors import TabTransferError

__all__ = ["opened", "read_entry", "refusing_damage"]

_MOST_UNFOLDED = 100  # times its size in the file


@contextmanager
def opened(path: Path, record: str) -> Iterator[zipfile.ZipFile]:
    """Open a saved model; raise a TabTransferError if it isn't one, or is damaged.

    Parameters
    ----------
    path : Path
        The file.
    record : str
        Name of the part that every saved model has.

    Raises
    ------
    TabTransferError
        If there is no such file, it is something else, or what is read of it fails.
    """
    if not path.is_file():
        raise TabTransferError(f"There is no saved model at {path}.")
    with refusing_damage(path), zipfile.ZipFile(path) as archive:
        if record not in archive.namelist():
            raise TabTransferError(f"{path} is no model that tabtransfer saved.")
        yield archive


@contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Turn any error in reading the content of a file into one sentence about the file.

    A file that was damaged, or made to do harm, fails in more ways than can be listed.
    """
    try:
        yield
    except (TabTransferError, MemoryError):
        raise
    except Exception as error:
        with path.open("rb") as file:
            if file.read(1) == b"\x80":
                remedy = "It seems to be a pickle: use joblib.load if you trust where it is from."
            else:
                remedy = "Save it again with model.save(path)."
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
        raise TabTransferError(f"{path} is no complete saved model ({reason}). {remedy}") from error


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a part, unless it would unpack to many times its size."""
    entry = archive.getinfo(name)
    if entry.file_size > _MOST_UNFOLDED * max(entry.compress_size, 1):
        raise zipfile.BadZipFile(f"{name} unfolds to {entry.file_size:,} bytes")
    return archive.read(entry)
