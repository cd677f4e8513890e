"""Measure methods on one table in a given time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.baselines.method import Method
from tabtransfer.bench.analysis.comparison import FILE, JOB_SHARE
from tabtransfer.bench.measure.budget import affordable_searches, default_methods
from tabtransfer.bench.measure.run import hash_table, run
from tabtransfer.bench.protocol import Limits
from tabtransfer.bench.results import OK, read_results
from tabtransfer.datasets.capping import cap_rows
from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_in

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.datasets.table import Table


def compare(
    table: Table,
    path: Path,
    seconds: float,
    *,
    files: str,
    methods: Sequence[Method] | None = None,
    seed: int = 0,
    max_train: int = 10_000,
    n_threads: int = 1,
    n_jobs: int = 2,
) -> pd.DataFrame:
    """Measure methods on one table until the time is over.

    Every method gets one split before any gets two. Splits are three folds, repeated by the
    table's size as TabArena does. A method that fails on the first split isn't tried on others.
    Results are kept as `run` keeps them: the same call goes on with more splits.

    Parameters
    ----------
    table : Table
        What they are measured on.
    path : Path
        The results Parquet.
    seconds : float
        Time after which no job is started. One job may take a quarter of it.
    files : str
        Where the table comes from, for the results.
    methods : sequence of Method, optional
        What is measured; by default those that need no network, in their default form, and
        those with searched settings that the time allows.
    seed : int, default=0
        Seed of the splits and the methods.
    max_train : int, default=10000
        Most training rows in a split.
    n_threads, n_jobs : int
        Threads of a job, and jobs at a time.

    Returns
    -------
    pandas.DataFrame
        The results table.

    Raises
    ------
    TabTransferError
        If the file holds results of other data, or of another protocol, or another run is writing
        to its folder.
    """
    with alone_in(path.parent):
        end = time.monotonic() + seconds
        max_rows = 3 * max_train  # each job is handed all rows
        _check_same_table(path, cap_rows(table, max_rows, seed))

        def measure(wanted: Sequence[Method], most_splits: int | None = None) -> pd.DataFrame:
            return run(
                FILE + files,
                [table],
                wanted,
                path,
                n_splits="tabarena",
                seed=seed,
                max_train=max_train,
                max_rows=max_rows,
                n_threads=n_threads,
                n_jobs=n_jobs,
                limits=Limits(JOB_SHARE * seconds),
                most_splits=most_splits,
                seconds=end - time.monotonic(),
            )

        entrants = list(default_methods() if methods is None else methods)
        results = measure(entrants, 1)
        if methods is None:
            left = end - time.monotonic()
            affordable = affordable_searches(left, n_jobs, _first_split(results))
            if affordable:
                entrants += affordable
                results = measure(affordable, 1)
        going_on = [method for method in entrants if method.name in _first_split(results)]
        if going_on and time.monotonic() < end:
            results = measure(going_on)
        return results


def _first_split(results: pd.DataFrame) -> dict[str, float]:
    """Give the seconds of the methods that went well on the first split."""
    rows = results[(results["split"] == 0) & (results["status"] == OK)]
    return dict(zip(rows["method"], rows["job_seconds"], strict=True))


def _check_same_table(path: Path, table: Table) -> None:
    if not path.exists():
        return
    known = set(read_results(path)["table_hash"])
    if known != {hash_table(table)}:
        raise TabTransferError(
            f"{path} holds results of other data, or of another target. Write to another folder "
            "(--out), or delete the file."
        )
