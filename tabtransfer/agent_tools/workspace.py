"""The folder that an agent may read, and the one that it may write to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from tabtransfer.errors import TabTransferError, did_you_mean
from tabtransfer.table_files.find import kind_of

__all__ = ["MODEL_SUFFIX", "Workspace"]

MODEL_SUFFIX = ".model"
_MOST_LISTED = 1000


class Workspace:
    """Files by names that lead nowhere else.

    Names are relative, without ``..``, and no part of them is a symbolic link. Files that were
    written are found before others of the same name.

    Parameters
    ----------
    root : Path
        The folder to read from.
    out : Path
        The folder to write to; it is made if need be.

    Raises
    ------
    TabTransferError
        If ``root`` is no folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from tabtransfer.agent_tools.workspace import Workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Workspace(Path(folder), Path(folder) / "out").to_read("../secret.csv")
    Traceback (most recent call last):
    tabtransfer.errors.TabTransferError: '../secret.csv' leads out of the folder: give the name \
of a file in it.
    """

    def __init__(self, root: Path, out: Path) -> None:
        if not root.is_dir():
            raise TabTransferError(f"{root} is no folder: give the one that holds the tables.")
        out.mkdir(parents=True, exist_ok=True)
        self.root, self.out = root.resolve(), out.resolve()

    def to_read(self, name: str) -> Path:
        """Return the file of a name.

        Raises
        ------
        TabTransferError
            If there is none, or the name leads elsewhere.
        """
        parts = _parts(name)
        for folder in (self.out, self.root):
            path = _without_links(folder, parts, name)
            if path.is_file():
                return path
        known = [*self.tables(), *self.models()]
        raise TabTransferError(f"There is no file {name!r}.{did_you_mean(name, known)}")

    def to_write(self, name: str) -> Path:
        """Return where a new file or folder of a name goes.

        Raises
        ------
        TabTransferError
            If it isn't a plain name, or is a link.
        """
        parts = _parts(name)
        if len(parts) != 1 or name.startswith("."):
            raise TabTransferError(
                f"{name!r} can't be written: give a name without folders, which goes to {self.out}."
            )
        return _without_links(self.out, parts, name)

    def tables(self) -> list[str]:
        """Return the names of table files, the first thousand."""
        return self._names(_is_table)

    def models(self) -> list[str]:
        """Return the names of saved models, the first thousand."""
        return self._names(lambda path: path.suffix == MODEL_SUFFIX)

    def _names(self, is_wanted: Callable[[Path], bool]) -> list[str]:
        names = {
            path.relative_to(folder).as_posix()
            for folder in (self.root, self.out)
            for path in _files(folder)
            if is_wanted(path)
        }
        return sorted(names)[:_MOST_LISTED]


def _parts(name: str) -> tuple[str, ...]:
    path = PurePath(name)
    wrong = path.is_absolute() or path.drive or ".." in path.parts or "\0" in name
    if wrong or not path.parts:
        raise TabTransferError(f"{name!r} leads out of the folder: give the name of a file in it.")
    return path.parts


def _without_links(folder: Path, parts: tuple[str, ...], name: str) -> Path:
    path = folder
    for part in parts:
        path = path / part
        if os.path.realpath(path) != os.path.join(os.path.realpath(path.parent), part):
            raise TabTransferError(f"{name!r} is or lies behind a link: links aren't followed.")
    return path


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))


def _is_table(path: Path) -> bool:
    try:
        kind_of(path)
    except TabTransferError:
        return False
    return not path.is_symlink()
