"""The commands `tabtransfer benchmark`, `tabtransfer merge` and `tabtransfer report`."""

from __future__ import annotations

import math
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tabtransfer.bench.commands.options import (
    REPORT_FILES,
    RESULTS_FILE,
    Backend,
    Jobs,
    MaxRows,
    MemoryLimit,
    MethodNames,
    SearchTime,
    Seed,
    SuiteName,
    Threads,
    TimeLimit,
    kept_in,
    read_limits,
)
from tabtransfer.bench.commands.transfer_gain import show_transfer_gain
from tabtransfer.destinations import check_file, check_folder
from tabtransfer.errors import TabTransferError, name_list
from tabtransfer.folder_lock import alone_in
from tabtransfer.options import Device

if TYPE_CHECKING:
    import pandas as pd


def benchmark(
    suite: SuiteName = "quickstart",
    methods: MethodNames = "all",
    n_splits: Annotated[
        str,
        typer.Option(
            help="Seeded stratified 50/50 splits of each table, one number or one for each of "
            "--max-train; or tabarena: three folds, repeated 1, 3 or 10 times by the table's size."
        ),
    ] = "3",
    time: Annotated[
        str | None,
        typer.Option(
            help="Time to the report, such as 4m: what isn't done by then is left out.",
            show_default="as long as it takes",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="reports/SUITE")
    ] = None,
    jobs: Jobs = 2,
    threads: Threads = 1,
    max_train: Annotated[
        str,
        typer.Option(
            help="Most training rows of a split; several, separated by commas, are reported one by "
            "one, a larger one on the tables that have more rows than for the one before."
        ),
    ] = "1000",
    max_rows: MaxRows = None,
    seed: Seed = 0,
    search_time: SearchTime = 30.0,
    time_limit: TimeLimit = None,
    memory_limit: MemoryLimit = None,
    backend: Backend = "local",
    device: Device = "auto",
) -> None:
    """Measure methods on a suite of real tables and write a report.

    Writes results.parquet, report.html, leaderboard.csv and leaderboard.png. When stopped,
    the same command goes on where it was; finished jobs are kept.
    """
    started, worked = monotonic(), process_time()

    from tabtransfer.baselines.registry import resolve_methods
    from tabtransfer.bench.measure.budget import seconds_beside, suite_report_seconds
    from tabtransfer.bench.measure.run import run
    from tabtransfer.datasets.suites import FOLDER, load_suite
    from tabtransfer.duration import read_minutes

    seconds = None if time is None else 60 * read_minutes(time)
    folder = out if out is not None else Path("reports") / Path(suite.removeprefix(FOLDER)).name
    chosen = resolve_methods(methods, search_time)
    limits = read_limits(time_limit, memory_limit, chosen)
    check_folder(folder, "--out", (RESULTS_FILE, *REPORT_FILES))
    sizes = _read_sizes(max_train, n_splits)
    tables = list(load_suite(suite))
    deadline = None
    if seconds is not None:
        spent = monotonic() - started, process_time() - worked
        deadline = monotonic() + seconds - seconds_beside(*spent, suite_report_seconds(len(chosen)))
    with kept_in(folder, "benchmark"):
        smaller = 0
        for size, splits in sizes.items():
            large = [table for table in tables if len(table.X) > 2 * smaller]
            if not large:
                break
            results = run(
                suite,
                large,
                chosen,
                folder / RESULTS_FILE,
                n_splits=splits,
                seed=seed,
                max_train=size,
                max_rows=max_rows,
                n_threads=threads,
                n_jobs=jobs,
                limits=limits,
                backend=backend,
                deadline=deadline,
                device=device,
            )
            smaller = size
        if results.empty:
            raise TabTransferError("Nothing was measured in the time: give more --time.")
        _show(results, folder)
    _say_not_begun([table.name for table in tables], results)


def _say_not_begun(names: list[str], results: pd.DataFrame) -> None:
    missing = [name for name in names if name not in set(results["table"])]
    if missing:
        typer.echo(
            f"For want of time, {len(missing)} of {len(names)} tables weren't begun "
            f"({name_list(missing)}): the same command goes on with them, or give more --time."
        )


def merge(
    results: Annotated[
        list[Path], typer.Argument(help="Files that `benchmark` or `transfer-gain` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="File to write.")],
) -> None:
    """Join the results of several machines or runs into one results.parquet.

    A job that several files hold is taken where it went well. Files that were measured by
    different protocols, on different data or, for the same job, with different versions aren't
    joined.
    """
    from tabtransfer.bench.merge import merge_results
    from tabtransfer.bench.results import write_results

    check_file(out, "--out")
    with alone_in(out.absolute().parent):
        rows = merge_results(results)
        write_results(rows, out)
    typer.echo(f"{len(rows)} jobs in {out}; draw the report with `tabtransfer report {out}`.")


def report(
    results: Annotated[
        Path, typer.Argument(help="A results.parquet of `benchmark` or `transfer-gain`.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="beside the results")
    ] = None,
) -> None:
    """Draw the report again from a results table; nothing is measured."""
    from tabtransfer.bench.results import read_results

    folder = out if out is not None else results.parent
    measured = read_results(results)
    check_folder(folder, "--out", REPORT_FILES)
    with alone_in(folder):
        _show(measured, folder)


def _read_sizes(max_train: str, n_splits: str) -> dict[int, int | Literal["tabarena"]]:
    """Return the splits of each number of training rows, ascending."""
    sizes = [part.strip() for part in max_train.split(",")]
    if not all(part.isdecimal() and int(part) > 1 for part in sizes):
        raise TabTransferError(
            f"--max-train takes numbers of training rows from 2, such as 1000,10000, not "
            f"{max_train!r}."
        )
    splits = [_read_n_splits(part.strip()) for part in n_splits.split(",")]
    if len(splits) == 1:
        splits *= len(sizes)
    if len(splits) != len(sizes):
        raise TabTransferError(
            f"--n-splits {n_splits} names {len(splits)} numbers, and --max-train {max_train} "
            f"{len(sizes)}: give one for all, or one for each."
        )
    if len(sizes) > 1 and "tabarena" in splits:
        raise TabTransferError(
            "Folds as TabArena has them have one size: give --max-train one number."
        )
    return dict(sorted(zip(map(int, sizes), splits, strict=True)))


def _read_n_splits(text: str) -> int | Literal["tabarena"]:
    if text == "tabarena":
        return "tabarena"
    if not text.isdecimal() or int(text) < 1:
        raise TabTransferError(f"--n-splits takes a number from 1 or tabarena, not {text!r}.")
    return int(text)


def _show(results: pd.DataFrame, folder: Path) -> None:
    from tabtransfer.bench.protocol import NESTED

    if (results["splits"] == NESTED).all():
        show_transfer_gain(results, folder)
        return
    from tabtransfer.bench.analysis.comparison import compare_methods, is_one_table
    from tabtransfer.bench.analysis.cost import harness_share
    from tabtransfer.bench.analysis.sizes import by_size
    from tabtransfer.bench.analysis.verdict import judge
    from tabtransfer.bench.protocol import REFERENCE
    from tabtransfer.bench.report.conditions import describe_troubles
    from tabtransfer.bench.report.pages import write_report
    from tabtransfer.bench.report.terminal import comparison_table, leaderboard_table
    from tabtransfer.printing import make_console

    board = write_report(results, folder)
    console = make_console()
    if is_one_table(results):
        comparison = compare_methods(results)
        console.print(comparison_table(comparison))
        console.print(" ".join(comparison.sentences))
    else:
        for size, part in by_size(results).items():
            if board["max_train"].nunique() > 1:
                console.print(f"Up to {size:,} training rows:")
            console.print(leaderboard_table(board[board["max_train"] == size], REFERENCE))
            console.print(" ".join(judge(part).sentences))
    troubles = describe_troubles(results)
    if troubles:
        console.print(troubles)
    share = harness_share(results)
    if not math.isnan(share):
        console.print(f"Outside fit and predict: {share:.1%} of the jobs' time.")
    console.print(f"Report: {folder / 'report.html'}")
