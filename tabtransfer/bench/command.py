"""The commands `tabtransfer benchmark`, `tabtransfer merge` and `tabtransfer report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd


def benchmark(
    suite: Annotated[
        str,
        typer.Option(
            help="Suite of tables: quickstart, standard; openml-cc18, openml-ctr23 or tabarena "
            "from OpenML; or folder:PATH for a folder of CSV or Parquet files with a "
            "manifest.json."
        ),
    ] = "quickstart",
    methods: Annotated[
        str,
        typer.Option(
            help="Methods to measure, separated by commas; NAME-tuned for the tuned form. "
            "Groups: all, all-offline, tuned, tabpfn-versions."
        ),
    ] = "all",
    n_splits: Annotated[
        str,
        typer.Option(
            help="Seeded stratified 50/50 splits of each table; or tabarena: three folds, "
            "repeated 1, 3 or 10 times by the table's size."
        ),
    ] = "3",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="reports/SUITE")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Jobs at a time, each in its process.")] = 2,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one job.")] = 1,
    max_train: Annotated[int, typer.Option(min=2, help="Most training rows of a split.")] = 1000,
    max_rows: Annotated[
        int | None,
        typer.Option(
            min=20,
            help="Most rows of a table; larger ones are thinned, class shares kept.",
            show_default="all",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of splits and methods.")] = 0,
    time_limit: Annotated[
        float | None, typer.Option(min=0, help="Most seconds of a job.", show_default="none")
    ] = None,
    memory_limit: Annotated[
        float | None,
        typer.Option(min=0, help="Most GB of a job beyond its start.", show_default="none"),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="Where jobs run: local, or a cluster of ray or dask.")
    ] = "local",
) -> None:
    """Measure methods on a suite of real tables and write a report.

    Writes results.parquet, report.html, leaderboard.csv and leaderboard.png. When stopped,
    the same command goes on where it was; finished jobs are kept.
    """
    from tabtransfer.baselines.registry import resolve_methods
    from tabtransfer.bench.protocol import Limits
    from tabtransfer.bench.run import run
    from tabtransfer.datasets.suites import FOLDER, load_suite

    folder = out if out is not None else Path("reports") / Path(suite.removeprefix(FOLDER)).name
    chosen = resolve_methods(methods)
    results = run(
        suite,
        load_suite(suite),
        chosen,
        folder / "results.parquet",
        n_splits=_read_n_splits(n_splits),
        seed=seed,
        max_train=max_train,
        max_rows=max_rows,
        n_threads=threads,
        n_jobs=jobs,
        limits=Limits(time_limit, memory_limit),
        backend=backend,
    )
    _show(results, folder)


def merge(
    results: Annotated[list[Path], typer.Argument(help="Files that `benchmark` wrote.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
) -> None:
    """Join the results of several machines or runs into one results.parquet.

    A job that several files hold is taken where it went well. Files that were measured by
    different protocols, on different data or, for the same job, with different versions aren't
    joined.
    """
    from tabtransfer.bench.merge import merge_results
    from tabtransfer.bench.results import write_results

    rows = merge_results(results)
    write_results(rows, out)
    typer.echo(f"{len(rows)} jobs in {out}; draw the report with `tabtransfer report {out}`.")


def report(
    results: Annotated[Path, typer.Argument(help="A results.parquet of `benchmark`.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to.", show_default="beside the results")
    ] = None,
) -> None:
    """Draw the report again from a results table; nothing is measured."""
    from tabtransfer.bench.results import read_results

    _show(read_results(results), out if out is not None else results.parent)


def _read_n_splits(text: str) -> int | Literal["tabarena"]:
    if text == "tabarena":
        return "tabarena"
    if not text.isdecimal() or int(text) < 1:
        raise TabTransferError(f"--n-splits takes a number from 1 or tabarena, not {text!r}.")
    return int(text)


def _show(results: pd.DataFrame, folder: Path) -> None:
    from rich.console import Console

    from tabtransfer.bench.cost import harness_share
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
        console.print(f"{len(troubles)} jobs didn't end well; the report says why.")
    console.print(f"Outside fit and predict: {harness_share(results):.1%} of the jobs' time.")
    console.print(f"Report: {folder / 'report.html'}")
