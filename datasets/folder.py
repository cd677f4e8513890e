"""A folder of table files as a suite, described by its manifest.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from tabtransfer.datasets.frames import table_from_frame
from tabtransfer.datasets.table import ProblemType, Table
from tabtransfer.errors import TabTransferError, name_list
from tabtransfer.printing import is_encodable
from tabtransfer.table_files.csv_dialect import CsvDialect
from tabtransfer.table_files.find import kind_of
from tabtransfer.table_files.training_table import read_training_table

__all__ = ["MANIFEST", "load_folder"]

MANIFEST = "manifest.json"
_NEEDED = ("name", "file", "target", "task")
_WRITTEN = ("sep", "encoding", "decimal")
_OPTIONAL = ("family", "licence", "description", *_WRITTEN)


def load_folder(folder: Path) -> Iterator[Table]:
    """Load the tables that a folder's manifest lists, one at a time.

    The manifest is a JSON list. Each entry has a ``name``, a ``file`` (CSV, Parquet or Arrow,
    relative to the folder), the ``target`` column and the ``task``: binary, multiclass or
    regression; and, if wanted, a ``family``, which tables about the same things share so that
    statistics count them once, a ``licence`` and a ``description``; for CSV files that don't tell
    it, ``sep``, ``encoding`` and ``decimal``. Files are read as `tabtransfer fit` reads them: rows
    without a target are left out, and labels are as they are written.

    Parameters
    ----------
    folder : Path
        Folder that holds ``manifest.json``.

    Returns
    -------
    iterator of Table
        Tables in the manifest's order. The manifest is checked at once, each file when the
        iterator reaches it.

    Raises
    ------
    TabTransferError
        If the manifest, an entry or a table isn't as described; the message names the entry.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "shop.csv").write_text("age,buys\\n31,yes\\n40,no\\n")
    >>> entry = {"name": "shop", "file": "shop.csv", "target": "buys", "task": "binary"}
    >>> _ = (folder / "manifest.json").write_text(json.dumps([entry]))
    >>> [(table.name, table.X.shape) for table in load_folder(folder)]
    [('shop', (2, 1))]
    """
    path = folder / MANIFEST
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TabTransferError(
            f"A suite folder:PATH needs {path}, a list of entries with {', '.join(_NEEDED)}: "
            f"{error.strerror}."
        ) from None
    except (ValueError, RecursionError) as error:
        raise TabTransferError(f"{path} isn't valid JSON in UTF-8: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise TabTransferError(f"{path} must be a list with an entry for each table.")
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        _check(entry, f"Entry {number} of {path}", folder)
        if entry["name"] in names:
            raise TabTransferError(f"{path} has two tables of the name {entry['name']!r}.")
        names.add(entry["name"])
    return (_load(entry, folder) for entry in entries)


def _check(entry: Any, where: str, folder: Path) -> None:
    if not isinstance(entry, dict):
        raise TabTransferError(f"{where} must be an object with {', '.join(_NEEDED)}.")
    missing = [key for key in _NEEDED if not isinstance(entry.get(key), str)]
    if missing:
        raise TabTransferError(f"{where} ({entry.get('name')!r}) needs {', '.join(missing)}.")
    where = f"{where} ({entry['name']!r})"
    wrong = [key for key in _OPTIONAL if not isinstance(entry.get(key, ""), str)]
    if wrong:
        raise TabTransferError(
            f"{where}: {', '.join(wrong)} must be text in quotes; write it so, or leave it out."
        )
    for key in (*_NEEDED, *_OPTIONAL):
        if not is_encodable(entry.get(key, "")):
            raise TabTransferError(
                f"{where}: {key} holds half of a character (a lone surrogate, \\ud800 to \\udfff), "
                "which no file can hold: write the whole character."
            )
    if entry["task"] not in get_args(ProblemType):
        raise TabTransferError(
            f"{where} has task {entry['task']!r}; tasks are {', '.join(get_args(ProblemType))}."
        )
    file = folder / entry["file"]
    try:
        kind_of(file)
    except TabTransferError as error:
        raise TabTransferError(f"{where}: {error}") from None
    if not file.is_file():
        raise TabTransferError(f"{where}: there is no file {file}.")


def _load(entry: dict[str, Any], folder: Path) -> Table:
    file, target = folder / entry["file"], entry["target"]
    task: Literal["classification", "regression"] = (
        "regression" if entry["task"] == "regression" else "classification"
    )
    try:
        dialect = CsvDialect(*map(entry.get, _WRITTEN))
        rows = read_training_table([file], target, task=task, dialect=dialect)
    except TabTransferError as error:
        options = [key for key in _WRITTEN if f"--{key}" in str(error)]
        advice = f" (options are keys of the manifest's entry: {', '.join(options)})"
        raise TabTransferError(
            f"Table {entry['name']!r}: {error}{advice if options else ''}"
        ) from None
    indices = name_list(rows.saved_indices)
    return table_from_frame(
        rows.X.assign(**{target: rows.y}),
        entry["name"],
        target,
        entry["task"],
        origin=entry["file"],
        description=entry.get("description", ""),
        licence=entry.get("licence", "not stated"),
        family=entry.get("family", ""),
        dropped=indices and f"{indices}: a saved index that numbers the rows",
    )
