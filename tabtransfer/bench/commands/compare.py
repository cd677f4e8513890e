"""The command `tabtransfer compare`: which method for this table?"""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.batch_prediction.command import said_warnings, say_reading
from tabtransfer.bench.commands.options import (
    REPORT_FILES,
    RESULTS_FILE,
    Jobs,
    Seed,
    Threads,
    kept_in,
)
from tabtransfer.destinations import check_file, check_folder
from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_with
from tabtransfer.options import Device
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
    from tabtransfer.baselines.method import Method
    from tabtransfer.bench.analysis.comparison import Comparison
    from tabtransfer.bench.analysis.ladder import Ladder
    from tabtransfer.bench.measure.user_table import FoldsBy
    from tabtransfer.datasets.table import Table
    from tabtransfer.preprocessing.column_notes import ColumnNote
    from tabtransfer.table_files.training_table import TrainingTable


def compare(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.")],
    time: Annotated[
        str,
        typer.Option(help="Time from the first row read to the report, such as 90s, 10m or 2h."),
    ] = "5m",
    methods: Annotated[
        str | None,
        typer.Option(
            help="Methods to measure, separated by commas, as for `benchmark`; ladder shows what "
            "hand-made features, trees, the network, pretraining and fine-tuning add.",
            show_default="those that need no network, and the searches that the time allows",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="reports/TABLE")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="File to write the recommended method to, fitted."),
    ] = None,
    task: Annotated[
        TaskOption, typer.Option(help="What to learn; auto goes by what the target holds.")
    ] = TaskOption.auto,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of groups, such as customers: folds test on groups that weren't learned "
            "from, and the column is no input.",
        ),
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of dates or numbers: folds learn from earlier rows and test on later.",
        ),
    ] = None,
    drop: Drop = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    silence: Silence = "",
    jobs: Jobs = 2,
    threads: Threads = 1,
    max_train: Annotated[int, typer.Option(min=20, help="Most training rows of a split.")] = 10_000,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Tell which method to use for a table: ours, CatBoost or another.

    Measures the methods on repeated folds of the table until the time is over, every method on one
    before any on two, and recommends one. Where the time is too short for one split of ours and
    CatBoost, all learn from fewer rows. With --group or --time-column, it also says what plain
    folds would have said of the recommended method; with --methods ladder, what each step adds from
    a linear model to the fine-tuned network. Writes results.parquet and the report that `benchmark`
    writes. The same command again goes on where it was, with the time given anew.
    """
    started, worked = monotonic(), process_time()

    from tabtransfer.baselines.registry import resolve_methods
    from tabtransfer.bench.analysis.comparison import compare_methods
    from tabtransfer.bench.analysis.ladder import find_ladder
    from tabtransfer.bench.measure.budget import seconds_beside
    from tabtransfer.bench.measure.compare import compare as measure
    from tabtransfer.bench.measure.user_table import read_user_table
    from tabtransfer.bench.report.pages import write_report
    from tabtransfer.duration import read_minutes
    from tabtransfer.table_files.find import find_files

    files = find_files(table)
    seconds = 60 * read_minutes(time)
    chosen = None if methods is None else resolve_methods(methods)
    if save is not None:
        _check_save(save, files, chosen)
    dialect = csv_dialect(sep, encoding, decimal)
    folds_by = _folds_by(group, time_column)
    user_table, rows = read_user_table(
        files, target, split_names(drop), task.value, dialect, folds_by
    )
    folder = out if out is not None else Path("reports") / user_table.name
    check_folder(folder, "--out", (RESULTS_FILE, *REPORT_FILES))
    say_reading(rows)
    user_table = _with_warnings(user_table, _say_columns(rows, split_names(silence)))
    _say_seen(user_table.name, rows)
    with kept_in(folder, "compare"), nullcontext() if save is None else alone_with(save):
        results = measure(
            user_table,
            folder / RESULTS_FILE,
            seconds,
            files=shlex.join(table),
            methods=chosen,
            seed=seed,
            max_train=max_train,
            n_threads=threads,
            n_jobs=jobs,
            spent=seconds_beside(monotonic() - started, process_time() - worked),
            rows_to_fit=0 if save is None else len(user_table.X),
            tell=_say,
            device=device,
        )
        comparison = compare_methods(results)
        ladder = find_ladder(results, comparison)
        write_report(results, folder)
        if save is not None:  # before anything is shown, as showing may fail
            _save(comparison, rows, save, seed, threads, device)
    _show(comparison, ladder, folder)


def _folds_by(group: str | None, time_column: str | None) -> FoldsBy | None:
    from tabtransfer.bench.measure.user_table import FoldsBy

    if group is not None and time_column is not None:
        raise TabTransferError(
            "Folds go by groups or by time: give --group or --time-column, not both."
        )
    if group is not None:
        return FoldsBy("grouped", group)
    return None if time_column is None else FoldsBy("temporal", time_column)


def _with_warnings(table: Table, notes: list[ColumnNote]) -> Table:
    """Return the table with what speaks against trusting scores, for the report."""
    doubts = " ".join(str(note) for note in notes if note.doubtful)
    return replace(table, metadata=replace(table.metadata, warnings=doubts))


def _say_columns(rows: TrainingTable, silenced: tuple[str, ...]) -> list[ColumnNote]:
    """Print what to know of how columns are read, and return it."""
    with said_warnings(silenced):
        notes = rows.column_notes()
    notes = [note for note in notes if note.column not in silenced]
    for note in notes:
        _say(str(note))
    return notes


def _say_seen(name: str, rows: TrainingTable) -> None:
    """Print where the weights may have been trained on the table; `run` leaves them out then."""
    from tabtransfer.checkpoint import read_header
    from tabtransfer.datasets.audit import find_seen
    from tabtransfer.datasets.frames import with_target

    provenance = read_header().get("tables", [])
    sightings = find_seen(provenance, name, with_target(rows.X, rows.y))
    for sighting in sightings:
        _say(sighting.sentence(str(rows.y.name)))
    if sightings:
        _say(
            "tabtransfer's weights may know this table from their training: their scores would "
            "flatter them, so they aren't measured on it."
        )


def _check_save(path: Path, files: list[Path], methods: list[Method] | None) -> None:
    """Raise a TabTransferError where no model could be saved."""
    from tabtransfer.bench.measure.winner import SAVABLE

    check_file(path, "--save", files)
    if methods is not None and not any(method.name in SAVABLE for method in methods):
        raise TabTransferError(
            f"--save: of these methods none can be saved, only {', '.join(SAVABLE)}. Add one to "
            "--methods, or leave --save out."
        )
    _say(
        f"Models of {', '.join(SAVABLE)} can be saved. If another method is recommended, the best "
        "of these is saved in its place."
    )


def _show(comparison: Comparison, ladder: Ladder | None, folder: Path) -> None:
    from tabtransfer.bench.report.terminal import comparison_table, ladder_table
    from tabtransfer.printing import make_console

    console = make_console()
    console.print(comparison_table(comparison))
    for sentence in comparison.sentences:
        console.print(sentence)
    for method, reason in comparison.left_out.items():
        console.print(f"Not compared: {method} ({reason}).")
    if ladder is not None:
        console.print(ladder_table(ladder))
        for sentence in ladder.sentences:
            console.print(sentence)
    console.print(f"Report: {folder / 'report.html'}")


def _save(
    comparison: Comparison,
    rows: TrainingTable,
    path: Path,
    seed: int,
    n_threads: int,
    device: str,
) -> None:
    from tabtransfer.bench.measure.winner import CATBOOST, best_savable, fit_and_save

    name = best_savable(comparison, rows.X)
    if name is None:
        raise TabTransferError(
            "Nothing was saved, because no method that can be saved finished; the report says why. "
            "CatBoost can't be saved where the table holds dates or texts: `tabtransfer fit` can."
        )
    if name != comparison.choice:
        _say(f"{comparison.choice} can't be saved; {name} is the best that can.")
    fit_and_save(name, rows, path, seed, n_threads, device)
    how = "CatBoost's load_model" if name in CATBOOST else "`tabtransfer predict`"
    _say(f"{path}: {name} fitted to {len(rows.y):,} rows; read it with {how}.")


def _say(text: str) -> None:
    typer.echo(text, err=True)
