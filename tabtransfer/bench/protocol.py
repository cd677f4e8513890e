"""What one measurement is: a method on one split of one table, under stated conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

PRETRAINED = "tabtransfer"
FINETUNED = "tabtransfer-finetuned"
SCRATCH = "tabtransfer-scratch"
REFERENCE = "catboost"


@dataclass(frozen=True)
class Job:
    """Name one measurement: everything that decides its scores but the code's version.

    Parameters
    ----------
    suite, table, method : str
        What is measured on what.
    split : int
        Number of the split, from 0; with `seed` it decides the rows.
    seed : int
        Seed of the splits and, with the split's number, of the method.
    max_train, max_test : int
        Training and test rows beyond this many are left out, class shares kept.
    n_threads : int
        Threads that the method may use.

    Examples
    --------
    >>> Job("quickstart", "iris", "catboost").method_seed
    0
    """

    suite: str
    table: str
    method: str
    split: int = 0
    seed: int = 0
    max_train: int = 1000
    max_test: int = 2000
    n_threads: int = 1

    @property
    def method_seed(self) -> int:
        """The method's random state: one for each split, the same for every method."""
        return self.seed * 1000 + self.split

    def as_row(self) -> dict[str, Any]:
        """Give the fields as columns of the results table."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Job:
        """Read the job back from a row of the results table."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


def plan_jobs(
    tables: Sequence[str], methods: Sequence[str], n_splits: int, pattern: Job
) -> list[Job]:
    """List the jobs of a run: every table's first split before any table's second.

    A run that is stopped half-way has then measured every table, with fewer splits.

    Parameters
    ----------
    tables, methods : sequence of str
        Names.
    n_splits : int
        Splits of each table.
    pattern : Job
        What all the jobs have in common; its table, method and split don't matter.

    Examples
    --------
    >>> jobs = plan_jobs(["iris"], ["catboost"], 2, Job("quickstart", "", ""))
    >>> [(job.table, job.split) for job in jobs]
    [('iris', 0), ('iris', 1)]
    """
    return [
        replace(pattern, table=table, method=method, split=split)
        for split in range(n_splits)
        for table in tables
        for method in methods
    ]
