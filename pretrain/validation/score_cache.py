"""Scores of methods that don't change, kept from one validation to the next."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.folder_lock import alone_with

if TYPE_CHECKING:
    from tabtransfer.pretrain.real_tables.real_table import RealTable


_WAIT_SECONDS = 10.0


class ScoreCache:
    """A cache of scores in a JSON file that several may write, keyed by what a score depends on.

    Parameters
    ----------
    path : Path, optional
        The file, made when the first score is kept; without one, scores last as long as the
        object.

    Examples
    --------
    >>> cache = ScoreCache()
    >>> cache.put({"method": "catboost", "split": 0}, {"roc_auc": 0.75})
    >>> cache.get({"split": 0, "method": "catboost"}), cache.get({"method": "other"})
    ({'roc_auc': 0.75}, None)
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._entries: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            self._entries = _read(path)

    def get(self, conditions: dict[str, Any]) -> dict[str, float] | None:
        """Return the scores measured under exactly these conditions, or None."""
        entry = self._entries.get(_key(conditions))
        return None if entry is None else entry["scores"]

    def put(self, conditions: dict[str, Any], scores: dict[str, float]) -> None:
        """Store scores, on disk at once."""
        self._entries[_key(conditions)] = {**conditions, "scores": scores}
        if self.path is None:
            return
        with alone_with(self.path, _WAIT_SECONDS), replacing(self.path) as partial:
            if self.path.exists():  # what others have put there meanwhile stays
                self._entries = {**_read(self.path), **self._entries}
            partial.write_text(json.dumps(self._entries, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _no_cache(path, str(error)) from None
    if not isinstance(entries, dict) or not all(
        isinstance(entry, dict) and isinstance(entry.get("scores"), dict)
        for entry in entries.values()
    ):
        raise _no_cache(path, "it holds something else")
    return entries


def _no_cache(path: Path, reason: str) -> TabTransferError:
    return TabTransferError(
        f"{path} isn't a file of opponents' scores ({reason}): delete it, and they are measured "
        "again, or give another file with --cache."
    )


def table_digest(table: RealTable) -> str:
    """Return a digest of a table's cells, column names and types; its own name doesn't count.

    Parameters
    ----------
    table : RealTable
        Any table.

    Returns
    -------
    str
        Hexadecimal digest, the same wherever the table is loaded from.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.pretrain.real_tables.real_table import RealTable
    >>> y = pd.Series(["u", "v"])
    >>> one = RealTable("one", pd.DataFrame({"a": [1, 2]}), y)
    >>> two = RealTable("two", pd.DataFrame({"a": [1, 3]}), y)
    >>> table_digest(one) == table_digest(two)
    False
    """
    import pandas as pd

    digest = hashlib.sha256()
    for name, column in [*table.X.items(), ("", table.y)]:
        digest.update(f"{name}\0{column.dtype}\0".encode())
        digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:32]


def _key(conditions: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:32]
