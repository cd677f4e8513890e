"""The command `tabtransfer finetune`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.batch_prediction.command import read_to_fit, said_warnings
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

    seconds = 60.0 * read_minutes(time)
    dialect = csv_dialect(sep, encoding, decimal)
    rows = read_to_fit(table, out, target, split_names(drop), task, dialect)

    from tabtransfer import FinetuneConfig, TabTransferClassifier, TabTransferRegressor
    from tabtransfer.finetune.modes import config_of
    from tabtransfer.finetune.picture import draw_curve

    kind = TabTransferClassifier if rows.task == "classification" else TabTransferRegressor
    progress = out.with_name(f"{out.name}.progress")
    config = replace(config_of(mode.value, FinetuneConfig()), folder=progress, trials=trials)
    model = kind(
        finetune=config, time_limit=seconds, random_state=seed, device=device, n_threads=threads
    )
    with alone_with(out), said_warnings(split_names(silence)):
        with _shown_curve(config) as curves:
            model.fit(rows.X, rows.y)
        record = model.finetuning_
        model.save(out)
        if curves:
            draw_curve(curves, record, out.with_name(f"{out.name}.png"))
        shutil.rmtree(progress, ignore_errors=True)
    if record.found is not None:
        found = record.found
        _say(
            f"Best settings: learning rate {found.learning_rate:.2g}, weight decay "
            f"{found.weight_decay:.2g}, {found.max_steps} steps, {found.layers:.0%} of the layers."
        )
    if record.gain is not None:
        _say(
            f"Loss of {record.n_rows} held-out rows: {record.base_loss:.4f} before, "
            f"{record.tuned_loss:.4f} after; fell by {record.gain:.4f} "
            f"({record.gain_low:.4f} to {record.gain_high:.4f}), in {record.seconds:.0f} s."
        )
    _say(f"Kept the {record.chosen} weights: {record.reason}.")
    _say(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")


@contextmanager
def _shown_curve(config: FinetuneConfig) -> Iterator[list[Curve]]:
    """Show trials and the curves of children while they learn; the list holds the curves."""
    from rich.live import Live
    from rich.text import Text

    from tabtransfer.finetune.picture import curve_text
    from tabtransfer.finetune.watch import watching

    curves: list[Curve] = []
    with Live(console=make_console(stderr=True), auto_refresh=False) as live:

        def show(child: int, curve: Curve) -> None:
            curves[child:] = [list(curve)]
            live.update(Text(curve_text(curves, config.max_steps), no_wrap=True), refresh=True)

        def say(number: int, loss: float | None) -> None:
            result = "ended early" if loss is None else f"held-out loss {loss:.4f}"
            live.console.print(f"Trial {number + 1} of {config.trials}: {result}.", highlight=False)

        with watching(show, say):
            yield curves


def _say(text: str) -> None:
    typer.echo(text, err=True)
