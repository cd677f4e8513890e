"""Real tables made ready for training: filtered, guarded against leakage, in one file.

The file is NumPy's compressed archive, without pickles: all cells in one array, and a JSON record
that says what each table is, under which licence, and which tables it was compared with.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.pretrain.real_tables.copies import find_copies
from tabtransfer.pretrain.real_tables.corpus import CorpusTable, encode_column, read_corpus
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable

if TYPE_CHECKING:
    from tabtransfer.datasets.fingerprints import Fingerprint

MIN_ROWS, MIN_COLUMNS = 100, 5
MAX_ROWS, MAX_COLUMNS = 2_000, 60
_PERMITS = re.compile(r"\b(PDDL|CC0|CC BY(?![- ]N)|MIT|BSD|Apache|GPL|public domain)", re.I)
_MOST_UNFOLDED = 100  # times its size in the file
_DAMAGED = (
    *(AttributeError, EOFError, IndexError, KeyError, NotImplementedError, OverflowError),
    *(RecursionError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile, zlib.error),
)
UNSTATED = "not stated"
"""What a table is said to be under that states no licence."""
_STATES_NONE = re.compile(r"states? no licen[cs]e", re.I)


@dataclass(frozen=True)
class PackedTables:
    """Real tables to train on.

    Parameters
    ----------
    tables : tuple of NumericTable
        The tables as numbers.
    provenance : tuple of dict
        For each table its ``name``, ``source``, ``licence`` and ``fingerprint``.
    guard : tuple of str
        Names of the evaluation and validation tables that none of them meets.
    """

    tables: tuple[NumericTable, ...]
    provenance: tuple[dict[str, str], ...]
    guard: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Write one file; it appears under its name only when complete."""
        shapes = [table.values.shape for table in self.tables]
        record = {
            "cards": self.provenance,  # the name that packed files have had from the first
            "guard": self.guard,
            "shapes": shapes,
            "categorical": [table.categorical.tolist() for table in self.tables],
            "targets": [table.target for table in self.tables],
            "copies": [table.copies.tolist() for table in self.tables],
        }
        cells = np.concatenate([table.values.T.ravel() for table in self.tables])
        with replacing(path) as partial, partial.open("wb") as file:
            np.savez_compressed(
                file,
                record=np.frombuffer(json.dumps(record).encode(), dtype=np.uint8),
                cells=cells.view(np.uint32),  # no reader can change the bits of a NaN
            )

    @classmethod
    def load(cls, path: Path) -> PackedTables:
        """Read the file again.

        Raises
        ------
        TabTransferError
            If it is another file, or damaged.
        """
        try:
            _refuse_unfolding(path)
            with np.load(path, allow_pickle=False) as file:
                record = json.loads(file["record"].tobytes())
                cells = file["cells"].view(np.float32)
            return cls._of(record, cells)
        except (OSError, *_DAMAGED) as error:
            reason = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
            raise TabTransferError(
                f"{path} holds no packed tables ({reason}): make it with `tabtransfer pack-tables`."
            ) from error

    @classmethod
    def _of(cls, record: dict[str, Any], cells: np.ndarray) -> PackedTables:
        shapes = [(int(n_rows), int(n_columns)) for n_rows, n_columns in record["shapes"]]
        sizes = [n_rows * n_columns for n_rows, n_columns in shapes]
        if cells.ndim != 1 or sum(sizes) != len(cells) or min(map(min, shapes)) < 1:
            raise ValueError("its cells aren't those of its tables")
        tables = tuple(
            NumericTable(
                origin["name"],
                np.ascontiguousarray(block.reshape(shape[::-1]).T),
                np.array(categorical, dtype=bool),
                target,
                np.array(copies),
            )
            for origin, block, shape, categorical, target, copies in zip(
                record["cards"],
                np.split(cells, np.cumsum(sizes)[:-1]),
                shapes,
                record["categorical"],
                record["targets"],
                record["copies"],
                strict=True,
            )
        )
        for table, origin in zip(tables, record["cards"], strict=True):
            _check(table, origin)
        if not all(isinstance(name, str) for name in record["guard"]):
            raise ValueError("its guard has no names")
        return cls(tables, tuple(record["cards"]), tuple(record["guard"]))


def _refuse_unfolding(path: Path) -> None:
    """Refuse an archive that unpacks to many times its size: cells never compress so much."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(entry.file_size for entry in archive.infolist())
    if n_bytes > _MOST_UNFOLDED * path.stat().st_size:
        raise ValueError(f"it unfolds to {n_bytes:,} bytes")


def _check(table: NumericTable, origin: dict[str, str]) -> None:
    """Raise a ValueError unless a table is one that could have been packed."""
    n_columns = table.values.shape[1]
    if table.categorical.shape != (n_columns,):
        raise ValueError("its columns have no kinds")
    if type(table.target) is not int or not -1 <= table.target < n_columns:
        raise ValueError(f"a table's target is {table.target!r}")
    if table.copies.shape != (n_columns,):
        raise ValueError("its copies are those of another table")
    if np.isinf(table.values).any():
        raise ValueError("its cells are infinite")
    if not all(
        isinstance(origin[name], str) for name in ("name", "source", "licence", "fingerprint")
    ):
        raise ValueError("a table has no name, source, licence or fingerprint")


def pack_tables(
    path: Path,
    validation: Path | None = None,
    without: Collection[str] = (),
    report: Any = sys.stderr,
    advance: Callable[[], object] = lambda: None,
    *,
    allow_unstated: bool = False,
) -> PackedTables:
    """Choose the tables of a corpus that may be trained on, and turn them into numbers.

    Left out are tables under a licence that permits no use or without a stated one, tables under
    100 rows or 5 useful columns, and every table that meets one of an evaluation suite, or one of
    the validation tables (`tabtransfer.datasets.fingerprints.meets`); what was refused is reported.

    Parameters
    ----------
    path : Path
        Folder of Parquet files or JSON manifest (see `load_corpus`); entries of a manifest need
        no target.
    validation : Path, optional
        Corpus of the tables that training is watched on.
    without : collection of str
        Names of tables to leave out as well: copies that no fingerprint can see.
    report : file, default=sys.stderr
        Where to say what was refused.
    advance : callable, optional
        Called for each table that is looked at.
    allow_unstated : bool, default=False
        Whether tables without a stated licence are taken. A folder states none.

    Returns
    -------
    PackedTables

    Raises
    ------
    TabTransferError
        If the corpus can't be read, a suite's tables can't be loaded to compare with, or no
        table is left.
    """
    from tabtransfer.datasets.fingerprints import fingerprint

    guard = dict(_guard(validation))
    tables, provenance, left_out = [], [], Counter[str]()
    for source in read_corpus(path):
        advance()
        if source.name in without:
            left_out["left out by name"] += 1
            continue
        if _is_unstated(source.licence):
            if not allow_unstated:
                left_out["without a stated licence (--allow-unstated takes them)"] += 1
                continue
        elif not _PERMITS.search(source.licence):
            left_out["under a licence that isn't known to permit use"] += 1
            continue
        table = _to_numbers(source)
        if table is None:
            left_out[f"under {MIN_ROWS} rows or {MIN_COLUMNS} useful columns"] += 1
            continue
        mark = fingerprint(source.name, source.frame)
        met = _first_met(mark, guard)
        if met is not None:
            print(f"refused {source.name!r}: {met}", file=report)
            left_out["met a table measured on"] += 1
            continue
        tables.append(table)
        provenance.append(
            {
                "name": source.name,
                "source": source.source,
                "licence": source.licence or UNSTATED,
                "fingerprint": mark.to_text(),
            }
        )
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "none"
    n_unstated = sum(_is_unstated(table["licence"]) for table in provenance)
    unstated = f", {n_unstated} without a stated licence" if n_unstated else ""
    summary = f"{len(tables)} real tables to train on{unstated}; left out: {reasons}"
    if not tables:
        raise TabTransferError(f"no table of {path} may be trained on: {summary}")
    print(summary, file=report)
    return PackedTables(tuple(tables), tuple(provenance), tuple(guard))


def _first_met(mark: Fingerprint, guard: dict[str, Fingerprint]) -> str | None:
    """Return why a table matches a held-out one, or None where it matches none."""
    from tabtransfer.datasets.fingerprints import meets

    for name, other in guard.items():
        reason = meets(mark, other)
        if reason is not None:
            return f"{reason} with {name!r}"
    return None


def _is_unstated(licence: str) -> bool:
    return licence in ("", UNSTATED) or bool(_STATES_NONE.search(licence))


def _guard(validation: Path | None) -> Iterator[tuple[str, Fingerprint]]:
    """Return the fingerprints of held-out tables: those of all suites and of validation."""
    from tabtransfer.datasets.fingerprints import fingerprint
    from tabtransfer.datasets.frames import with_target
    from tabtransfer.datasets.suites import SUITES, load_table

    for name in sorted({name for suite in SUITES.values() for name in suite}):
        try:
            table = load_table(name)
        except TabTransferError as error:
            raise TabTransferError(
                f"Real tables can't be compared with the suites' tables: {error}; or train on a "
                "file that `tabtransfer pack-tables` made where they are installed."
            ) from error
        yield name, fingerprint(name, with_target(table.X, table.y))
    for source in () if validation is None else read_corpus(validation):
        yield f"{source.name} (validation)", fingerprint(source.name, source.frame)


def _to_numbers(source: CorpusTable) -> NumericTable | None:
    """Encode a table, or None if it is too small to train on."""
    frame = source.frame
    if frame.shape[0] < MIN_ROWS or frame.shape[1] < MIN_COLUMNS:
        return None
    rows = np.random.default_rng(0).permutation(len(frame))[:MAX_ROWS]
    names = [*([source.target] if source.target is not None else []), *frame.columns]
    names = list(dict.fromkeys(names))[:MAX_COLUMNS]
    frame = frame.iloc[rows]
    kept, values, categorical = [], [], []
    for name in names:
        column, is_code = encode_column(frame[name])
        if _is_useful(column, is_code):
            kept.append(name)
            values.append(column)
            categorical.append(is_code)
    if len(kept) < MIN_COLUMNS:
        return None
    target = kept.index(source.target) if source.target in kept else -1
    cells = np.stack(values, axis=1).astype(np.float32)
    return NumericTable(source.name, cells, np.array(categorical), target, find_copies(cells))


def _is_useful(cells: np.ndarray, is_code: bool) -> bool:
    """Return whether a column has two values, few gaps, and isn't a different code in each row."""
    known = cells[~np.isnan(cells)]
    distinct = len(np.unique(known))
    return (
        len(known) >= len(cells) / 2
        and distinct >= 2
        and not (is_code and distinct > max(10, len(known) / 2))
    )
