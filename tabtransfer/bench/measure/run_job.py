"""Run one job in the process that calls it, and return its outcome."""

from __future__ import annotations

import json
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer import environment
from tabtransfer.baselines.method import Method, MethodSkipped
from tabtransfer.bench.metrics import (
    METRICS,
    QUANTILE_LEVELS,
    ranking_error,
    score_numbers,
    score_probabilities,
)
from tabtransfer.bench.protocol import NO_LIMITS, Job, Limits
from tabtransfer.bench.reliability import count_by_confidence
from tabtransfer.bench.results import FAILED, LEFT_OUT, OK, OUT_OF_MEMORY, SKIPPED

if TYPE_CHECKING:
    from tabtransfer.datasets.splits import Split
    from tabtransfer.datasets.table import Table

OVER = {"status": LEFT_OUT, "reason": "the time was over"}
"""Outcome of a job that the end of the run's time came before, or ended."""
_MAX_REASON = 400
_OUTCOME = (
    *("n_train", "n_test", *METRICS, "reliability", "error", "fit_seconds", "predict_seconds"),
    *("quantile_seconds", "job_seconds", "peak_memory_mb"),
)


@dataclass(frozen=True)
class JobRequest:
    """A job with what it takes to run it: table, method, rows, limits, facts for its row.

    A method that may compute on a GPU computes on `device`, as torch names it. One that can keep
    the progress of its fit keeps it in the file `progress`. At `deadline`,
    by `time.monotonic` of the machine, the time of the run is over.
    """

    job: Job
    table: Table
    method: Method
    split: Split
    facts: dict[str, Any] = field(default_factory=dict)
    limits: Limits = NO_LIMITS
    progress: Path | None = None
    deadline: float | None = None
    device: str = "cpu"

    @property
    def row(self) -> dict[str, Any]:
        """What the job's row holds before it has run."""
        return {**self.facts, **self.job.as_row()}


def run_job(request: JobRequest) -> dict[str, Any]:
    """Fit and score one method on one split; what the method raises becomes a status.

    Parameters
    ----------
    request : JobRequest
        What to run. Its limits are for the caller to enforce.

    Returns
    -------
    dict
        ``status``, ``reason`` and the measurements. Seconds are wall-clock seconds of ``fit`` and
        of ``predict_proba`` or ``predict`` alone: the method's packages are imported before.
        Those of a fit that goes on after a kill include what it had spent before.
    """
    environment.limit_threads(request.job.n_threads)
    try:
        reason = request.method.unavailable() or request.method.seen(request.table)
        if reason is not None:
            return {"status": SKIPPED, "reason": reason}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {"status": OK, "reason": "", **_measure(request)}
    except MethodSkipped as skip:
        return {"status": SKIPPED, "reason": skip.reason}
    except Exception as error:
        status = OUT_OF_MEMORY if _is_out_of_memory(error) else FAILED
        return {"status": status, "reason": describe_error(error)}


def warm_up(request: JobRequest) -> None:
    """Import what a job needs, so that neither its seconds nor its memory include imports."""
    if request.table.task != "regression":
        import sklearn.metrics  # noqa: F401
    # What goes wrong here goes wrong in the job too, and is recorded there.
    with suppress(Exception):
        _warm_up_method(request.method, request.table.task, request.job.n_threads)


def finish_row(request: JobRequest, outcome: dict[str, Any]) -> dict[str, Any]:
    """Make the row of a job from its facts and its outcome."""
    return {
        **request.row,
        **dict.fromkeys(_OUTCOME),
        **outcome,
        "reason": outcome["reason"][:_MAX_REASON],
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def describe_error(error: BaseException) -> str:
    """Describe an exception in one line, with the place that raised it."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message} (at {Path(where.filename).name}:{where.lineno})"


def _measure(request: JobRequest) -> dict[str, Any]:
    job, table = request.job, request.table
    train, test = request.split.train, request.split.test
    warm_up(request)
    environment.limit_threads(job.n_threads)  # the imports may have loaded thread pools
    model = request.method.make_for(table.task, job.method_seed, job.n_threads, request.device)
    if request.device != "cpu":
        import torch

        torch.zeros(1, device=request.device)  # to start the GPU up takes seconds
    if request.progress is not None and request.method.keep_progress is not None:
        request.method.keep_progress(model, request.progress)
    classifies = table.task != "regression"
    memory_before, _ = environment.memory_mb()

    started = time.perf_counter()
    model.fit(table.X.iloc[train], table.y.iloc[train])
    fitted = time.perf_counter()
    predict = model.predict_proba if classifies else model.predict
    predictions = predict(table.X.iloc[test])
    predicted = time.perf_counter()

    outcome: dict[str, Any] = {
        "n_train": len(train),
        "n_test": len(test),
        "fit_seconds": fitted - started + getattr(model, "earlier_seconds_", 0.0),
        "predict_seconds": predicted - fitted,
        "peak_memory_mb": environment.memory_mb()[1] - memory_before,
    }
    truth = list(table.y.iloc[test])
    if classifies:
        labels = sorted(set(table.y))
        scores = score_probabilities(truth, predictions, list(model.classes_), labels)
        bins = count_by_confidence(truth, predictions, list(model.classes_))
        outcome["reliability"] = json.dumps(bins)
    elif request.method.quantiles is None:
        scores = score_numbers(truth, predictions)
    else:
        quantiles = request.method.quantiles(model, table.X.iloc[test], QUANTILE_LEVELS)
        outcome["quantile_seconds"] = time.perf_counter() - predicted
        scores = score_numbers(truth, predictions, quantiles)
    return {**outcome, **scores, "error": ranking_error(table.task, scores)}


@cache
def _warm_up_method(method: Method, task: str, n_threads: int) -> None:
    if method.unavailable() is None:
        environment.import_packages(method.packages)
        method.make_for(task, 0, n_threads)


def _is_out_of_memory(error: Exception) -> bool:
    # torch raises a RuntimeError of its own for the GPU's memory and a plain one for the CPU's.
    return (
        isinstance(error, MemoryError)
        or "OutOfMemoryError" in type(error).__name__
        or "can't allocate memory" in str(error)
    )
