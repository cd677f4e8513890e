"""Published benchmark suites of OpenML, fetched through its own package and kept in its cache."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tabtransfer.datasets.frames import table_from_frame
from tabtransfer.datasets.table import ProblemType, Table
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

__all__ = ["STUDIES", "load_study"]

STUDIES = {"openml-cc18": 99, "openml-ctr23": 353, "tabarena": 457}
"""Numbers of OpenML's studies by the suite's name: classification (Bischl et al. 2021,
arXiv:1708.03731), regression (Fischer et al. 2023), and the tables of TabArena v0.1 (Erickson et
al. 2025, arXiv:2506.16791)."""


def load_study(name: str) -> Iterator[Table]:
    """Load the tables of a suite of OpenML, one at a time.

    What was fetched once is read from the cache of the package ``openml`` (by default
    ``~/.cache/openml``), the list of the suite's tasks included, and needs no network then.

    Parameters
    ----------
    name : str
        A key of ``STUDIES``.

    Returns
    -------
    iterator of Table
        Tables in the order of the study's tasks. The list of tasks is fetched at once, each
        table when the iterator reaches it. Rows without a target are left out.

    Raises
    ------
    TabTransferError
        If the package isn't installed, or OpenML can't be reached for what isn't in the cache.

    Examples
    --------
    >>> len(list(load_study("openml-cc18")))  # doctest: +SKIP
    72
    """
    try:
        import openml
    except ImportError:
        raise TabTransferError(
            f"The suite {name!r} needs the package openml, which isn't installed: "
            'pip install "tabtransfer[openml]"'
        ) from None
    numbers = _list_tasks(openml, name)
    return (_load(openml, name, number) for number in numbers)


def _list_tasks(openml: Any, name: str) -> list[int]:
    """Read the numbers of a study's tasks from the cache, or fetch them into it."""
    study = STUDIES[name]
    # The package keeps tasks and data sets, but asks for a study's list each time.
    path = Path(openml.config.get_cache_directory()) / "tabtransfer" / f"study-{study}.json"
    with suppress(OSError, ValueError, TypeError):  # a damaged list is fetched again
        return [int(number) for number in json.loads(path.read_text(encoding="utf-8"))]
    try:
        numbers = openml.study.get_suite(study).tasks
    except _troubles(openml) as error:
        raise _unreachable(openml, f"The suite {name!r} (study {study})", error) from error
    if not numbers:
        raise TabTransferError(f"OpenML's study {study}, the suite {name!r}, lists no tasks.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_text(json.dumps([int(number) for number in numbers]))
    return [int(number) for number in numbers]


def _load(openml: Any, name: str, number: int) -> Table:
    try:
        task = openml.tasks.get_task(number)
        dataset = task.get_dataset()
        X, y, _, _ = dataset.get_data(target=task.target_name, dataset_format="dataframe")
    except _troubles(openml) as error:
        raise _unreachable(openml, f"Task {number} of the suite {name!r}", error) from error
    target = str(task.target_name)
    kind: ProblemType = "regression"
    if "regression" not in task.task_type.lower():
        kind = "binary" if y.nunique() == 2 else "multiclass"
    return table_from_frame(
        X.assign(**{target: y}),
        str(dataset.name),
        target,
        kind,
        origin=f"openml.org/d/{dataset.dataset_id}",
        licence=str(dataset.licence or "not stated"),
        description=f"{target}, from OpenML's data set {dataset.dataset_id} (task {number}).",
    )


def _troubles(openml: Any) -> tuple[type[Exception], ...]:
    # The errors of requests, which the package lets through, are OSErrors.
    return (OSError, openml.exceptions.PyOpenMLError)


def _unreachable(openml: Any, what: str, error: Exception) -> TabTransferError:
    return TabTransferError(
        f"{what} can't be fetched from OpenML ({type(error).__name__}: {str(error)[:200]}), and "
        f"isn't in the cache {openml.config.get_cache_directory()}. Give the command again where "
        "there is a network, or copy the cache of another machine there."
    )
