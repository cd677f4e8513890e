"""A folder of table files as people have them, as tables to train on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.copies import find_copies
from tabtransfer.pretrain.real_tables.corpus import encode_column
from tabtransfer.pretrain.real_tables.own_targets import OwnTarget, find_targets
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.datasets.fingerprints import Fingerprint

__all__ = ["OwnTable", "TableFolder"]

MIN_ROWS, MIN_COLUMNS = 100, 3
_MOST_READ = 100_000  # rows of a file
_MAX_ROWS, _MAX_COLUMNS = 2_000, 60  # that tasks are drawn from
_MOST_LEVELS = 0.5  # of the rows: categories beyond are names of rows


@dataclass(frozen=True, eq=False)
class OwnTable:
    """A table of a folder.

    Parameters
    ----------
    name : str
        Its file's, below the folder.
    frame : pandas.DataFrame
        Its rows, the first 100,000 of more.
    targets : list of OwnTarget
        Columns that can be predicted, the one most likely meant first.
    numbers : NumericTable
        Up to 2,000 of the rows as the estimators read them.
    fingerprint : Fingerprint
        By which it is recognised.
    """

    name: str
    frame: pd.DataFrame
    targets: list[OwnTarget]
    numbers: NumericTable
    fingerprint: Fingerprint

    def without_copies(self, target: OwnTarget) -> RealTable:
        """Return the table with a target, without the columns that say the same as it."""
        from tabtransfer.table_files.target import read_target_column

        sample = self.frame.iloc[:_MAX_ROWS]
        cells = np.stack([encode_column(sample[name])[0] for name in sample], axis=1)
        copies = find_copies(cells.astype(np.float32))
        same = copies == copies[self.frame.columns.get_loc(target.column)]
        y = read_target_column(self.frame[target.column], target.task).y
        return RealTable(self.name, self.frame.loc[:, ~same], y)


@dataclass(frozen=True)
class TableFolder:
    """The tables of a folder that can be trained on.

    Parameters
    ----------
    tables : tuple of OwnTable
        In the order of their names.
    refused : dict of str to str
        The other files, each with the reason.
    """

    tables: tuple[OwnTable, ...]
    refused: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> TableFolder:
        """Read all CSV, Parquet and Arrow files of a folder and those below it.

        Cells are read as `tabtransfer.TableEncoder` reads them.

        Parameters
        ----------
        folder : Path
            The folder. Each file is a table.

        Returns
        -------
        TableFolder

        Raises
        ------
        TabTransferError
            If the folder isn't there, or none of its files can be trained on; the message says
            why of each.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np, pandas as pd
        >>> folder = Path(tempfile.mkdtemp())
        >>> cells = np.random.default_rng(0).normal(size=(120, 3)).round(2)
        >>> pd.DataFrame(cells, columns=["a", "b", "c"]).to_csv(folder / "shop.csv", index=False)
        >>> found = TableFolder.read(folder)
        >>> found.tables[0].name, found.tables[0].numbers.values.shape
        ('shop', (120, 3))
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise TabTransferError(f"There is no folder {folder}.")
        files = [file for file in sorted(folder.rglob("*")) if _is_shown(file, folder)]
        tables: list[OwnTable] = []
        refused: dict[str, str] = {}
        for file in files:
            place = file.relative_to(folder)
            name = place.with_name(place.name.partition(".")[0]).as_posix()
            try:
                tables.append(_read_table(file, name))
            except TabTransferError as error:
                refused[place.as_posix()] = str(error)
        if not tables:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
            raise TabTransferError(
                f"No file of {folder} can be trained on: {reasons or 'the folder holds none'}."
            )
        return cls(tuple(tables), refused)


def _is_shown(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden


def _read_table(file: Path, name: str) -> OwnTable:
    from tabtransfer.datasets.fingerprints import fingerprint

    frame = _read_frame(file)
    if len(frame) < MIN_ROWS:
        raise TabTransferError(f"it has {len(frame)} rows, fewer than {MIN_ROWS}")
    targets = find_targets(frame)
    numbers = _to_numbers(name, frame, [target.column for target in targets])
    return OwnTable(name, frame, targets, numbers, fingerprint(name, frame))


def _read_frame(file: Path) -> pd.DataFrame:
    """Read the first rows of a file; a saved index, which numbers them, is left out."""
    import pyarrow as pa

    from tabtransfer.table_files.reader import Source, read_part
    from tabtransfer.table_files.training_table import is_saved_index
    from tabtransfer.table_files.whole_table import to_typed_frame

    source = Source.of([file])
    pieces: list[pa.Table] = []
    for part in source.parts:
        for piece in read_part(part, source.columns, _MOST_READ):
            pieces.append(piece)
            if sum(piece.num_rows for piece in pieces) >= _MOST_READ:
                break
    if not pieces:
        raise TabTransferError("it holds no rows")
    table = pa.concat_tables(pieces, promote_options="permissive").slice(0, _MOST_READ)
    frame = to_typed_frame(table, source)
    return frame[[column for column in frame if not is_saved_index(column, frame[column])]]


def _to_numbers(name: str, frame: pd.DataFrame, targets: Sequence[str]) -> NumericTable:
    """Encode rows of a table as the estimators do, without columns that tell nothing."""
    from tabtransfer.preprocessing.encoder import TableEncoder

    rows = np.random.default_rng(0).permutation(len(frame))[:_MAX_ROWS]
    sample = frame.iloc[np.sort(rows)].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder = TableEncoder().fit(sample)
        encoded = encoder.transform(sample)
    wanted = [frame.columns.get_loc(target) for target in targets]
    # Columns that can be predicted come first, so that none of them is cut off.
    order = np.argsort(~np.isin(encoder.sources_, wanted), kind="stable")
    cells = np.where(encoded.missing, np.nan, encoded.values)
    useful = [c for c in order if _is_useful(cells[:, c], bool(encoded.categorical[c]))]
    kept = np.array(useful[:_MAX_COLUMNS], dtype=np.int64)
    sources, places = np.unique(encoder.sources_[kept], return_index=True)
    if len(sources) < MIN_COLUMNS:
        raise TabTransferError(f"it has fewer than {MIN_COLUMNS} columns that vary")
    first = dict(zip(sources.tolist(), places.tolist(), strict=True))
    predicted = [first[source] for source in wanted if source in first]
    if not predicted:
        raise TabTransferError("it has no column that can be predicted")
    values = np.ascontiguousarray(cells[:, kept], dtype=np.float32)
    return NumericTable(
        name,
        values,
        encoded.categorical[kept],
        predicted[0] if wanted[0] in first else -1,
        _join(find_copies(values), encoder.sources_[kept]),
        np.array(predicted, dtype=np.int64),
    )


def _is_useful(cells: NDArray[np.float32], is_code: bool) -> bool:
    """Return whether a column has two values, few gaps, and isn't a name of each row."""
    known = cells[~np.isnan(cells)]
    distinct = len(np.unique(known))
    names_rows = is_code and distinct > max(10, _MOST_LEVELS * len(known))
    return len(known) >= len(cells) / 2 and distinct >= 2 and not names_rows


def _join(copies: NDArray[np.int64], sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number columns alike that say the same or are made of one: no date predicts its month."""
    joined = copies.copy()
    for source in np.unique(sources):
        same = np.unique(joined[sources == source])
        joined[np.isin(joined, same)] = same[0]
    return joined
