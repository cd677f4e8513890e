"""Find the table files that a user names, and their kind."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tabtransfer.errors import TabTransferError

__all__ = ["Kind", "find_files", "kind_of"]

Kind = Literal["csv", "parquet", "arrow"]
_SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def kind_of(path: Path) -> Kind:
    """Return the kind of a table file by its suffix.

    Raises
    ------
    TabTransferError
        If the suffix is none of those known.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tabtransfer.table_files.find import kind_of
    >>> kind_of(Path("sales.csv.gz")), kind_of(Path("sales.feather"))
    ('csv', 'arrow')
    """
    for suffix, kind in _SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return kind
    raise TabTransferError(
        f"{path} has no suffix of a table: use one of {', '.join(_SUFFIXES)} (convert other files "
        "with pandas or polars)."
    )


def find_files(patterns: Sequence[str]) -> list[Path]:
    """Find the files that are named or matched.

    Parameters
    ----------
    patterns : sequence of str
        Paths, or patterns with ``*``, ``?``, ``[…]`` and ``**``.

    Returns
    -------
    list of Path
        In the order given, those of a pattern sorted; all of one kind.

    Raises
    ------
    TabTransferError
        If there is no such file, it is a folder, or the files are of several kinds.
    """
    files: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            raise TabTransferError(f"{path} is a folder: pass its files, such as '{path}/*.csv'.")
        found = [path] if path.exists() else map(Path, sorted(glob.glob(pattern, recursive=True)))
        found = [file for file in found if file.is_file()]
        if not found:
            raise TabTransferError(f"There is no file {pattern}.")
        files += found
    files = list(dict.fromkeys(files))
    kinds = {kind_of(file): file for file in files}
    if len(kinds) > 1:
        names = " and ".join(str(file) for file in kinds.values())
        raise TabTransferError(f"{names} are of different kinds: pass files of one kind.")
    return files
