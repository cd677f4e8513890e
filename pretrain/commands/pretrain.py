"""The command that pretrains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabtransfer.options import MOST_PROCESSES, MOST_SEED, finite

if TYPE_CHECKING:
    from tabtransfer.pretrain.plan.presets import Preset

SHIPPED = "shipped"


def pretrain(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; give it again to resume.")
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            help="cpu, one-gpu, eight-gpu, eight-gpu-large or internet; options replace parts."
        ),
    ] = "cpu",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the preset on this CPU; nothing is trained.")
    ] = False,
    max_time: Annotated[
        str | None, typer.Option(help="Time to train, in all: 90s, 10m, 2h, or minutes.")
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help='Checkpoint to start from, or "shipped" for the one in the package.'),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            help="Real tables to train on as well: a folder of CSV, Parquet or Arrow files, packed "
            "tables or a manifest."
        ),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(help="Real tables to watch: a folder of .parquet files or a manifest."),
    ] = None,
    devices: Annotated[
        int | None, typer.Option(min=1, max=MOST_PROCESSES, help="Processes, one a device.")
    ] = None,
    nodes: Annotated[int | None, typer.Option(min=1, help="Machines.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, max=MOST_PROCESSES, help="Processes a device that make tasks on CPUs."),
    ] = None,
    compiles: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile",
            help="Compile attention blocks: fewer launches on a GPU, minutes at the start.",
        ),
    ] = None,
    accelerator: Annotated[str | None, typer.Option(help="cpu, gpu or auto.")] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="bf16-mixed, 32-true, or auto: whichever the device is quick at."),
    ] = None,
    max_rows: Annotated[int | None, typer.Option(min=64, help="Rows of the largest tasks.")] = None,
    max_columns: Annotated[
        int | None, typer.Option(min=2, help="Columns of the widest tasks.")
    ] = None,
    cells: Annotated[int | None, typer.Option(min=1, help="Cells of a batch, about.")] = None,
    shapes: Annotated[
        int | None,
        typer.Option(min=0, help="Fixed shapes of batches, for CUDA graphs (--compile); 0: any."),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-6, callback=finite, help="Factor on the usual rates.")
    ] = None,
    accumulate: Annotated[
        int | None, typer.Option(min=1, help="Batches whose gradients make one step.")
    ] = None,
    real_share: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, callback=finite, help="Share of the steps on real tables."),
    ] = None,
    learner_share: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, callback=finite, help="Share of the steps with predictions of trees."
        ),
    ] = None,
    chosen_share: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=finite,
            help="Share of their tasks with trees as strong as the estimators'; they take long.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Same seed, same tasks and same start.")
    ] = 0,
    validate_every: Annotated[
        float, typer.Option(min=0.01, callback=finite, help="Minutes in between.")
    ] = 5.0,
    logger: Annotated[
        str | None,
        typer.Option(
            help="csv, tensorboard or wandb: Lightning's loggers of losses and scores, to the "
            "folder of the run."
        ),
    ] = None,
) -> None:
    """Pretrain the network on synthetic tables, and on real ones where they are given.

    Options that aren't given come from the preset.

    Where training goes on from a checkpoint (--init) with a folder of tables, some of them are held
    out; they and the validation tables are measured before and after, and a report says whether to
    use the result. Any column of a table may be predicted; none has to be named.
    """
    from tabtransfer import checkpoint
    from tabtransfer.destinations import check_folder
    from tabtransfer.duration import read_minutes
    from tabtransfer.errors import TabTransferError
    from tabtransfer.pretrain.plan.presets import get_preset
    from tabtransfer.pretrain.training.recipe import Inputs
    from tabtransfer.pretrain.training.run import FINAL_FILE, RESUME_FILE
    from tabtransfer.pretrain.training.run import pretrain as run

    chosen = _replace_parts(
        get_preset(preset),
        stream={
            "max_rows": max_rows,
            "max_columns": max_columns,
            "cells": cells,
            "shapes": shapes,
            "real_share": real_share,
            "learner_share": learner_share,
            "chosen_share": chosen_share,
        },
        train={"learning_rate": learning_rate, "accumulate": accumulate},
        recipe={"seed": seed},
        preset={"minutes": None if max_time is None else read_minutes(max_time)},
        hardware={
            "devices": devices,
            "nodes": nodes,
            "workers": workers,
            "compiles": compiles,
            "accelerator": accelerator,
            "precision": precision,
        },
    )
    if dry_run:
        from tabtransfer.pretrain.plan.dry_run import dry_run as check
        from tabtransfer.pretrain.plan.dry_run_report import describe

        typer.echo(describe(preset, chosen, check(chosen)))
        return
    if out is None:
        raise TabTransferError("give a folder for the run: --out FOLDER")
    check_folder(out, "--out")
    if logger is not None:
        from tabtransfer.pretrain.training.loggers import make_logger

        make_logger(logger, out)  # refused before tables are read, if it is
    start = checkpoint.SHIPPED if init == SHIPPED else init
    processes = chosen.hardware.n_devices
    typer.echo(
        f"pretrain: {chosen.minutes:g} minutes in all, preset {preset}, {processes} "
        f"{'process' if processes == 1 else 'processes'}, "
        f"{'synthetic tables alone' if tables is None else f'synthetic tables and {tables}'}, "
        f"validated every {validate_every:g} minutes, to {out}. "
        "When stopped, the same command goes on where it was.",
        err=True,
    )
    inputs = Inputs(None if start is None else Path(start), tables, validation)
    options: dict[str, Any] = {"validate_every": 60.0 * validate_every, "logger": logger}
    try:
        if start is not None and tables is not None and tables.is_dir():
            _train_on_folder(out, chosen, inputs, learning_rate is None, options)
        else:
            run(out, 60.0 * chosen.minutes, chosen.recipe, inputs, chosen.hardware, **options)
    except BaseException as error:
        # `run` says itself what SIGTERM left, and after an error of ours nothing was trained.
        said = isinstance(error, TabTransferError) or getattr(error, "code", 1) != 1
        if not said and (out / RESUME_FILE).exists() and not (out / FINAL_FILE).exists():
            typer.echo(
                f"pretrain: stopped before the end; the same command goes on from {out}.", err=True
            )
        raise


def _train_on_folder(
    out: Path, chosen: Preset, inputs: Any, gently: bool, options: dict[str, Any]
) -> None:
    """Go on with a folder of tables, and print the report."""
    from rich.markdown import Markdown

    from tabtransfer.pretrain.continued.run import REPORT_FILE, gentle, train_on_folder
    from tabtransfer.printing import make_console

    if gently:
        chosen = gentle(chosen)
    report = train_on_folder(
        out, chosen, inputs, lambda text: typer.echo(f"pretrain: {text}", err=True), **options
    )
    console = make_console()
    console.print(Markdown(report.to_markdown()))
    console.print(f"Report: {out / REPORT_FILE}", soft_wrap=True)
    console.print(f"Weights: {report.checkpoint}", soft_wrap=True)


def _replace_parts(chosen: Preset, **parts: dict[str, Any]) -> Preset:
    """Replace the preset's settings by the options that were given."""
    from dataclasses import replace

    given = {
        part: {name: value for name, value in options.items() if value is not None}
        for part, options in parts.items()
    }
    recipe = replace(
        chosen.recipe,
        stream=replace(chosen.recipe.stream, **given["stream"]),
        train=replace(chosen.recipe.train, **given["train"]),
        **given["recipe"],
    )
    hardware = replace(chosen.hardware, **given["hardware"])
    return replace(chosen, recipe=recipe, hardware=hardware, **given["preset"])
