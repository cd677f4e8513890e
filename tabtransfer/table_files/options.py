"""Options of the commands that read table files."""

from __future__ import annotations

import csv
from enum import Enum
from typing import Annotated

import typer

from tabtransfer.table_files.csv_dialect import CsvDialect

__all__ = [
    "Decimal",
    "Drop",
    "Encoding",
    "Sep",
    "Silence",
    "Tables",
    "TaskOption",
    "csv_dialect",
    "split_names",
]


class TaskOption(str, Enum):
    """What to learn."""

    auto = "auto"
    classification = "classification"
    regression = "regression"


Tables = Annotated[
    list[str],
    typer.Argument(
        metavar="TABLE...",
        help="CSV (.csv, .tsv, .csv.gz), Parquet (.parquet) or Arrow (.arrow, .feather) files of "
        "one table, or patterns of their names in quotes.",
    ),
]
Drop = Annotated[
    str,
    typer.Option(
        metavar="COLUMNS",
        help="Columns to leave out, separated by commas; a name with a comma in double quotes.",
    ),
]
Sep = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER",
        help="What parts the cells of CSV files, such as ';' or tab.",
        show_default="told by the file",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Encoding of CSV files, such as cp1252.", show_default="told by the file"),
]
Decimal = Annotated[
    str | None,
    typer.Option(help="Decimal sign in CSV files, . or ,", show_default="told by the file"),
]
Silence = Annotated[
    str,
    typer.Option(
        metavar="COLUMNS", help="Columns to say nothing about, separated by commas as in --drop."
    ),
]


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a list separated by commas, each once; quotes hold names with commas."""
    names = next(csv.reader([text], skipinitialspace=True), [])
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def csv_dialect(sep: str | None, encoding: str | None, decimal: str | None) -> CsvDialect:
    """Return the dialect of CSV files that the options state."""
    return CsvDialect("\t" if sep in ("tab", "\\t") else sep, encoding, decimal)
