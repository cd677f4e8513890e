"""The plan of a run: how its tables are split, and a request for each of its jobs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from tabtransfer.baselines.method import Method
from tabtransfer.bench.measure.run_job import JobRequest
from tabtransfer.bench.protocol import HALVES, NESTED, TABARENA, Job, Limits, plan_jobs
from tabtransfer.bench.results import TABLE_FACTS
from tabtransfer.datasets.capping import cap_rows
from tabtransfer.datasets.dependent_splits import dependent_splits
from tabtransfer.datasets.nested_splits import nested_splits
from tabtransfer.datasets.splits import stratified_splits, tabarena_splits, target_bins
from tabtransfer.environment import cpu_model, machine, package_versions
from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tabtransfer.datasets.splits import Split
    from tabtransfer.datasets.table import Table

SplitsBySize = dict[int, dict[str, "list[Split]"]]  # by training rows, then by table


@dataclass(frozen=True)
class Sampling:
    """Which rows of the tables are trained and tested on; see `run` for the parameters."""

    n_splits: int | Literal["tabarena"]
    seed: int
    max_train: int | Sequence[int]
    max_rows: int | None
    most_splits: int | None

    def split(self, tables: Sequence[Table], pattern: Job) -> SplitsBySize:
        """Split each table at each size of training sets that it has rows for."""
        if isinstance(self.max_train, int):
            sizes = {"max_train": self.max_train, "max_test": pattern.max_test}
            return {self.max_train: {table.name: self._split(table, sizes) for table in tables}}
        if not isinstance(self.n_splits, int):
            raise TabTransferError(
                "Folds as TabArena has them have one size; give n_splits a number."
            )
        by_table = {
            table.name: nested_splits(
                _strata(table),
                self.max_train,
                n_splits=self.n_splits,
                seed=self.seed,
                max_test=pattern.max_test,
            )
            for table in tables
        }
        splits = {
            size: {name: found[size] for name, found in by_table.items() if size in found}
            for size in sorted(set(self.max_train))
        }
        if not any(splits.values()):
            raise TabTransferError(
                f"No table has {min(self.max_train)} training rows in one of its halves; give "
                "smaller sizes or larger tables."
            )
        return splits

    def kind(self, tables: Sequence[Table]) -> str:
        """Return the kind of splits of tables that all are split alike, as results name it."""
        if tables and tables[0].folds_by is not None:
            return tables[0].folds_by.kind
        if not isinstance(self.max_train, int):
            return NESTED
        return TABARENA if self.n_splits == TABARENA else HALVES

    def _split(self, table: Table, sizes: dict[str, int]) -> list[Split]:
        labels = _strata(table)
        if table.folds_by is not None:
            are_classes = table.task != "regression"
            splits = dependent_splits(
                labels, table.folds_by, are_classes=are_classes, seed=self.seed, **sizes
            )
        elif isinstance(self.n_splits, int):
            splits = stratified_splits(labels, n_splits=self.n_splits, seed=self.seed, **sizes)
        else:
            splits = tabarena_splits(labels, seed=self.seed, **sizes)
        return splits[: self.most_splits]


def plan_requests(
    suite: str,
    tables: Sequence[Table],
    methods: Sequence[Method],
    sampling: Sampling,
    n_threads: int,
    n_jobs: int,
    limits: Limits,
    device: str = "auto",
) -> list[JobRequest]:
    """Return a request for each job, every table's first split before any table's second.

    Parameters
    ----------
    suite, tables, methods, n_threads, n_jobs, limits, device
        As `run` takes them.
    sampling : Sampling
        How the tables are split.

    Raises
    ------
    TabTransferError
        A table is too small to be split, no table gives a training set of a wanted size, or there
        is no such device.
    """
    devices = _devices(methods, device)
    pattern = Job(
        suite, "", "", splits=sampling.kind(tables), seed=sampling.seed, n_threads=n_threads
    )
    capped = {table.name: cap_rows(table, sampling.max_rows, sampling.seed) for table in tables}
    splits = sampling.split(list(capped.values()), pattern)
    by_name = {method.name: method for method in methods}
    conditions = {
        "max_rows": sampling.max_rows,
        "n_jobs": n_jobs,
        "machine": machine(),
        "cpu": cpu_model(),
        **limits.as_row(),
    }
    of_table = {name: {**_table_facts(table), **conditions} for name, table in capped.items()}
    of_method = {
        name: {**_method_facts(method), "device": devices[name][1]}
        for name, method in by_name.items()
    }
    jobs = [
        job
        for max_train, by_table in splits.items()
        for job in plan_jobs(
            {name: len(found) for name, found in by_table.items()},
            list(by_name),
            replace(pattern, max_train=max_train),
        )
    ]
    return [
        JobRequest(
            job,
            capped[job.table],
            by_name[job.method],
            splits[job.max_train][job.table][job.split],
            {**of_table[job.table], **of_method[job.method]},
            limits,
            device=devices[job.method][0],
        )
        for job in sorted(jobs, key=lambda job: job.split)  # no second split before all sizes
    ]


def _devices(methods: Sequence[Method], device: str) -> dict[str, tuple[str, str]]:
    """Return where each method computes, as torch names it and as results do."""
    on_cpu = ("cpu", "cpu")
    elsewhere = on_cpu
    if device != "cpu" and any(method.takes_device for method in methods):
        from tabtransfer.device import device_model, find_device

        found = find_device(device)
        elsewhere = (str(found), device_model(found))
    return {method.name: elsewhere if method.takes_device else on_cpu for method in methods}


def hash_table(table: Table) -> str:
    """Return a digest of a table's input and target, and of what its folds go by."""
    import pandas as pd

    digest = hashlib.sha256()
    parts = [table.X, table.y]
    if table.folds_by is not None:
        parts.append(table.folds_by.values)
    for part in parts:
        try:
            rows = pd.util.hash_pandas_object(part, index=False)
        except TypeError:  # of cells such as lists
            rows = pd.util.hash_pandas_object(part.astype(str), index=False)
        digest.update(rows.to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _strata(table: Table) -> ArrayLike:
    return target_bins(table.y) if table.task == "regression" else table.y


def _table_facts(table: Table) -> dict[str, Any]:
    facts = {name: getattr(table.metadata, name) for name in TABLE_FACTS}
    return {
        **facts,
        "task": table.task,
        "family": table.metadata.family or table.name,
        "table_hash": hash_table(table),
        "folds_by": None if table.folds_by is None else table.folds_by.name,
    }


def _method_facts(method: Method) -> dict[str, Any]:
    return {
        "versions": json.dumps(package_versions(method.packages)),
        "search_seconds": method.search_seconds,
    }
