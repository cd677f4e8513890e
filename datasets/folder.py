"""A folder of CSV or Parquet files as a suite, described by its manifest.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from tabtransfer.datasets.frames import table_from_frame
from tabtransfer.datasets.table import Table, Task
from tabtransfer.errors import TabTransferError, did_you_mean
from tabtransfer.printing import is_encodable
from tabtransfer.table_files.csv_dialect import read_dialect

__all__ = ["MANIFEST", "load_folder", "read_frame"]

MANIFEST = "manifest.json"
_NEEDED = ("name", "file", "target", "task")
_OPTIONAL = ("family", "licence", "description")
_CSV, _PARQUET = (".csv", ".csv.gz", ".tsv", ".tsv.gz"), (".parquet", ".pq")


def load_folder(folder: Path) -> Iterator[Table]:
    """Load the tables that a folder's manifest lists, one at a time.

    The manifest is a JSON list. Each entry has a ``name``, a ``file`` (CSV or Parquet, relative
    to the folder), the ``target`` column and the ``task``: binary, multiclass or regression; and,
    if wanted, a ``family``, which tables about the same things share so that statistics count
    them once, a ``licence`` and a ``description``. Rows without a target are left out.

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


def read_frame(file: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file.

    Parameters
    ----------
    file : Path
        Path that ends in .csv, .tsv, .csv.gz, .tsv.gz, .parquet or .pq.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    TabTransferError
        If the file is of another kind, isn't there or can't be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "shop.csv"
    >>> _ = file.write_text("age;price\\n31;1,5\\n")
    >>> read_frame(file).values.tolist()
    [[31.0, 1.5]]
    """
    _check_kind(file, str(file))
    try:
        if file.name.lower().endswith(_PARQUET):
            return pd.read_parquet(file)
        dialect = read_dialect(file)
        return pd.read_csv(
            file,
            sep=dialect.separator,
            encoding=dialect.encoding,
            decimal=dialect.decimal,
            thousands="." if dialect.decimal == "," else None,
        )
    except TabTransferError:
        raise
    except (ValueError, OSError, EOFError) as error:  # pandas' and pyarrow's, of unreadable files
        raise TabTransferError(f"{file} can't be read: {error}") from None


def _check_kind(file: Path, shown: str) -> None:
    if not file.name.lower().endswith((*_CSV, *_PARQUET)):
        raise TabTransferError(
            f"{shown} is neither CSV ({', '.join(_CSV)}) nor Parquet ({', '.join(_PARQUET)})."
        )


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
    if entry["task"] not in get_args(Task):
        raise TabTransferError(
            f"{where} has task {entry['task']!r}; tasks are {', '.join(get_args(Task))}."
        )
    file = folder / entry["file"]
    _check_kind(file, f"{where}: {entry['file']}")
    if not file.is_file():
        raise TabTransferError(f"{where}: there is no file {file}.")


def _load(entry: dict[str, Any], folder: Path) -> Table:
    file = folder / entry["file"]
    target = entry["target"]
    frame = read_frame(file)
    if target not in frame.columns:
        raise TabTransferError(
            f"Table {entry['name']!r}: {file} has no column {target!r}."
            f"{did_you_mean(target, frame.columns)}"
        )
    return table_from_frame(
        frame,
        entry["name"],
        target,
        entry["task"],
        origin=entry["file"],
        description=entry.get("description", ""),
        licence=entry.get("licence", "not stated"),
        family=entry.get("family", ""),
    )
