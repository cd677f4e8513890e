"""The command `tabtransfer small-transfer`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.batch_prediction.command import read_to_fit
from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_with
from tabtransfer.options import MOST_SEED, Device
from tabtransfer.table_files.options import (
    Decimal,
    Drop,
    Encoding,
    Sep,
    Tables,
    TaskOption,
    csv_dialect,
    split_names,
)

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


def small_transfer(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.")],
    by: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column of groups, such as region or year.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="CSV file of all losses.")],
    rows: Annotated[
        str, typer.Option(help="Rows of the new table, separated by commas.")
    ] = "16,64,256,1024",
    groups: Annotated[int, typer.Option(min=1, help="Groups that are new in turn.")] = 8,
    steps: Annotated[
        int, typer.Option(min=0, help="Steps of fine-tuning on the related rows; 0: none.")
    ] = 60,
    task: Annotated[
        TaskOption, typer.Option(help="What to learn; auto goes by what the target holds.")
    ] = TaskOption.auto,
    drop: Drop = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Seed of all that is random.")
    ] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads.")] = 1,
    device: Device = "auto",
) -> None:
    """Measure what related rows are worth to a small table, by the groups of one table.

    Each of the largest groups is the new table in turn, and the others are related to it. CatBoost
    and the network with the new rows alone are set beside the network with related rows in its
    context, and fine-tuned on them.
    """
    from tabtransfer.bench.measure.small_transfer import SmallTransfer, largest_groups
    from tabtransfer.files import replacing
    from tabtransfer.printing import make_console

    sizes = _read_sizes(rows)
    dialect = csv_dialect(sep, encoding, decimal)
    read = read_to_fit(table, out, target, split_names(drop), task, dialect)
    if by not in read.X:
        raise TabTransferError(f"The table has no column {by!r} to split by.")
    experiment = SmallTransfer(
        read.X,
        read.y,
        by,
        read.task,
        {"n_threads": threads, "device": device},
        tuning_steps=steps,
        seed=seed,
    )
    names = largest_groups(read.X[by], min(sizes), groups)

    import pandas as pd

    found: list[dict[str, object]] = []
    with alone_with(out):
        for name in names:
            typer.echo(f"small-transfer: {by} {name!r} is the new table", err=True)
            found += experiment.measure(name, sizes)
            losses = pd.DataFrame(found)
            with replacing(out) as partial:
                losses.to_csv(partial, index=False)
    make_console().print(_summary(losses))


def _read_sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(size) for size in text.split(",")})
    except ValueError:
        sizes = []
    if not sizes or sizes[0] < 4:
        raise TabTransferError(f"--rows takes whole numbers from 4 on, with commas, not {text!r}.")
    return sizes


def _summary(losses: pd.DataFrame) -> Table:
    """Return the mean losses, and how much each method gains on the new rows in context."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from tabtransfer.bench.analysis.small_transfer import summarise

    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption="gain: on in-context alone")
    for heading in ("rows", "method", "groups", "loss", "gain", "interval"):
        table.add_column(heading, no_wrap=True)
    for row in summarise(losses).itertuples():
        table.add_row(
            *(str(row.rows), str(row.method), str(row.groups), f"{row.loss:.3f}"),
            *(f"{row.gain:+.3f}", f"{row.low:+.3f} to {row.high:+.3f}"),
        )
    return table
