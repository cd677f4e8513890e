"""The command `tabtransfer audit`: may the model have seen this table?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tabtransfer.errors import TabTransferError, did_you_mean


def audit(
    table: Annotated[Path, typer.Argument(help="A CSV (.csv, .tsv, .csv.gz) or Parquet file.")],
    target: Annotated[str, typer.Option(help="Column that is predicted.")],
    checkpoint: Annotated[str, typer.Option(help='Weights, or "shipped".')] = "shipped",
) -> None:
    """Tell whether the model may have seen a table while it was trained.

    Compares the table with the fingerprints in the checkpoint. Shuffled rows, reordered or
    renamed columns, other units, rounded numbers and a subset of the rows are recognised, within
    limits that it prints.
    """
    from tabtransfer.checkpoint import read_header
    from tabtransfer.datasets.audit import find_seen
    from tabtransfer.datasets.folder import read_frame

    path = None if checkpoint == "shipped" else Path(checkpoint)
    header = read_header(path)
    frame = read_frame(table)
    if target not in frame.columns:
        raise TabTransferError(
            f"{table} has no column {target!r}.{did_you_mean(target, frame.columns)}"
        )
    provenance = header.get("tables", [])
    if not provenance:
        typer.echo(
            f"Can't tell: the checkpoint {checkpoint} names no table that it was trained on."
        )
        return
    sightings = find_seen(provenance, table.stem, frame)
    typer.echo(
        f"{table.name}: {len(frame)} rows, compared with {len(provenance)} tables that "
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
