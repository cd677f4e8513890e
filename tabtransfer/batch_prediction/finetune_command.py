"""The command `tabtransfer finetune`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabtransfer.batch_prediction.command import said_warnings, say_reading
from tabtransfer.destinations import check_file
from tabtransfer.duration import read_minutes
from tabtransfer.folder_lock import alone_with
from tabtransfer.options import MOST_SEED, Device
from tabtransfer.printing import make_console
from tabtransfer.table_files.options import (
    Decimal,
    Drop,
    Encoding,
    Sep,
    Silence,
    Tables,
    TaskOption,
    csv_dialect,
    split_names,
)

if TYPE_CHECKING:
    from tabtransfer.finetune.config import FinetuneConfig
    from tabtransfer.finetune.watch import Curve


class Mode(str, Enum):
    """Which weights learn."""

    auto = "auto"
    full = "full"
    last = "last"


def finetune(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.")],
    out: Annotated[Path, typer.Option(metavar="MODEL", help="File to write the model to.")],
    mode: Annotated[
        Mode,
        typer.Option(
            help="auto: all weights, if the table is large enough, as far as the time allows; "
            "full: all; last: those of the last layers."
        ),
    ] = Mode.auto,
    time: Annotated[str, typer.Option(help="Time to tune: 90s, 10m, 2h, or minutes.")] = "10m",
    trials: Annotated[
        int, typer.Option(min=0, help="Settings to try by Optuna first; kept in MODEL.trials.")
    ] = 0,
    task: Annotated[
        TaskOption, typer.Option(help="What to learn; auto goes by what the target holds.")
    ] = TaskOption.auto,
    drop: Drop = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    silence: Silence = "",
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Seed of all that is random.")
    ] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="torch's setting")
    ] = None,
    device: Device = "auto",
) -> None:
    """Fit a model to a table with the network's weights adapted to it, and write it to a file.

    Shows the loss of rows held out while it falls, and draws it to MODEL.png. The weights as they
    were stay unless the rows held out speak for the tuned ones. A command that was stopped goes on
    when it is given again; its progress is in MODEL.progress until then.
    """
    import shutil

    from tabtransfer.table_files.find import find_files
    from tabtransfer.table_files.training_table import read_training_table

    files = find_files(table)
    check_file(out, "--out", files)
    seconds = 60.0 * read_minutes(time)
    dialect = csv_dialect(sep, encoding, decimal)
    rows = read_training_table(files, target, split_names(drop), task.value, dialect)
    say_reading(rows)

    from tabtransfer import FinetuneConfig, TabTransferClassifier, TabTransferRegressor
    from tabtransfer.finetune.modes import config_of
    from tabtransfer.finetune.picture import draw_curve

    kind = TabTransferClassifier if rows.task == "classification" else TabTransferRegressor
    progress = out.with_name(f"{out.name}.progress")
    config = replace(config_of(mode.value, FinetuneConfig()), folder=progress)
    model = kind(time_limit=seconds, random_state=seed, device=device, n_threads=threads)
    with alone_with(out), said_warnings(split_names(silence)):
        if trials:
            config = _search(model, rows, config, trials, out.with_name(f"{out.name}.trials"))
        model.set_params(finetune=replace(config, auto=config.auto and not trials))
        with _shown_curve(config.max_steps) as curves:
            model.fit(rows.X, rows.y)
        record = model.finetuning_
        model.save(out)
        if curves:
            draw_curve(curves, record, out.with_name(f"{out.name}.png"))
        shutil.rmtree(progress, ignore_errors=True)
    if record.gain is not None:
        _say(
            f"Loss of {record.n_rows} held-out rows: {record.base_loss:.4f} before, "
            f"{record.tuned_loss:.4f} after; fell by {record.gain:.4f} "
            f"({record.gain_low:.4f} to {record.gain_high:.4f}), in {record.seconds:.0f} s."
        )
    _say(f"Kept the {record.chosen} weights: {record.reason}.")
    _say(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")


def _search(
    model: Any, rows: Any, config: FinetuneConfig, trials: int, path: Path
) -> FinetuneConfig:
    """Return the best of some settings."""
    from tabtransfer.checkpoint import load_checkpoint
    from tabtransfer.device import find_device
    from tabtransfer.finetune.search import search_settings
    from tabtransfer.inference.fitting import add_learners, prepare_rows
    from tabtransfer.inference.placement import placed
    from tabtransfer.inference.resources import Resources
    from tabtransfer.inference.settings import FitSettings
    from tabtransfer.preprocessing.training_input import read_training
    from tabtransfer.threads import torch_threads

    device, seed = find_device(model.device), int(model.random_state)
    settings = FitSettings.of(rows.task, model.get_params())
    prepared = prepare_rows(*read_training(model, rows.X, rows.y, None), settings, seed)
    training = add_learners(prepared, Resources(model.n_threads, device=device)).training
    network = placed(load_checkpoint(model.checkpoint), device)

    def say(number: int, loss: float | None) -> None:
        result = "ended early" if loss is None else f"held-out loss {loss:.4f}"
        _say(f"Trial {number + 1} of {trials}: {result}.")

    with torch_threads(model.n_threads):
        best = search_settings(
            network,
            training,
            config,
            trials,
            path,
            max_context_rows=model.max_context_rows,
            seed=seed,
            on_trial=say,
        )
    _say(
        f"Best settings: learning rate {best.learning_rate:.2g}, weight decay "
        f"{best.weight_decay:.2g}, {best.max_steps} steps, {best.layers:.0%} of the layers."
    )
    return best


@contextmanager
def _shown_curve(n_steps: int) -> Iterator[list[Curve]]:
    """Show the curves of children while they learn; the list holds them afterwards."""
    from rich.live import Live
    from rich.text import Text

    from tabtransfer.finetune.picture import curve_text
    from tabtransfer.finetune.watch import watching

    curves: list[Curve] = []
    with Live(console=make_console(stderr=True), auto_refresh=False) as live:

        def show(child: int, curve: Curve) -> None:
            curves[child:] = [list(curve)]
            live.update(Text(curve_text(curves, n_steps), no_wrap=True), refresh=True)

        with watching(show):
            yield curves


def _say(text: str) -> None:
    typer.echo(text, err=True)
