"""Run methods on tables, each job in its own process, keeping every finished row on disk."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tabtransfer.baselines.method import Method
from tabtransfer.bench.measure.plan import Sampling, plan_requests
from tabtransfer.bench.measure.progress import RunProgress
from tabtransfer.bench.measure.results_file import ResultsFile
from tabtransfer.bench.measure.run_job import OVER, JobRequest, describe_error, finish_row
from tabtransfer.bench.measure.seen_tables import SeenTables
from tabtransfer.bench.measure.studies import Studies
from tabtransfer.bench.measure.workers import LOCAL, Workers, open_workers
from tabtransfer.bench.protocol import NO_LIMITS, Job, Limits
from tabtransfer.bench.results import FAILED
from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_in

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.datasets.table import Table

# What a row must have in common with the job for it to be kept; limits only where they were hit.
_FIXED = ("table_hash", "versions", "search_seconds", "time_limit", "memory_limit", "device")


def run(
    suite: str,
    tables: Iterable[Table],
    methods: Sequence[Method],
    path: Path,
    *,
    n_splits: int | Literal["tabarena"] = 3,
    seed: int = 0,
    max_train: int | Sequence[int] = 1000,
    max_rows: int | None = None,
    n_threads: int = 1,
    n_jobs: int = 2,
    limits: Limits = NO_LIMITS,
    backend: str = LOCAL,
    most_splits: int | None = None,
    deadline: float | None = None,
    workers: Workers | None = None,
    device: str = "auto",
) -> pd.DataFrame:
    """Measure every method on every split of every table.

    Each job runs in a process of its own. What goes wrong there, or takes it over its limits,
    costs its own row alone. Each row is on disk as soon as its job is done: a run that is killed
    loses the jobs that were running and no other, and the same call goes on from there. Jobs that
    the file holds already are kept when they went well, or ran into a limit that still holds,
    and neither the table nor any version has changed; failed and skipped ones are tried again.
    Code edited under the same version isn't noticed: write to another file then.

    A tuned method's search is on disk trial by trial, in the folder ``studies`` beside the file,
    until its job went well; a job that was killed, or is tried again, goes on with its next trial.
    On a cluster, whose workers may not share the folder, it starts anew.

    Parameters
    ----------
    suite : str
        Name of the suite in the results.
    tables : iterable of Table
        Tables of any task.
    methods : sequence of Method
        What is measured.
    path : Path
        The results Parquet.
    n_splits : int or "tabarena", default=3
        Seeded stratified 50/50 splits of each table, or three folds repeated as TabArena does
        for a table of that size. Numeric targets are stratified by their quantiles.
    seed : int, default=0
        Seed of the splits and the methods.
    max_train : int or sequence of int, default=1000
        Most training rows in a split. Several are the sizes of nested training sets (see
        `nested_splits`), which aren't those of one number; a table is left out at sizes that half
        its rows don't give.
    max_rows : int, optional
        Most rows of a table; larger ones are thinned by `cap_rows` with the run's seed.
    n_threads : int, default=1
        Threads of one job.
    n_jobs : int, default=2
        Jobs at a time.
    limits : Limits, optional
        Time and memory of one job; none if not given.
    backend : {"local", "ray", "dask"}, default="local"
        Where jobs run: on this machine, or on a cluster of Ray or Dask.
    most_splits : int, optional
        Only the first splits of each table, as many as this; with one size of training sets.
    deadline : float, optional
        When, by `time.monotonic`, no job is started any more, and those that are running on this
        machine are ended. The jobs of a split that some methods were measured on and others
        weren't any more get the status "left_out", as those do that were ended; of splits not
        begun there is no row.
    workers : Workers, optional
        Workers that are open already and stay open; by default those of the backend are opened.
    device : str, default="auto"
        Where methods compute that may compute elsewhere than on the CPU, as torch names it; "auto"
        is a GPU of CUDA where there is one. A GPU has one job at a time. On a cluster, all
        compute on CPUs.

    Returns
    -------
    pandas.DataFrame
        Every row of the results file.

    Raises
    ------
    TabTransferError
        The results file is unreadable or was measured by another protocol, another run is writing
        to its folder, a table is too small to be split, no table gives a training set of a wanted
        size, the backend isn't installed, or the file holds results of a method on another device.
    """
    if backend != LOCAL:
        if device not in ("auto", "cpu"):
            raise TabTransferError(
                f"On a cluster, methods compute on CPUs, not on {device}: give --device cpu, or "
                "measure on the machine that has the GPU."
            )
        device = "cpu"
    with alone_in(path.parent):
        results, studies = ResultsFile(path), Studies(path)
        whole = {table.name: table for table in tables}
        sampling = Sampling(n_splits, seed, max_train, max_rows, most_splits)
        requests = plan_requests(
            suite, list(whole.values()), methods, sampling, n_threads, n_jobs, limits, device
        )
        left = _not_done(requests, results)
        n_done = len(requests) - len(left)
        if backend == LOCAL:
            left = [replace(request, progress=studies.path(request.row)) for request in left]
        for row in results.rows:  # in case a kill came between a row and this
            studies.drop(row)
        seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        with closing(results), RunProgress(len(requests), n_done, seconds) as progress:
            if left:
                opened = (
                    nullcontext(workers) if workers else closing(open_workers(backend, n_threads))
                )
                left = [replace(request, deadline=deadline) for request in left]
                seen = SeenTables(whole)
                with opened as at_work, closing(_execute(left, n_jobs, at_work, seen)) as rows:
                    for row in rows:
                        results.add(row)
                        studies.drop(row)
                        progress.report(row)
            for request in _cut_short(requests, results.rows):
                results.add(finish_row(request, OVER))
        return results.frame()


def _not_done(requests: Sequence[JobRequest], results: ResultsFile) -> list[JobRequest]:
    """Return the requests that the results file has no row for that stands."""
    fixed = {request.job: {name: request.facts[name] for name in _FIXED} for request in requests}
    done = results.keep(fixed)
    return [request for request in requests if request.job not in done]


def _execute(
    requests: Sequence[JobRequest], n_jobs: int, workers: Workers, seen: SeenTables
) -> Generator[dict[str, Any], None, None]:
    """Yield each request's row as it finishes; none for those that their deadline came before."""
    on_gpu = [request for request in requests if request.device != "cpu"]
    # One of the jobs at a time is a GPU's, and the only one that it has.
    n_others = n_jobs - 1 if on_gpu and len(on_gpu) < len(requests) else n_jobs
    pool = ThreadPoolExecutor(max(1, n_others))
    gpu_pool = ThreadPoolExecutor(1) if n_jobs > 1 else pool
    try:
        running = [
            (pool if request.device == "cpu" else gpu_pool).submit(
                _run_request, request, workers, seen
            )
            for request in requests
        ]
        for future in as_completed(running):
            row = future.result()
            if row is not None:
                yield row
    finally:
        for one in (pool, gpu_pool):
            one.shutdown(wait=False, cancel_futures=True)


def _run_request(request: JobRequest, workers: Workers, seen: SeenTables) -> dict[str, Any] | None:
    # By value where a method is made by a script or a notebook, which workers can't import.
    import cloudpickle

    if request.deadline is not None and time.monotonic() >= request.deadline:
        return None
    started = time.perf_counter()
    try:
        settled = cloudpickle.dumps(seen.settle(request))
        prepared = time.perf_counter() - started
        outcome = workers.run(settled)
        if "job_seconds" in outcome:
            outcome["job_seconds"] += prepared
    except Exception as error:  # the request can't be sent, or its worker was lost again and again
        outcome = {"status": FAILED, "reason": describe_error(error)}
    return finish_row(request, outcome)


def _cut_short(requests: Sequence[JobRequest], rows: Sequence[dict[str, Any]]) -> list[JobRequest]:
    """Return the requests without a row on splits that others have a row of."""
    done = {Job.from_row(row) for row in rows}
    begun = {_place(job) for job in done}
    return [
        request for request in requests if request.job not in done and _place(request.job) in begun
    ]


def _place(job: Job) -> tuple[str, str, int, int]:
    return job.table, job.splits, job.max_train, job.split
