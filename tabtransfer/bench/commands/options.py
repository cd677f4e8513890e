"""Options that the commands that measure have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_in
from tabtransfer.options import MOST_PROCESSES, MOST_SEED, finite

RESULTS_FILE = "results.parquet"
REPORT_FILES = (
    *("report.html", "report.md"),
    *("leaderboard.csv", "leaderboard.parquet", "leaderboard.png"),
)
GAIN_FILES = ("report.html", "report.md", "transfer_gain.csv")

if TYPE_CHECKING:
    from tabtransfer.baselines.method import Method
    from tabtransfer.bench.protocol import Limits

SuiteName = Annotated[
    str,
    typer.Option(
        help="Suite of tables: quickstart, standard; openml-cc18, openml-ctr23 or tabarena from "
        "OpenML; or folder:PATH for a folder of CSV or Parquet files with a manifest.json."
    ),
]
MethodNames = Annotated[
    str,
    typer.Option(
        help="Methods to measure, separated by commas; NAME-tuned for the tuned form. "
        "Groups: all, short, all-offline, opponents, ladder, transfer-gain, tuned, tabpfn-versions."
    ),
]
Jobs = Annotated[
    int, typer.Option(min=1, max=MOST_PROCESSES, help="Jobs at a time, each in its process.")
]
Threads = Annotated[int, typer.Option(min=1, max=MOST_PROCESSES, help="Threads of one job.")]
MaxRows = Annotated[
    int | None,
    typer.Option(
        min=20,
        help="Most rows of a table; larger ones are thinned, class shares kept.",
        show_default="all",
    ),
]
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of splits and methods.")]
SearchTime = Annotated[
    float,
    typer.Option(
        min=1, callback=finite, help="Most seconds that a tuned method searches settings in a job."
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(min=0, callback=finite, help="Most seconds of a job.", show_default="none"),
]
MemoryLimit = Annotated[
    float | None,
    typer.Option(
        min=0, callback=finite, help="Most GB of a job beyond its start.", show_default="none"
    ),
]
Backend = Annotated[str, typer.Option(help="Where jobs run: local, or a cluster of ray or dask.")]


@contextmanager
def kept_in(folder: Path, command: str) -> Iterator[None]:
    """Keep other runs out of a folder within a block, and say after Ctrl-C how to go on."""
    with alone_in(folder):
        try:
            yield
        except KeyboardInterrupt:
            typer.echo(
                f"{command}: stopped; what was measured is kept in {folder}, and the same command "
                "goes on from there.",
                err=True,
            )
            raise


def read_limits(
    time_limit: float | None, memory_limit: float | None, methods: Iterable[Method]
) -> Limits:
    """Return the limits of a job, unless they end searches before their time is up."""
    from tabtransfer.bench.protocol import Limits

    searches = {m.name: m.search_seconds for m in methods if m.search_seconds is not None}
    if time_limit is not None and searches and time_limit <= max(searches.values()):
        raise TabTransferError(
            f"--time-limit {time_limit:g} ends {', '.join(searches)} before the "
            f"{max(searches.values()):g} s of their searches are up: give more, give less with "
            "--search-time, or leave them out of --methods."
        )
    return Limits(time_limit, memory_limit)
