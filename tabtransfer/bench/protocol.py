"""The records of one measurement: a method on one split of one table, under stated limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

PRETRAINED = "tabtransfer"
FINETUNED = "tabtransfer-finetuned"
SYNTHETIC = "tabtransfer-synthetic"
SCRATCH = "tabtransfer-scratch"
WITHOUT_TREES = "tabtransfer-no-trees"
STACK = "stack"
REFERENCE = "catboost"

HALVES = "halves"
TABARENA = "tabarena"
NESTED = "nested"
GROUPED = "grouped"
TEMPORAL = "temporal"
DEPENDENT = (GROUPED, TEMPORAL)
"""Kinds of splits beside which a file may hold plain folds (`TABARENA`), to show what differs."""


@dataclass(frozen=True)
class Job:
    """One measurement: everything that decides its scores except the code's version.

    Parameters
    ----------
    suite, table, method : str
        What is measured on what.
    split : int
        Number of the split, from 0; with `splits` and `seed` it decides the rows.
    splits : {"halves", "tabarena", "nested", "grouped", "temporal"}
        How rows are split: random halves, three folds repeated by the table's size, halves of
        which `max_train` rows are trained on, fewer rows being part of more; folds that keep groups
        of rows together, or that train on the past and test on the future.
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
    splits: str = HALVES
    seed: int = 0
    max_train: int = 1000
    max_test: int = 2000
    n_threads: int = 1

    @property
    def method_seed(self) -> int:
        """The method's random state: one for each split, the same for every method."""
        return self.seed * 1000 + self.split

    def as_row(self) -> dict[str, Any]:
        """Return the fields as columns of the results table."""
        return asdict(self)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Job:
        """Read the job back from a row of the results table."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Limits:
    """The limits at which a job is ended before it is done; None is no limit.

    Parameters
    ----------
    seconds : float, optional
        Wall-clock seconds of the whole job.
    memory_gb : float, optional
        Memory of the job's process beyond what it has at its start, which is the imported
        packages and the table. Processes that the method starts aren't counted.

    Examples
    --------
    >>> Limits(seconds=60).as_row()
    {'time_limit': 60, 'memory_limit': None}
    """

    seconds: float | None = None
    memory_gb: float | None = None

    def as_row(self) -> dict[str, float | None]:
        """Return the limits as columns of the results table."""
        return {"time_limit": self.seconds, "memory_limit": self.memory_gb}


NO_LIMITS = Limits()


def plan_jobs(n_splits: Mapping[str, int], methods: Sequence[str], pattern: Job) -> list[Job]:
    """List the jobs of a run: every table's first split before any table's second.

    A run that is stopped half-way has then measured every table, with fewer splits.

    Parameters
    ----------
    n_splits : mapping of str to int
        Splits of each table, by its name.
    methods : sequence of str
        Names.
    pattern : Job
        What all the jobs have in common; its table, method and split don't matter.

    Examples
    --------
    >>> jobs = plan_jobs({"iris": 2, "wine": 1}, ["catboost"], Job("quickstart", "", ""))
    >>> [(job.table, job.split) for job in jobs]
    [('iris', 0), ('wine', 0), ('iris', 1)]
    """
    return [
        replace(pattern, table=table, method=method, split=split)
        for split in range(max(n_splits.values(), default=0))
        for table in n_splits
        if split < n_splits[table]
        for method in methods
    ]
