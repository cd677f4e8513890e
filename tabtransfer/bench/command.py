"""The commands `tabtransfer benchmark` and `tabtransfer report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.baselines.method import Method
    from tabtransfer.datasets.table import Table


def benchmark(
    suite: Annotated[str, typer.Option(help="Suite of tables.")] = "quickstart",
    methods: Annotated[
        str, typer.Option(help="Methods to measure, separated by commas; or all.")
    ] = "all",
    n_splits: Annotated[
        int, typer.Option(min=1, help="Seeded stratified splits of each table.")
    ] = 3,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="reports/SUITE")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Jobs at a time, each in its process.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one job.")] = 1,
    max_train: Annotated[int, typer.Option(min=2, help="Most training rows of a split.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of splits and methods.")] = 0,
) -> None:
    """Measure methods on a suite of real tables and write a report.

    Writes results.parquet, report.html, leaderboard.csv and leaderboard.png. When stopped,
    the same command goes on where it was; finished jobs are kept.
    """
    from tabtransfer.bench.run import run

    folder = out if out is not None else Path("reports") / suite
    chosen = _choose_methods(methods)
    results = run(
        suite,
        _load_tables(suite),
        chosen,
        folder / "results.parquet",
        n_splits=n_splits,
        seed=seed,
        max_train=max_train,
        n_threads=threads,
        n_jobs=jobs,
    )
    _show(results, folder)


def report(
    results: Annotated[Path, typer.Argument(help="A results.parquet of `benchmark`.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="beside the results")
    ] = None,
) -> None:
    """Draw the report again from a results table; nothing is measured."""
    from tabtransfer.bench.results import read_results

    _show(read_results(results), out if out is not None else results.parent)


def _choose_methods(names: str) -> list[Method]:
    from tabtransfer.baselines.registry import METHODS, get_method

    if names == "all":
        return list(METHODS.values())
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not wanted:
        raise TabTransferError(f"No method given; the methods are {', '.join(METHODS)}.")
    return [get_method(name) for name in wanted]


def _load_tables(suite: str) -> list[Table]:
    from tabtransfer.datasets.suites import load_suite

    tables = [table for table in load_suite(suite) if table.task != "regression"]
    if not tables:
        raise TabTransferError(f"The suite {suite!r} has no classification table to measure on.")
    return tables


def _show(results: pd.DataFrame, folder: Path) -> None:
    from rich.console import Console

    from tabtransfer.bench.protocol import REFERENCE
    from tabtransfer.bench.report import write_report
    from tabtransfer.bench.terminal import leaderboard_table
    from tabtransfer.bench.verdict import judge

    board = write_report(results, folder)
    console = Console()
    console.print(leaderboard_table(board, REFERENCE))
    console.print(" ".join(judge(results).sentences))
    troubles = results[results["status"] != "ok"]
    if len(troubles):
        console.print(f"{len(troubles)} jobs failed or were skipped; the report says why.")
    console.print(f"Report: {folder / 'report.html'}")
