"""Which tables of a checkpoint's header a table may be a copy of, and by which columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tabtransfer.datasets.fingerprints import Fingerprint, fingerprint, meets

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Sighting", "find_seen"]

_SURE = 2  # columns, each telling enough alone: one may be public data that two tables share


@dataclass(frozen=True)
class Sighting:
    """Hold what speaks for a table being one that was trained on.

    Parameters
    ----------
    name : str
        Name of the table that was trained on.
    reason : str
        What they have in common.
    columns : tuple of str
        Columns of the user's table whose values each prove a copy alone.

    Examples
    --------
    >>> Sighting("shops", "same name and same column names", ()).sentence("buys")
    "Possibly seen as 'shops': same name and same column names."
    """

    name: str
    reason: str
    columns: tuple[str, ...]

    def sentence(self, target: str) -> str:
        """Say what was found and how sure it is; whether the target is part of it matters most."""
        sure = "Very likely" if len(self.columns) >= _SURE else "Possibly"
        text = f"{sure} seen as {self.name!r}: {self.reason}"
        if self.columns:
            text += f" ({', '.join(self.columns)})"
            if target in self.columns:
                text += ", the target among them"
        return text + "."


def find_seen(cards: Iterable[dict[str, Any]], name: str, frame: pd.DataFrame) -> list[Sighting]:
    """Find the tables of a checkpoint's header that a table meets.

    Parameters
    ----------
    cards : iterable of dict
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
    >>> cards = [{"name": "shops", "fingerprint": fingerprint("shops", frame).to_text()}]
    >>> [sighting.columns for sighting in find_seen(cards, "mine", frame[::-1] * 100)]
    [('price',)]
    """
    mark = fingerprint(name, frame)
    of_columns = {
        str(frame.columns[i]): fingerprint("", frame.iloc[:, [i]]).strong
        for i in range(frame.shape[1])
    }
    sightings = []
    for card in cards:
        seen = Fingerprint.from_text(card["fingerprint"])
        # Its hashes count more than once for a column, so columns are counted here.
        columns = tuple(column for column, own in of_columns.items() if own & seen.strong)
        if columns:
            noun = "column holds" if len(columns) == 1 else "columns hold"
            reason = f"{len(columns)} {noun} the same values"
        else:
            reason = meets(seen, mark) or ""
        if reason:
            sightings.append(Sighting(card["name"], reason, columns))
    return sorted(sightings, key=lambda sighting: -len(sighting.columns))
