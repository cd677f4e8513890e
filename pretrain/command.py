"""The command that pretrains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SHIPPED = "shipped"


def pretrain(
    out: Annotated[Path, typer.Option(help="Folder of the run; give it again to resume.")],
    max_time: Annotated[float, typer.Option(min=0.01, help="Minutes to train, in all.")] = 100.0,
    init: Annotated[
        str | None,
        typer.Option(help='Checkpoint to start from, or "shipped" for the one in the package.'),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(help="Real tables to train on as well: packed, a folder or a manifest."),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(help="Real tables to watch: a folder of .parquet files or a manifest."),
    ] = None,
    devices: Annotated[int, typer.Option(min=1, help="Processes, one a device.")] = 1,
    accelerator: Annotated[str, typer.Option(help="cpu, gpu or auto.")] = "auto",
    precision: Annotated[
        str, typer.Option(help="bf16-mixed, or 32-true where bfloat16 is slow.")
    ] = "bf16-mixed",
    max_rows: Annotated[int, typer.Option(min=64, help="Rows of the largest tasks.")] = 800,
    max_columns: Annotated[int, typer.Option(min=2, help="Columns of the widest tasks.")] = 40,
    cells: Annotated[int, typer.Option(min=1, help="Cells of a step, about.")] = 40_960,
    learning_rate: Annotated[float, typer.Option(help="Factor on the usual rates.")] = 1.0,
    real_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the steps on real tables.")
    ] = 0.35,
    seed: Annotated[int, typer.Option(help="Same seed, same tasks and same start.")] = 0,
    validate_every: Annotated[float, typer.Option(min=0.01, help="Minutes in between.")] = 5.0,
) -> None:
    """Pretrain the network on synthetic tables, and on real ones where they are given."""
    from tabtransfer import checkpoint
    from tabtransfer.pretrain.module import TrainConfig
    from tabtransfer.pretrain.run import Recipe
    from tabtransfer.pretrain.run import pretrain as run
    from tabtransfer.pretrain.stream import StreamConfig

    recipe = Recipe(
        stream=StreamConfig(
            max_rows=max_rows, max_columns=max_columns, cells=cells, real_share=real_share
        ),
        train=TrainConfig(learning_rate=learning_rate),
        seed=seed,
    )
    start = checkpoint.SHIPPED if init == SHIPPED else init
    run(
        out,
        60.0 * max_time,
        recipe,
        init=None if start is None else Path(start),
        tables=tables,
        validation=validation,
        devices=devices,
        accelerator=accelerator,
        precision=precision,
        validate_every=60.0 * validate_every,
    )
