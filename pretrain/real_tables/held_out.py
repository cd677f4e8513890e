"""Tables of a folder held out from training, to see whether training on the others helps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tabtransfer.datasets import bottom_k
from tabtransfer.datasets.fingerprints import Fingerprint, meets, trained_on
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.table_folder import OwnTable

__all__ = ["hold_out", "refuse_met"]

_SHARE = 0.2
_ENOUGH = 5  # tables, for an interval that says something
_LARGEST_SHARE = 1 / 3


def hold_out(
    tables: Sequence[OwnTable], seen: Iterable[Mapping[str, Any]], seed: int
) -> tuple[list[OwnTable], list[OwnTable]]:
    """Split tables into those to train on and those held out.

    A fifth is held out, at least five tables, at most a third. Tables that share rows stay
    together, so that no held-out one is trained on. Tables that the first weights were trained on
    aren't held out.

    Parameters
    ----------
    tables : sequence of OwnTable
        All tables.
    seen : iterable of mapping
        The ``"tables"`` of the first weights' header.
    seed : int
        Same seed, same split.

    Returns
    -------
    training, held_out : list of OwnTable
        In the order given.

    Raises
    ------
    TabTransferError
        If there are fewer than two tables, or none can be held out.
    """
    if len(tables) < 2:
        raise TabTransferError(
            f"{tables[0].name} is the only table to train on: give two at least, of which one is "
            "held out to see whether training helps."
        )
    known = [dict(table) for table in seen]
    groups = _groups([table.fingerprint for table in tables])
    free = [
        group
        for group in groups
        if all(
            trained_on(known, tables[place].name, tables[place].frame) is None for place in group
        )
    ]
    most = max(1, int(_LARGEST_SHARE * len(tables)))
    wanted = min(max(_ENOUGH, round(_SHARE * len(tables))), most)
    chosen: list[int] = []
    for index in np.random.default_rng(seed).permutation(len(free)):
        if len(chosen) + len(free[index]) <= max(wanted, 1):
            chosen += free[index]
    if not chosen:
        raise TabTransferError(
            "No table can be held out: they share rows, or are among those that the first weights "
            "were trained on. Add other tables of the kind."
        )
    training = [table for place, table in enumerate(tables) if place not in chosen]
    return training, [tables[place] for place in sorted(chosen)]


def refuse_met(
    tables: Sequence[OwnTable], others: Mapping[str, Fingerprint]
) -> tuple[list[OwnTable], dict[str, str]]:
    """Leave out tables that meet one of others, which are measured on.

    Parameters
    ----------
    tables : sequence of OwnTable
        The tables.
    others : mapping of str to Fingerprint
        The others, by name.

    Returns
    -------
    kept : list of OwnTable
        The tables that meet none.
    refused : dict of str to str
        Names of those that do, with the reason.
    """
    kept: list[OwnTable] = []
    refused: dict[str, str] = {}
    for table in tables:
        met = ((name, meets(table.fingerprint, mark)) for name, mark in others.items())
        found = next(((name, reason) for name, reason in met if reason is not None), None)
        if found is None:
            kept.append(table)
        else:
            refused[table.name] = f"{found[1]} with {found[0]!r}, which is measured on"
    return kept, refused


def _groups(marks: Sequence[Fingerprint]) -> list[list[int]]:
    """Return the places of tables, those that share rows in one list."""
    label = list(range(len(marks)))
    for place, mark in enumerate(marks):
        for other in range(place):
            if bottom_k.contained(mark.rows, marks[other].rows):
                old, new = label[place], label[other]
                label = [new if one == old else one for one in label]
    return [[i for i, one in enumerate(label) if one == name] for name in dict.fromkeys(label)]
