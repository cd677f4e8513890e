"""The command that packs real tables for pretraining."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def pack_tables(
    source: Annotated[Path, typer.Argument(help="Folder of .parquet files, or a manifest.")],
    out: Annotated[Path, typer.Argument(help="File to write, for `pretrain --tables`.")],
    validation: Annotated[
        Path | None, typer.Option(help="Tables to keep out: a folder or a manifest.")
    ] = None,
    without: Annotated[
        str, typer.Option(help="Further tables to leave out, separated by commas.")
    ] = "",
) -> None:
    """Pack the real tables that pretraining may see into one file.

    Tables that meet a table of a suite or of the validation folder are refused, and so are those
    with no permissive licence stated, fewer than 100 rows or 5 useful columns.
    """
    from tabtransfer.pretrain import packed_tables

    names = {name.strip() for name in without.split(",")}
    packed_tables.pack_tables(source, validation, names).save(out)
    typer.echo(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")
