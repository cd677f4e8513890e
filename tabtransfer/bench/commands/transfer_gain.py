"""The command `tabtransfer transfer-gain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.bench.commands.options import (
    GAIN_FILES,
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
from tabtransfer.destinations import check_folder
from tabtransfer.errors import TabTransferError
from tabtransfer.options import Device

if TYPE_CHECKING:
    import pandas as pd

_MIN_SIZE = 4


def transfer_gain(
    suite: SuiteName = "standard",
    methods: MethodNames = "transfer-gain",
    sizes: Annotated[
        str, typer.Option(help="Numbers of training rows, separated by commas.")
    ] = "32,64,128,256,512,1024,2048,4096,8192",
    n_splits: Annotated[
        int, typer.Option(min=1, help="Seeded stratified 50/50 splits of each table.")
    ] = 3,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to.", show_default="reports/SUITE-transfer-gain"),
    ] = None,
    jobs: Jobs = 2,
    threads: Threads = 1,
    max_rows: MaxRows = None,
    seed: Seed = 0,
    search_time: SearchTime = 30.0,
    time_limit: TimeLimit = None,
    memory_limit: MemoryLimit = None,
    backend: Backend = "local",
    device: Device = "auto",
) -> None:
    """Measure what pretraining gains at growing numbers of training rows, and where it ends.

    The same network untrained, pretrained, fine-tuned and pretrained on synthetic tables alone,
    against a stack of its inputs, CatBoost, tuned and not, and TabPFN. A table's training sets lie
    within each other, and its test rows are the same at all sizes; it is left out at sizes that
    half its rows don't give. Writes results.parquet, report.html and transfer_gain.csv. When
    stopped, the same command goes on where it was.
    """
    from tabtransfer.baselines.registry import resolve_methods
    from tabtransfer.bench.measure.run import run
    from tabtransfer.datasets.suites import FOLDER, load_suite

    name = Path(suite.removeprefix(FOLDER)).name
    folder = out if out is not None else Path("reports") / f"{name}-transfer-gain"
    chosen, wanted = resolve_methods(methods, search_time), _read_sizes(sizes)
    limits = read_limits(time_limit, memory_limit, chosen)
    check_folder(folder, "--out", (RESULTS_FILE, *GAIN_FILES))
    tables = load_suite(suite)
    with kept_in(folder, "transfer-gain"):
        results = run(
            suite,
            tables,
            chosen,
            folder / RESULTS_FILE,
            n_splits=n_splits,
            seed=seed,
            max_train=wanted,
            max_rows=max_rows,
            n_threads=threads,
            n_jobs=jobs,
            limits=limits,
            backend=backend,
            device=device,
        )
        show_transfer_gain(results, folder)


def show_transfer_gain(results: pd.DataFrame, folder: Path) -> None:
    """Write the report of nested training sizes and print what it says."""
    from tabtransfer.bench.report.conditions import describe_troubles
    from tabtransfer.bench.report.transfer_gain import write_transfer_gain_report

    for sentence in write_transfer_gain_report(results, folder):
        typer.echo(sentence)
    troubles = describe_troubles(results)
    if troubles:
        typer.echo(troubles)
    typer.echo(f"Report: {folder / 'report.html'}")


def _read_sizes(text: str) -> list[int]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found or not all(part.isdecimal() and int(part) >= _MIN_SIZE for part in found):
        raise TabTransferError(
            f"--sizes takes numbers of training rows from {_MIN_SIZE}, such as 32,64,128, "
            f"not {text!r}."
        )
    return sorted({int(part) for part in found})
