"""Measure methods on one table in a given time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.baselines.method import Method
from tabtransfer.baselines.registry import get_method
from tabtransfer.bench.analysis.comparison import FILE, JOB_SHARE, compare_methods
from tabtransfer.bench.measure.budget import (
    affordable_blend,
    affordable_searches,
    default_methods,
    seconds_to_fit,
)
from tabtransfer.bench.measure.plan import hash_table
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.measure.workers import LOCAL, open_workers
from tabtransfer.bench.protocol import DEPENDENT, PRETRAINED, REFERENCE, TABARENA, Limits
from tabtransfer.bench.results import (
    LEFT_OUT,
    OK,
    TIMEOUT,
    journal_path,
    read_results,
    without_plain_folds,
)
from tabtransfer.datasets.capping import cap_rows
from tabtransfer.datasets.splits import N_FOLDS
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
    spent: float = 0.0,
    rows_to_fit: int = 0,
    tell: Callable[[str], None] = lambda sentence: None,
    device: str = "auto",
) -> pd.DataFrame:
    """Measure methods on one table until the time is over.

    Every method gets one split before any gets two. Splits are three folds, repeated by the table's
    size as TabArena does, or those of `dependent_splits` where the table has a column that folds go
    by; plain folds come last, of the recommended method first, to show what differs. A method that
    fails on the first split isn't tried on others. Our own method and CatBoost come first, and
    where they don't get through a split in half of the time, all methods learn from fewer rows;
    from the fewest, these two get a split even beyond the time. Results are kept as `run` keeps
    them: the same call goes on with more splits.

    Parameters
    ----------
    table : Table
        What they are measured on.
    path : Path
        The results Parquet.
    seconds : float
        Time of the whole comparison, with which jobs are ended. One job may take a quarter of it.
    files : str
        Where the table comes from, for the results.
    methods : sequence of Method, optional
        What is measured; by default those that need no network, in their default form, and
        those with searched settings, and the blend of the finalists, that the time allows.
    seed : int, default=0
        Seed of the splits and the methods.
    max_train : int, default=10000
        Most training rows in a split.
    n_threads, n_jobs : int
        Threads of a job, and jobs at a time.
    spent : float, default=0
        Seconds of the time that are over already, or that a report needs afterwards.
    rows_to_fit : int, default=0
        Rows that a method is fitted to afterwards; the time for that is kept back.
    tell : callable, optional
        Takes a sentence for the user: that fewer rows are learned from, or that the time isn't
        enough.
    device : str, default="auto"
        Where networks compute, as `run` takes it.

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
    end = time.monotonic() + seconds - spent
    with alone_in(path.parent), closing(open_workers(LOCAL, n_threads)) as workers:
        known = _known_max_train(path)
        if known is not None and known < max_train:
            max_train = known
            tell(
                f"{path} holds results on at most {known:,} training rows; this run goes on "
                "with them."
            )
        _check_same_table(path, cap_rows(table, 3 * max_train, seed))
        plain_table = replace(table, folds_by=None)

        def measure(
            wanted: Sequence[Method],
            until: float | None,
            most_splits: int | None = 1,
            share: float = JOB_SHARE,
            plain: bool = False,
        ) -> pd.DataFrame:
            results = run(
                FILE + files,
                [plain_table if plain else table],
                wanted,
                path,
                n_splits="tabarena",
                seed=seed,
                max_train=max_train,
                max_rows=3 * max_train,  # each job is handed all rows
                n_threads=n_threads,
                n_jobs=n_jobs,
                limits=Limits(share * seconds),
                most_splits=most_splits,
                deadline=until,
                workers=workers,
                device=device,
            )
            return results if plain else without_plain_folds(results)

        entrants = list(default_methods() if methods is None else methods)
        main = [method for method in entrants if method.name in (PRETRAINED, REFERENCE)]
        main = main or entrants[:2]
        while True:
            results = measure(main, (time.monotonic() + end) / 2)
            late = _not_done(results, main)
            # Rows of other methods, of an earlier run, aren't given up.
            if not late or set(results["method"]) - {method.name for method in main}:
                break
            n_train = min(max_train, 2 * len(table.X) // 3)
            is_over = time.monotonic() >= end
            smaller = MIN_TRAIN if is_over else max(MIN_TRAIN, n_train // _THINNING)
            if smaller < n_train:
                max_train = smaller
                path.unlink(missing_ok=True)
                journal_path(path).unlink(missing_ok=True)
                tell(
                    f"{late[0]} doesn't get through one split in the time, so all methods learn "
                    f"from at most {max_train:,} rows. Give more --time to learn from more."
                )
            if smaller == MIN_TRAIN:
                if is_over:
                    tell("The time is too short, and this goes on until both have one split.")
                results = measure(main, None, share=1.0)
                break
        end -= min(seconds_to_fit(results, rows_to_fit), max(0.0, end - time.monotonic()) / 2)
        results = measure(entrants, end)
        last = end
        if table.folds_by is not None:
            end -= min(_seconds_of_plain(results, n_jobs), max(0.0, end - time.monotonic()) / 4)
        if methods is None:
            left = end - time.monotonic()
            affordable = affordable_searches(left, n_jobs, _first_split(results))
            if affordable:
                entrants += affordable
                results = measure(affordable, end)
        going_on = [method for method in entrants if method.name in _first_split(results)]
        if methods is None and going_on and time.monotonic() < end:
            results = measure(going_on, end, N_FOLDS)
            blend = affordable_blend(end - time.monotonic(), n_jobs, results)
            if blend is not None:
                going_on.append(blend)
                results = measure([blend], end, N_FOLDS)
        if going_on and time.monotonic() < end:
            results = measure(going_on, end, None)
        choice = compare_methods(results).choice
        if table.folds_by is not None and choice is not None:
            by_name = {method.name: method for method in going_on}
            chosen = by_name.get(choice) or get_method(choice)  # of an earlier run
            results = measure([chosen], last, N_FOLDS, plain=True)
            results = measure(going_on, last, N_FOLDS, plain=True)
        return results


def _known_max_train(path: Path) -> int | None:
    if not path.exists():
        return None
    return int(read_results(path)["max_train"].max())


def _not_done(results: pd.DataFrame, main: Sequence[Method]) -> list[str]:
    """Return the main methods that the time was too short for on the first split."""
    ended = results[(results["split"] == 0) & ~results["status"].isin([TIMEOUT, LEFT_OUT])]
    return [method.name for method in main if method.name not in set(ended["method"])]


def _first_split(results: pd.DataFrame) -> dict[str, float]:
    """Return the seconds of the methods that succeeded on the first split."""
    rows = results[(results["split"] == 0) & (results["status"] == OK)]
    return dict(zip(rows["method"], rows["job_seconds"], strict=True))


def _seconds_of_plain(results: pd.DataFrame, n_jobs: int) -> float:
    """Estimate what it takes to measure all methods on three plain folds."""
    return sum(_first_split(results).values()) * N_FOLDS / n_jobs


def _check_same_table(path: Path, table: Table) -> None:
    if not path.exists():
        return
    known = without_plain_folds(read_results(path))
    by = table.folds_by
    was = _name_folds(known["splits"].iloc[0], known["folds_by"].iloc[0])
    now = _name_folds(TABARENA if by is None else by.kind, None if by is None else by.name)
    if was != now:
        raise TabTransferError(
            f"{path} holds results on {was}, and this run has {now}. Write to another folder "
            "(--out), or delete the file."
        )
    if set(known["table_hash"]) != {hash_table(table)}:
        raise TabTransferError(
            f"{path} holds results of other data, or of another target. Write to another folder "
            "(--out), or delete the file."
        )


def _name_folds(splits: str, column: str | None) -> str:
    return f"{splits} folds by {column!r}" if splits in DEPENDENT else "plain folds"
