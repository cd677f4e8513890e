"""The commands `tabtransfer fit` and `tabtransfer predict`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tabtransfer.destinations import check_file
from tabtransfer.errors import ColumnWarning, TabTransferError, name_list
from tabtransfer.folder_lock import alone_with
from tabtransfer.options import MOST_SEED, Device, known_device
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
    import pyarrow as pa

    from tabtransfer.table_files.csv_dialect import CsvDialect
    from tabtransfer.table_files.training_table import TrainingTable


class Engine(str, Enum):
    """Where to predict."""

    local = "local"
    ray = "ray"


def fit(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.")],
    out: Annotated[Path, typer.Option(metavar="MODEL", help="File to write the model to.")],
    task: Annotated[
        TaskOption, typer.Option(help="What to learn; auto goes by what the target holds.")
    ] = TaskOption.auto,
    drop: Drop = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    silence: Silence = "",
    trees: Annotated[
        bool, typer.Option("--trees/--no-trees", help="Whether the network reads trees as well.")
    ] = True,
    n_estimators: Annotated[
        int | None,
        typer.Option(min=1, help="Members of the ensemble.", show_default="by the table's size"),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, help="Seed of all that is random.")
    ] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="torch's setting")
    ] = None,
    device: Device = "auto",
) -> None:
    """Fit a model to a table and write it to a file, for `tabtransfer predict`.

    Rows without a target are left out. The file holds the training rows and no code. `tabtransfer
    finetune` adapts the network's weights to the table as well.
    """
    dialect = csv_dialect(sep, encoding, decimal)
    rows = read_to_fit(table, out, target, split_names(drop), task, dialect)

    from tabtransfer import TabTransferClassifier, TabTransferRegressor

    kind = TabTransferClassifier if rows.task == "classification" else TabTransferRegressor
    model = kind(
        n_estimators,
        trees=trees,
        random_state=seed,
        device=device,
        n_threads=threads,
        verbose=True,
    )
    with alone_with(out), said_warnings(split_names(silence)):
        model.fit(rows.X, rows.y)
        model.save(out)
    n_rows, n_columns = rows.X.shape
    _say(f"{out}: {n_rows:,} rows, {n_columns:,} columns, {out.stat().st_size / 2**20:.1f} MiB")


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="File that `fit` wrote.")],
    table: Tables,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="File to write, CSV, Parquet or Arrow by its suffix."),
    ],
    keep: Annotated[
        str,
        typer.Option(
            metavar="COLUMNS",
            help="Columns to copy to the result, separated by commas; a name with a comma in "
            "double quotes.",
        ),
    ] = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    quantiles: Annotated[
        str | None,
        typer.Option(
            metavar="LEVELS",
            help="Quantiles of a predicted number, separated by commas.",
            show_default="0.1,0.5,0.9",
        ),
    ] = None,
    silence: Silence = "",
    engine: Annotated[
        Engine, typer.Option(help="Where to predict: in this process, or on a Ray cluster.")
    ] = Engine.local,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="as the model was fitted")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            callback=known_device,
            help="Where the network computes, as for `fit`.",
            show_default="as the model was fitted",
        ),
    ] = None,
) -> None:
    """Predict the rows of a table of any size, in pieces.

    Writes one row for each, in order: the prediction, and the probability of each class or
    quantiles. Columns are found by name; those that the model doesn't know are left aside.
    """
    from tabtransfer.table_files.find import find_files, kind_of

    files = find_files(table)
    kind_of(out)
    check_file(out, "--out", [*files, model])
    levels = _levels(quantiles)

    from tabtransfer.batch_prediction.engines import ENGINES
    from tabtransfer.batch_prediction.scorer import Scorer
    from tabtransfer.batch_prediction.writer import table_writer
    from tabtransfer.estimators.loading import load
    from tabtransfer.table_files.reader import Source

    fitted = load(model).set_params(verbose=False)
    if threads is not None:
        fitted.set_params(n_threads=threads)
    if device is not None:
        fitted.set_params(device=device)
    scorer = Scorer.of(fitted, None, split_names(keep), levels)
    source = Source.of(files, scorer.columns, csv_dialect(sep, encoding, decimal))
    if source.dialect is not None:
        scorer = replace(scorer, decimal=source.dialect.decimal)
        if source.dialect.words:
            _say(f"{files[0]} is read with {source.dialect.words}.")
    aside = [name for name in source.columns if name not in scorer.columns]
    if aside:
        _say(f"Left aside, because the model doesn't know them: {name_list(aside)}.")
    n_rows = 0
    with alone_with(out), table_writer(out) as write, said_warnings(split_names(silence)):
        for piece in _watched(ENGINES[engine.value](source, scorer), source.n_rows):
            write(piece)
            n_rows += piece.num_rows
        if not n_rows:
            raise TabTransferError(f"{files[0]} holds no rows to predict.")
    _say(f"{out}: {n_rows:,} rows, {out.stat().st_size / 2**20:.1f} MiB")


def _watched(pieces: Iterable[pa.Table], total: int | None) -> Iterator[pa.Table]:
    """Show how many rows are done on standard error."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=make_console(stderr=True)) as progress:
        bar = progress.add_task("predict", total=total)
        for piece in pieces:
            yield piece
            progress.advance(bar, piece.num_rows)


@contextmanager
def said_warnings(silenced: Iterable[str] = ()) -> Iterator[None]:
    """Print warnings about columns as sentences, except for some columns."""
    with warnings.catch_warnings():
        for name in silenced:
            about = re.escape(f"Column {name!r} ")
            warnings.filterwarnings("ignore", about, ColumnWarning)
        show = warnings.showwarning

        def say(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if issubclass(category, ColumnWarning):
                _say(str(message))
            else:
                show(message, category, *rest)

        warnings.showwarning = say  # type: ignore[assignment]
        yield


def read_to_fit(
    table: list[str],
    out: Path,
    target: str,
    drop: Sequence[str],
    task: TaskOption,
    dialect: CsvDialect,
) -> TrainingTable:
    """Read the table of a command that writes to ``out``, and say how it was read."""
    from tabtransfer.table_files.find import find_files
    from tabtransfer.table_files.training_table import read_training_table

    files = find_files(table)
    check_file(out, "--out", files)
    rows = read_training_table(files, target, drop, task.value, dialect)
    say_reading(rows)
    return rows


def say_reading(rows: TrainingTable) -> None:
    """Print what was left out of a table, how it was read, and what is learned."""
    target = rows.y.name
    for note in rows.notes:
        _say(note)
    if rows.n_without_target:
        _say(f"{rows.n_without_target:,} rows without {target!r} are left out.")
    if rows.reason:
        _say(f"The task is {rows.task} of {target!r}, because {rows.reason}; --task overrules it.")


def _levels(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(level) for level in split_names(text))
    except ValueError as error:
        raise TabTransferError(
            f"--quantiles takes numbers such as 0.1,0.5,0.9, not {text!r}."
        ) from error


def _say(text: str) -> None:
    typer.echo(text, err=True)
