"""The dialect of a CSV file: its delimiter, its encoding and its decimal sign."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.csv_quotes import refuse_swallowed_rows

__all__ = ["CsvDialect", "read_dialect"]

_SEPARATORS = (",", ";", "\t", "|")
_CHUNK_BYTES = 2**20
_SAMPLE_ROWS = 200
_COMMA_DECIMAL = re.compile(r"\s*[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+\s*")
_POINT_DECIMAL = re.compile(r"\s*[-+]?\d+\.\d+\s*")
_THOUSANDS = re.compile(r"\s*[-+]?[1-9]\d{0,2}(\.\d{3})+\s*")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}


@dataclass(frozen=True)
class CsvDialect:
    """How a CSV file is written; None for what is to be detected from the file.

    Parameters
    ----------
    separator : str or None
        What parts cells, one character.
    encoding : str or None
        Name of the encoding, as Python knows it.
    decimal : {".", ","} or None
        What stands before decimals.

    Examples
    --------
    >>> CsvDialect(";", "cp1252", ",").words
    'semicolons between cells, in cp1252, with decimal commas'
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        if self.separator is not None and len(self.separator) != 1:
            raise TabTransferError(
                f"--sep takes one character, such as ';' or tab, not {self.separator!r}."
            )
        if self.decimal not in (None, ".", ","):
            raise TabTransferError(f"--decimal takes '.' or ',', not {self.decimal!r}.")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            raise TabTransferError(
                f"--encoding {self.encoding} is unknown; take one such as utf-8, cp1252, utf-16."
            ) from None

    @property
    def words(self) -> str:
        """What is unlike commas, UTF-8 and decimal points, in words; "" if nothing is."""
        parts = []
        if self.separator not in (None, ","):
            parts.append(f"{_NAMES.get(self.separator, repr(self.separator))} between cells")
        if self.encoding not in (None, "utf-8"):
            parts.append(f"in {self.encoding}")
        if self.decimal == ",":
            parts.append("with decimal commas")
        return ", ".join(parts)


def read_dialect(path: Path, given: CsvDialect | None = None) -> CsvDialect:
    """Detect how a CSV file is written, by its bytes and its first rows.

    Parameters
    ----------
    path : Path
        The file, compressed if its name ends in .gz.
    given : CsvDialect, optional
        What is known already.

    Returns
    -------
    CsvDialect
        Commas, UTF-8 and decimal points, where nothing speaks for something else: another
        separator has to give every one of the first rows as many cells as the header.

    Raises
    ------
    TabTransferError
        If the bytes are no text of the encoding, or a quote swallows rows.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "prices.csv"
    >>> _ = path.write_bytes("Größe;Preis\\n1,5;2.000,50\\n".encode("cp1252"))
    >>> read_dialect(path)
    CsvDialect(separator=';', encoding='cp1252', decimal=',')
    """
    given = CsvDialect() if given is None else given
    encoding = given.encoding or _encoding_of(path)
    lines = _first_lines(path, encoding)
    separator = given.separator or _separator_of(path, lines)
    if any('"' in chunk for chunk in _text(path, encoding)):
        with _open(path) as raw, io.TextIOWrapper(raw, encoding, newline="") as file:
            refuse_swallowed_rows(file, path, separator)
    decimal = given.decimal
    if decimal is None:
        decimal = "." if separator == "," else _decimal_of(lines, separator)
    return CsvDialect(separator, encoding, decimal)


def _open(path: Path) -> IO[bytes]:
    compressed = path.name.lower().endswith(".gz")
    return cast(IO[bytes], gzip.open(path)) if compressed else path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    with _open(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _text(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(path):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise TabTransferError(
            f"{path} can't be read as csv: it is no text in {encoding} ({error}). Give the "
            "encoding that it was written in, such as --encoding cp1252."
        ) from None


def _encoding_of(path: Path) -> str:
    """Detect UTF-16 by its mark or its zero bytes, and UTF-8 by being valid; else it is cp1252."""
    first = next(_chunks(path), b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", first[1::2]), ("utf-16-be", first[::2])):
        if zeros.count(0) > len(zeros) / 2:
            return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    n_letters = 0  # of several bytes, which other encodings hardly imitate
    try:
        for chunk in _chunks(path):
            text = decoder.decode(chunk)
            n_letters += 0 if text.isascii() else sum(not letter.isascii() for letter in text)
        decoder.decode(b"", final=True)
    except UnicodeError:
        text = chunk.decode("utf-8", "replace")
        n_broken = text.count("\ufffd")
        n_letters += sum(not letter.isascii() for letter in text) - n_broken
        if n_letters > n_broken:
            raise TabTransferError(
                f"{path} can't be read as csv: it is UTF-8 but for some broken bytes (invalid UTF8 "
                "data). Repair them, or give the encoding: --encoding cp1252, for example."
            ) from None
        return "cp1252" if _decodes(path, "cp1252") else "latin-1"
    return "utf-8"


def _decodes(path: Path, encoding: str) -> bool:
    try:
        return all(chunk is not None for chunk in _text(path, encoding))
    except TabTransferError:
        return False


def _first_lines(path: Path, encoding: str) -> list[str]:
    """Return the first whole lines, without the byte order mark."""
    text = ""
    for chunk in _text(path, encoding):
        text += chunk
        if len(text) >= _CHUNK_BYTES:
            text = text[: text.rfind("\n") + 1] or text
            break
    return io.StringIO(text.removeprefix("\ufeff"), newline=None).readlines()


def _rows(lines: list[str], separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=separator):
            if row:
                rows.append(row)
            if len(rows) > _SAMPLE_ROWS:
                break
    except csv.Error:  # a cell that is too long
        pass
    return rows


def _separator_of(path: Path, lines: list[str]) -> str:
    own = "\t" if re.search(r"\.tsv(\.gz)?$", path.name.lower()) else ","
    for separator in dict.fromkeys((own, *_SEPARATORS)):
        widths = {len(row) for row in _rows(lines, separator)}
        if len(widths) == 1 and widths != {1}:
            return separator
    return own


def _decimal_of(lines: list[str], separator: str) -> str:
    cells = [cell for row in _rows(lines, separator)[1:] for cell in row]
    n_commas = sum(_COMMA_DECIMAL.fullmatch(cell) is not None for cell in cells)
    n_points = sum(_POINT_DECIMAL.fullmatch(cell) is not None for cell in cells)
    n_either = sum(_THOUSANDS.fullmatch(cell) is not None for cell in cells)
    return "," if n_commas > n_points - n_either else "."
