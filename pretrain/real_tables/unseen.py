"""Keep tables that a checkpoint was trained on out of its scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tabtransfer.pretrain.real_tables.real_table import RealTable


def split_off_seen(
    tables: Sequence[RealTable], provenance: Iterable[dict[str, Any]]
) -> tuple[list[RealTable], dict[str, str]]:
    """Split tables into those that a checkpoint has not seen and those that it was trained on.

    Parameters
    ----------
    tables : sequence of RealTable
        Tables to score on.
    provenance : iterable of dict
        The ``"tables"`` of the checkpoint's header (see `trained_on`).

    Returns
    -------
    unseen : list of RealTable
        Tables that may be scored.
    seen : dict of str to str
        Names of the others, each with the reason.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.datasets.fingerprints import fingerprint
    >>> frame = pd.DataFrame({"a": [1, 2, 2], "b": list("xyy")})
    >>> provenance = [{"name": "toy", "fingerprint": fingerprint("toy", frame).to_text()}]
    >>> split_off_seen([RealTable("toy", frame[["a"]], frame["b"])], provenance)
    ([], {'toy': "trained on 'toy': same name and same column names"})
    """
    from tabtransfer.datasets.fingerprints import trained_on
    from tabtransfer.datasets.frames import with_target

    provenance = list(provenance)
    unseen: list[RealTable] = []
    seen: dict[str, str] = {}
    for table in tables:
        reason = trained_on(provenance, table.name, with_target(table.X, table.y))
        if reason is None:
            unseen.append(table)
        else:
            seen[table.name] = reason
    return unseen, seen
