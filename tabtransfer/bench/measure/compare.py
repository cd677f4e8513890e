"""Measure methods on one table in a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.baselines.method import Method
from tabtransfer.bench.analysis.comparison import FILE, JOB_SHARE
from tabtransfer.bench.measure.budget import affordable_searches, default_methods
from tabtransfer.bench.measure.plan import hash_table
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.protocol import PRETRAINED, REFERENCE, Limits
from tabtransfer.bench.results import LEFT_OUT, OK, TIMEOUT, journal_path, read_results
from tabtransfer.datasets.capping import cap_rows
from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_in

MIN_TRAIN = 50
"""Fewer training rows are never gone down to."""
_THINNING = 8

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
    tell: Callable[[str], None] = lambda sentence: None,
) -> pd.DataFrame:
    """Measure methods on one table until the time is over.

    Every method gets one split before any gets two. Splits are three folds, repeated by the
    table's size as TabArena does. A method that fails on the first split isn't tried on others.
    Our own method and CatBoost come first, and where they don't get through a split in half of the
    time, all methods learn from fewer rows. Results are kept as `run` keeps them: the same call
    goes on with more splits.

    Parameters
    ----------
    table : Table
        What they are measured on.
    path : Path
        The results Parquet.
    seconds : float
        Time after which jobs are ended. One job may take a quarter of it.
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
    tell : callable, optional
        Takes a sentence for the user: that fewer rows are learned from.

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
        known = _known_max_train(path)
        if known is not None and known < max_train:
            max_train = known
            tell(
                f"{path} holds results on at most {known:,} training rows; this run goes on "
                "with them."
            )
        _check_same_table(path, cap_rows(table, 3 * max_train, seed))

        def measure(
            wanted: Sequence[Method], most_splits: int | None = None, until: float = end
        ) -> pd.DataFrame:
            return run(
                FILE + files,
                [table],
                wanted,
                path,
                n_splits="tabarena",
                seed=seed,
                max_train=max_train,
                max_rows=3 * max_train,  # each job is handed all rows
                n_threads=n_threads,
                n_jobs=n_jobs,
                limits=Limits(JOB_SHARE * seconds),
                most_splits=most_splits,
                seconds=until - time.monotonic(),
            )

        entrants = list(default_methods() if methods is None else methods)
        main = [method for method in entrants if method.name in (PRETRAINED, REFERENCE)]
        while main:
            results = measure(main, 1, (time.monotonic() + end) / 2)
            n_train = int(results["n_train"].max()) if results["n_train"].notna().any() else None
            smaller = _fewer_rows(results, main, min(n_train or max_train, 2 * len(table.X) // 3))
            if smaller is None or time.monotonic() >= end:
                break
            max_train = smaller
            path.unlink(missing_ok=True)
            journal_path(path).unlink(missing_ok=True)
            tell(
                f"{_not_done(results, main)[0]} doesn't get through one split in the time, so all "
                f"methods learn from at most {max_train:,} rows. Give more --time to learn from "
                "more."
            )
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


def _known_max_train(path: Path) -> int | None:
    if not path.exists():
        return None
    return int(read_results(path)["max_train"].max())


def _not_done(results: pd.DataFrame, main: Sequence[Method]) -> list[str]:
    """Return the main methods that the time was too short for on the first split."""
    first = results[results["split"] == 0]
    late = set(first.loc[first["status"].isin([TIMEOUT, LEFT_OUT]), "method"])
    return [method.name for method in main if method.name in late]


def _fewer_rows(results: pd.DataFrame, main: Sequence[Method], n_train: int) -> int | None:
    """Return a smaller number of training rows, or None to keep the size."""
    others = set(results["method"]) - {method.name for method in main}
    smaller = max(MIN_TRAIN, n_train // _THINNING)
    return smaller if _not_done(results, main) and not others and smaller < n_train else None


def _first_split(results: pd.DataFrame) -> dict[str, float]:
    """Return the seconds of the methods that succeeded on the first split."""
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
