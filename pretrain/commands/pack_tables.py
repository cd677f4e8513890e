"""The command that packs real tables for pretraining."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tabtransfer.pretrain.real_tables.packed_tables import PackedTables

MAX_LICENCES = 20


def pack_tables(
    source: Annotated[Path, typer.Argument(help="Folder of .parquet files, or a manifest.")],
    out: Annotated[Path, typer.Argument(help="File to write, for `pretrain --tables`.")],
    validation: Annotated[
        Path | None, typer.Option(help="Tables to keep out: a folder or a manifest.")
    ] = None,
    without: Annotated[
        str, typer.Option(help="Further tables to leave out, separated by commas.")
    ] = "",
    allow_unstated: Annotated[
        bool,
        typer.Option(
            "--allow-unstated",
            help="Take tables without a stated licence as well, such as your own.",
        ),
    ] = False,
) -> None:
    """Pack the real tables that pretraining may see into one file.

    Tables that meet a table of a suite or of the validation folder are refused, and so are those
    with fewer than 100 rows or 5 useful columns, those under a licence that isn't known to permit
    use, and those without a stated one, as all tables of a folder are, unless you allow them.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tabtransfer.destinations import check_file
    from tabtransfer.folder_lock import alone_with
    from tabtransfer.pretrain.real_tables import packed_tables
    from tabtransfer.printing import make_console
    from tabtransfer.table_files.options import split_names

    check_file(out, "OUT")
    names = set(split_names(without))
    console = make_console()
    columns = (SpinnerColumn(), TextColumn("{task.completed} tables looked at"))
    show = Progress(*columns, TimeElapsedColumn(), console=make_console(stderr=True))
    with alone_with(out), show as progress:
        bar = progress.add_task("", total=None)
        # Read now, the error stream is the one that leaves the progress line whole.
        packed = packed_tables.pack_tables(
            *(source, validation, names, sys.stderr, lambda: progress.advance(bar)),
            allow_unstated=allow_unstated,
        )
        packed.save(out)
    console.print(
        f"{out}: {_describe(packed)}, {out.stat().st_size / 2**20:.1f} MiB", soft_wrap=True
    )
    licences = Counter(table["licence"] for table in packed.provenance).most_common()
    for licence, count in licences[:MAX_LICENCES]:
        console.print(f"{count:>6}  {licence}", soft_wrap=True, highlight=False)
    rest = sum(count for _, count in licences[MAX_LICENCES:])
    if rest:
        console.print(f"{rest:>6}  {len(licences) - MAX_LICENCES} other licences")


def _describe(packed: PackedTables) -> str:
    n_rows = sum(len(table.values) for table in packed.tables)
    n_columns = sum(table.values.shape[1] for table in packed.tables)
    return f"{len(packed.tables):,} tables, {n_rows:,} rows, {n_columns:,} columns"
