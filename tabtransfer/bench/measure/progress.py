"""The progress bar of a run, with what failed."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Any

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tabtransfer.bench.results import FAILED, OK
from tabtransfer.printing import make_console


class RunProgress:
    """Draw a progress bar for a run on standard error.

    Parameters
    ----------
    total : int
        Jobs of the run.
    n_kept : int, default=0
        Jobs that an earlier run finished.
    seconds : float, optional
        Time that the run has, shown beside what has passed in place of what the jobs may take.
    """

    def __init__(self, total: int, n_kept: int = 0, seconds: float | None = None) -> None:
        remaining: ProgressColumn = TimeRemainingColumn()
        if seconds is not None:
            remaining = TextColumn(f"of {timedelta(seconds=round(seconds))}")
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            remaining,
            console=(console := make_console(stderr=True)),
            disable=not console.is_terminal,
        )
        self._total, self._n_kept, self._n_done = total, n_kept, n_kept
        self._told: set[tuple[str, str]] = set()
        self._bar = self._progress.add_task("measure", total=total, completed=n_kept)

    def __enter__(self) -> RunProgress:
        self._progress.start()
        if self._n_kept:
            self._progress.console.print(
                f"{self._n_kept} of {self._total} jobs are done already and are kept."
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def report(self, row: dict[str, Any]) -> None:
        """Count a finished job; print what went wrong, once for each method and reason."""
        name = f"{row['table']} · {row['method']}"
        trouble = (row["method"], row["reason"])
        if row["status"] != OK and trouble not in self._told:
            self._told.add(trouble)
            colour = "red" if row["status"] == FAILED else "yellow"
            said = f"[{colour}]{row['status']}[/] {escape(name)}: {escape(row['reason'])}"
            self._progress.console.print(said, markup=True)
        self._n_done += 1
        if not self._progress.console.is_terminal:  # a log: a line for each job
            seconds = row.get("job_seconds")
            took = "" if seconds is None else f", {seconds:.1f} s"
            split = f"split {row['split']}"
            self._progress.console.print(
                f"{self._n_done}/{self._total} {name} · {split}: {row['status']}{took}",
                soft_wrap=True,
            )
        self._progress.update(self._bar, advance=1, description=f"measure: {name}")
