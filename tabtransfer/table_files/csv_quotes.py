"""Quotes in CSV files that swallow rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tabtransfer.errors import TabTransferError

__all__ = ["refuse_swallowed_rows"]

_MOST_CHARACTERS = 2**25  # of a cell
_ENOUGH_CELLS = 4  # in a line of a text that make it look like a row, whatever they hold


def refuse_swallowed_rows(lines: Iterable[str], path: Path, separator: str) -> None:
    """Refuse a file with a quote that is closed in another row, or never.

    Quotes within words are nothing odd, nor are texts of several lines unless their lines look
    like rows: as many cells as the header has, four or more, or a number first.

    Parameters
    ----------
    lines : iterable of str
        The lines of the file, with their ends.
    path : Path
        The file, for the error.
    separator : str
        What parts cells.

    Raises
    ------
    TabTransferError
        If there is such a quote; the message names its line.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tabtransfer.table_files.csv_quotes import refuse_swallowed_rows
    >>> refuse_swallowed_rows(['a,b\\n', '1,"two\\n', 'lines"\\n'], Path("t.csv"), ",")
    """
    record: list[str] = []

    def kept() -> Iterator[str]:
        for line in lines:
            record.append(line)
            yield line

    reader = csv.reader(kept(), delimiter=separator, strict=True)
    width = 0
    with _long_cells():
        while True:
            first = reader.line_num + 1
            record.clear()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if len(record) > 1 or "unexpected end" in str(error):
                    _refuse(path, first)
                continue  # a quote within a cell, and the row ends where the line does
            width = width or len(row)
            if len(record) > 1 and all(_is_row(line, separator, width) for line in record[1:]):
                _refuse(path, first)


def _is_row(line: str, separator: str, width: int) -> bool:
    row = next(csv.reader([line], delimiter=separator), [])
    if len(row) != width or width < 2:
        return False
    return width >= _ENOUGH_CELLS or row[0].strip().lstrip("+-").replace(".", "", 1).isdigit()


def _refuse(path: Path, line: int) -> None:
    raise TabTransferError(
        f"{path} can't be read as csv: a quote (\") that is opened in line {line} isn't closed "
        "before a cell's end, which swallows rows. Close it, or write it twice where it is part "
        "of a word."
    )


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(_MOST_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(before)
