"""The command `tabtransfer audit`: may the model have seen this table?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tabtransfer.errors import TabTransferError, did_you_mean, name_list
from tabtransfer.table_files.options import Decimal, Encoding, Sep, Tables, csv_dialect


def audit(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column that is predicted.")],
    checkpoint: Annotated[str, typer.Option(help='Weights, or "shipped".')] = "shipped",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
) -> None:
    """Tell whether the model may have seen a table while it was trained.

    Compares the table with the fingerprints in the checkpoint. Shuffled rows, reordered or
    renamed columns, other units, rounded numbers and a subset of the rows are recognised, within
    limits that it prints.
    """
    from tabtransfer.checkpoint import read_header
    from tabtransfer.datasets.audit import find_seen
    from tabtransfer.table_files.find import find_files
    from tabtransfer.table_files.reader import Source
    from tabtransfer.table_files.whole_table import read_columns, to_typed_frame

    path = None if checkpoint == "shipped" else Path(checkpoint)
    header = read_header(path)
    files = find_files(table)
    source = Source.of(files, given=csv_dialect(sep, encoding, decimal))
    if target not in source.columns:
        raise TabTransferError(
            f"{files[0]} has no column {target!r}; it has {name_list(source.columns)}."
            f"{did_you_mean(target, source.columns)}"
        )
    frame = to_typed_frame(read_columns(source, source.columns), source)
    provenance = header.get("tables", [])
    if not provenance:
        typer.echo(
            f"Can't tell: the checkpoint {checkpoint} names no table that it was trained on."
        )
        return
    sightings = find_seen(provenance, files[0].name.split(".")[0], frame)
    typer.echo(
        f"{files[0].name}: {len(frame)} rows, compared with {len(provenance)} tables that "
        f"{checkpoint} weights were trained on."
    )
    for sighting in sightings:
        typer.echo(sighting.sentence(target))
    if not sightings:
        typer.echo("No sign that the model has seen this table.")
    typer.echo(
        "Not recognised: under an eighth of a table's rows; rows of renamed columns, and rounded "
        "values, where not two columns have numbers of many digits; both together."
    )
