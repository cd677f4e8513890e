"""Which tables of a checkpoint's header a table may be a copy of, and by which columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tabtransfer.datasets.fingerprints import SAME_ROWS, Fingerprint, fingerprint, meets

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Sighting", "find_seen"]

_SURE = 2  # columns, each telling enough alone: one may be public data that two tables share


@dataclass(frozen=True)
class Sighting:
    """The evidence that a table is one that the network was trained on.

    Parameters
    ----------
    name : str
        Name of the table that was trained on.
    reason : str
        What they have in common.
    columns : tuple of str
        Columns of the user's table that speak for it.

    Examples
    --------
    >>> Sighting("shops", "same name and same column names", ()).sentence("buys")
    "Possibly seen as 'shops': same name and same column names."
    """

    name: str
    reason: str
    columns: tuple[str, ...]

    def sentence(self, target: str) -> str:
        """Describe the evidence: how sure it is, and whether the target is part of it."""
        sure = len(self.columns) >= _SURE or self.reason == SAME_ROWS
        text = f"{'Very likely' if sure else 'Possibly'} seen as {self.name!r}: {self.reason}"
        if self.columns:
            text += f" ({', '.join(self.columns)})"
            if target in self.columns:
                text += ", the target among them"
        return text + "."


def find_seen(
    provenance: Iterable[dict[str, Any]], name: str, frame: pd.DataFrame
) -> list[Sighting]:
    """Find the tables of a checkpoint's header that a table meets.

    Parameters
    ----------
    provenance : iterable of dict
        The header's ``"tables"``, each with ``name`` and ``fingerprint``.
    name : str
        Name of the table.
    frame : pandas.DataFrame
        All its columns, the target among them.

    Returns
    -------
    list of Sighting
        Those with most columns in common first.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"price": np.random.default_rng(0).normal(size=50)})
    >>> provenance = [{"name": "shops", "fingerprint": fingerprint("shops", frame).to_text()}]
    >>> [sighting.columns for sighting in find_seen(provenance, "mine", frame[::-1] * 100)]
    [('price',)]
    """
    mark = fingerprint(name, frame)
    known = [(table["name"], Fingerprint.from_text(table["fingerprint"])) for table in provenance]
    met = [(name, seen, reason) for name, seen in known if (reason := meets(seen, mark))]
    if not met:
        return []
    of_columns = {
        str(frame.columns[i]): fingerprint("", frame.iloc[:, [i]]) for i in range(frame.shape[1])
    }
    sightings = []
    for name, seen, reason in met:
        proven = [column for column, alone in of_columns.items() if alone.strong & seen.strong]
        if proven:  # its hashes count more than once for a column, so columns are counted here
            noun = "column holds" if len(proven) == 1 else "columns hold"
            reason = f"{len(proven)} {noun} the same values"
        columns = proven or [column for column, alone in of_columns.items() if _agree(alone, seen)]
        sightings.append(Sighting(name, reason, tuple(columns)))
    return sorted(sightings, key=lambda sighting: -len(sighting.columns))


def _agree(column: Fingerprint, seen: Fingerprint) -> bool:
    return any(sketch.agrees(other) for sketch in column.sketches for other in seen.sketches)
