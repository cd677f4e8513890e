"""The real tables that a run trains on: packed ones, a manifest, or a folder of people's own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.corpus import CorpusTable, read_corpus
from tabtransfer.pretrain.real_tables.packed_tables import UNSTATED, PackedTables, pack_tables
from tabtransfer.pretrain.real_tables.table_folder import OwnTable, TableFolder

__all__ = ["pack_own", "read_own", "read_tables"]


def read_tables(path: Path, validation: Path | None = None) -> PackedTables:
    """Read packed tables, or make a corpus or a folder of people's own tables ready in memory.

    Packed tables were compared with the suites when they were packed; they are compared once
    more with the validation tables, and training on one of these is an error. What a file keeps
    of their fingerprints shows less than `pack_tables` compares: pack with the validation tables
    to be sure.

    Parameters
    ----------
    path : Path
        File made by `PackedTables.save`, JSON manifest, or folder of table files (`TableFolder`),
        of which those that meet a validation table are left out.
    validation : Path, optional
        Corpus of the tables that training is watched on.

    Returns
    -------
    PackedTables

    Raises
    ------
    TabTransferError
        As `pack_tables`, or if packed tables weren't compared with all suites' tables, or one of
        them is in the validation corpus.
    """
    path = Path(path)
    if path.is_dir():
        tables, refused = read_own(path, validation)
        for name, reason in refused.items():
            print(f"refused {name!r}: {reason}", file=sys.stderr)
        return pack_own(tables)
    if path.suffix == ".json":  # whoever trains on a corpus answers for it
        return pack_tables(path, validation, allow_unstated=True)
    packed = PackedTables.load(path)
    _refuse_unguarded(packed, path)
    if validation is not None:
        _refuse_validation_tables(packed.provenance, read_corpus(validation))
    return packed


def read_own(folder: Path, validation: Path | None = None) -> tuple[list[OwnTable], dict[str, str]]:
    """Read a folder of people's own tables, without those that meet a validation table.

    Returns
    -------
    tables : list of OwnTable
        Those to train on.
    refused : dict of str to str
        The other files, each with the reason.

    Raises
    ------
    TabTransferError
        If none is left.
    """
    from tabtransfer.datasets.fingerprints import Fingerprint, fingerprint
    from tabtransfer.pretrain.real_tables.held_out import refuse_met

    found = TableFolder.read(folder)
    sources = () if validation is None else read_corpus(validation)
    # As written, fingerprints hold what proves a copy, without what raises suspicion alone.
    marks = {
        source.name: Fingerprint.from_text(fingerprint(source.name, source.frame).to_text())
        for source in sources
    }
    tables, met = refuse_met(found.tables, marks)
    if not tables:
        raise TabTransferError(
            f"All tables of {folder} are measured on: {'; '.join(met.values())}."
        )
    return tables, {**found.refused, **met}


def pack_own(tables: Iterable[OwnTable]) -> PackedTables:
    """Return people's own tables as those to train on; they state no licence."""
    tables = tuple(tables)
    provenance = tuple(
        {
            "name": table.name,
            "source": table.name,
            "licence": UNSTATED,
            "fingerprint": table.fingerprint.to_text(),
        }
        for table in tables
    )
    return PackedTables(tuple(table.numbers for table in tables), provenance, ())


def _refuse_unguarded(packed: PackedTables, path: Path) -> None:
    """Refuse tables that were packed before the suites got their newest tables."""
    try:
        from tabtransfer.datasets.suites import SUITES
    except ModuleNotFoundError:  # pandas, which packed tables do without
        return
    new = {name for suite in SUITES.values() for name in suite} - set(packed.guard)
    if new:
        raise TabTransferError(
            f"{path} was packed without comparing its tables with {', '.join(sorted(new))}, which "
            "a suite has now: pack them again."
        )


def _refuse_validation_tables(
    provenance: Iterable[dict[str, str]], sources: Iterable[CorpusTable]
) -> None:
    from tabtransfer.datasets.fingerprints import trained_on

    for source in sources:
        reason = trained_on(provenance, source.name, source.frame)
        if reason is not None:
            raise TabTransferError(
                f"validation table {source.name!r} is among the packed tables ({reason}): pack "
                "them again with --validation."
            )
