"""Run methods on tables in worker processes, keeping every finished row on disk."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.method import Method
from tabtransfer.bench.environment import cpu_model, package_versions
from tabtransfer.bench.progress import RunProgress
from tabtransfer.bench.protocol import Job, plan_jobs
from tabtransfer.bench.results import FAILED, TABLE_FACTS, ResultsFile
from tabtransfer.bench.run_job import Task, finish_row, run_job
from tabtransfer.datasets.splits import stratified_splits

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.datasets.table import Table


def run(
    suite: str,
    tables: Sequence[Table],
    methods: Sequence[Method],
    path: Path,
    *,
    n_splits: int = 3,
    seed: int = 0,
    max_train: int = 1000,
    n_threads: int = 1,
    n_jobs: int = 2,
) -> pd.DataFrame:
    """Measure every method on every split of every table.

    The results file is replaced in one step after each job: a run that is killed loses the
    jobs that were running and no other, and the same call goes on from there. Jobs that the
    file holds already are kept when they went well and neither the table nor any version
    has changed; failed and skipped ones are tried again. Code edited under the same version
    isn't noticed: write to another file then.

    Parameters
    ----------
    suite : str
        Name of the suite in the results.
    tables : sequence of Table
        Classification tables.
    methods : sequence of Method
        What is measured. A method that raises costs its own row alone.
    path : Path
        The results Parquet.
    n_splits : int, default=3
        Seeded stratified splits of each table.
    seed : int, default=0
        Seed of the splits and the methods.
    max_train : int, default=1000
        Most training rows in a split.
    n_threads : int, default=1
        Threads of one job.
    n_jobs : int, default=2
        Jobs at a time, each in its own process.

    Returns
    -------
    pandas.DataFrame
        Every row of the results file.

    Raises
    ------
    TabTransferError
        The results file is unreadable or was measured by another protocol, or a table is
        too small to be split.
    """
    results = ResultsFile(path)
    pattern = Job(suite, "", "", seed=seed, max_train=max_train, n_threads=n_threads)
    tasks = _prepare(pattern, tables, methods, n_splits, n_jobs)
    done = results.keep(
        {t.job: {name: t.facts[name] for name in ("table_hash", "versions")} for t in tasks}
    )
    with RunProgress(total=len(tasks), n_kept=len(done)) as progress:
        for row in _execute([task for task in tasks if task.job not in done], n_jobs):
            results.add(row)
            progress.report(row)
    return results.frame()


def _prepare(
    pattern: Job,
    tables: Sequence[Table],
    methods: Sequence[Method],
    n_splits: int,
    n_jobs: int,
) -> list[Task]:
    tables_by_name = {table.name: table for table in tables}
    methods_by_name = {method.name: method for method in methods}
    splits = {
        table.name: stratified_splits(
            table.y,
            n_splits=n_splits,
            seed=pattern.seed,
            max_train=pattern.max_train,
            max_test=pattern.max_test,
        )
        for table in tables
    }
    facts = {table.name: _table_facts(table) for table in tables}
    versions = {method.name: json.dumps(package_versions(method.packages)) for method in methods}
    conditions = {"n_jobs": n_jobs, "cpu": cpu_model()}
    return [
        Task(
            job,
            tables_by_name[job.table],
            methods_by_name[job.method],
            splits[job.table][job.split],
            {**facts[job.table], **conditions, "versions": versions[job.method]},
        )
        for job in plan_jobs(list(tables_by_name), list(methods_by_name), n_splits, pattern)
    ]


def _table_facts(table: Table) -> dict[str, Any]:
    import pandas as pd

    digest = hashlib.sha256()
    for part in (table.X, table.y):
        digest.update(pd.util.hash_pandas_object(part, index=False).to_numpy().tobytes())
    facts = {name: getattr(table.card, name) for name in TABLE_FACTS}
    return {**facts, "table_hash": digest.hexdigest()[:16]}


def _execute(tasks: Sequence[Task], n_jobs: int) -> Iterator[dict[str, Any]]:
    """Yield each task's row as it finishes; a worker that dies costs its own task alone."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    waiting = list(tasks)
    while waiting:
        started: list[Task] = []
        finished: set[Job] = set()
        try:
            for row in _in_workers(waiting, n_jobs, started):
                finished.add(Job.from_row(row))
                yield row
            return
        except TerminatedWorkerError:
            # The pool doesn't say whose worker died: those that were running go one by one.
            waiting = waiting[len(started) :]
            for task in started:
                if task.job not in finished:
                    yield _run_alone(task)


def _in_workers(
    tasks: Sequence[Task], n_jobs: int, started: list[Task]
) -> Iterator[dict[str, Any]]:
    from joblib import Parallel, delayed, parallel_config

    def hand_out() -> Iterator[Any]:
        for task in tasks:
            started.append(task)
            yield delayed(run_job)(task)

    # With one worker joblib would stay in this process, where a crash ends the run; so there
    # are two at least, and pre_dispatch holds back how many are busy. Without max_nbytes=None
    # large tables would arrive as read-only memory maps, which some methods refuse.
    n_threads = tasks[0].job.n_threads
    with warnings.catch_warnings(), parallel_config("loky", inner_max_num_threads=n_threads):
        # loky replaces a worker whose memory has grown; nothing is lost by it.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        yield from Parallel(
            n_jobs=max(n_jobs, 2),
            pre_dispatch=n_jobs,
            batch_size=1,
            max_nbytes=None,
            return_as="generator_unordered",
        )(hand_out())


def _run_alone(task: Task) -> dict[str, Any]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        (row,) = _in_workers([task], 1, [])
    except TerminatedWorkerError:
        return finish_row(task, FAILED, "the worker process died (out of memory, or a crash)")
    return row
