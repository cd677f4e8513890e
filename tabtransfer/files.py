"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write beside a file, and put what was written in its place at the end of the block.

    A reader meets the old file or the new one, never a half. If the block raises, the old file
    stays and what was written is removed; a killed process may leave a hidden ``.partial`` file.

    Parameters
    ----------
    path : path-like
        The file to make or to replace; its folder is made if need be.

    Yields
    ------
    Path
        Where to write, in the same folder.

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
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
