"""Find the tables of a run that a method was trained on, once a table and by all its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from tabtransfer.baselines.method import never_seen

if TYPE_CHECKING:
    from tabtransfer.bench.measure.run_job import JobRequest
    from tabtransfer.datasets.table import Table


class SeenTables:
    """Find out for each job whether its method was trained on the job's table.

    A job gets a thinned table, which may hold too few rows to be recognised.

    Parameters
    ----------
    whole : mapping of str to Table
        The tables by name, with all their rows.
    """

    def __init__(self, whole: Mapping[str, Table]) -> None:
        self._whole = whole
        self._answers: dict[tuple[Callable[[Table], str | None], str], str | None] = {}
        self._lock = Lock()

    def settle(self, request: JobRequest) -> JobRequest:
        """Return the request with the answer in place of the question."""
        method, name = request.method, request.job.table
        if method.seen is never_seen or method.unavailable() is not None:
            return request
        with self._lock:
            if (method.seen, name) not in self._answers:
                self._answers[method.seen, name] = method.seen(self._whole[name])
            answer = partial(_answer, self._answers[method.seen, name])
        return replace(request, method=replace(method, seen=answer))


def _answer(reason: str | None, table: Table) -> str | None:
    return reason
