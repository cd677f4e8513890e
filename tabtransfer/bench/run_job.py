"""Run one job in the process that calls it, and say how it went."""

from __future__ import annotations

import time
import traceback
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.method import Method, MethodSkipped
from tabtransfer.bench import environment
from tabtransfer.bench.metrics import METRICS, score_probabilities
from tabtransfer.bench.protocol import Job
from tabtransfer.bench.results import FAILED, OK, SKIPPED

if TYPE_CHECKING:
    from tabtransfer.datasets.splits import Split
    from tabtransfer.datasets.table import Table

_MAX_REASON = 400


@dataclass(frozen=True)
class Task:
    """A job with what it takes to run it: table, method, rows, facts for the results row."""

    job: Job
    table: Table
    method: Method
    split: Split
    facts: dict[str, Any] = field(default_factory=dict)


def run_job(task: Task) -> dict[str, Any]:
    """Fit and score one method on one split; what the method raises becomes a status.

    Parameters
    ----------
    task : Task
        What to run.

    Returns
    -------
    dict
        A row of the results table. Seconds are wall-clock seconds of ``fit`` and of
        ``predict_proba`` alone: the method's packages are imported before.
    """
    environment.limit_threads(task.job.n_threads)
    try:
        reason = task.method.unavailable() or task.method.seen(task.table)
        if reason is not None:
            return finish_row(task, SKIPPED, reason)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return finish_row(task, OK, "", **_measure(task))
    except MethodSkipped as skip:
        return finish_row(task, SKIPPED, skip.reason)
    except Exception as error:
        return finish_row(task, FAILED, _describe(error))


def finish_row(task: Task, status: str, reason: str, **outcome: Any) -> dict[str, Any]:
    """Make the row of a job from its facts and its outcome."""
    return {
        **task.facts,
        **task.job.as_row(),
        **dict.fromkeys((*METRICS, "fit_seconds", "predict_seconds", "peak_memory_mb")),
        **outcome,
        "status": status,
        "reason": reason[:_MAX_REASON],
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _measure(task: Task) -> dict[str, Any]:
    job, table = task.job, task.table
    train, test = task.split.train, task.split.test
    _warm_up(task.method)
    environment.limit_threads(job.n_threads)  # the imports may have loaded thread pools
    model = task.method.make(job.method_seed, job.n_threads)
    memory_known = environment.reset_peak_memory()

    started = time.perf_counter()
    model.fit(table.X.iloc[train], table.y.iloc[train])
    fitted = time.perf_counter()
    probabilities = model.predict_proba(table.X.iloc[test])
    predicted = time.perf_counter()

    scores = score_probabilities(
        list(table.y.iloc[test]), probabilities, list(model.classes_), sorted(set(table.y))
    )
    return {
        "n_train": len(train),
        "n_test": len(test),
        "fit_seconds": fitted - started,
        "predict_seconds": predicted - fitted,
        "peak_memory_mb": environment.peak_memory_mb() if memory_known else None,
        **scores,
    }


@cache
def _warm_up(method: Method) -> None:
    """Import what the method imports, once a process, so that its first job doesn't pay."""
    environment.import_packages(method.packages)
    method.make(0, 1)


def _describe(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message} (at {Path(where.filename).name}:{where.lineno})"
