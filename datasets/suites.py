"""Named suites of tables, loaded one table at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tabtransfer.datasets import builtin, econometrics, packaged, streams, studies
from tabtransfer.datasets.folder import load_folder
from tabtransfer.datasets.openml_suites import STUDIES, load_study
from tabtransfer.datasets.table import Table, TableMetadata, TableSource
from tabtransfer.errors import TabTransferError, did_you_mean

__all__ = ["FOLDER", "SUITES", "load_suite", "load_table", "suite_metadata"]

FOLDER = "folder:"
"""What a suite's name begins with where a folder's path follows (see `load_folder`)."""

_MODULES = (builtin, packaged, econometrics, streams, studies)
_SOURCES: dict[str, TableSource] = {
    source.metadata.name: source for module in _MODULES for source in module.TABLES
}

# Classes and numbers in turn, so that a run whose time is up has both.
_QUICKSTART = (
    "iris",
    "diabetes",
    "wine",
    "breast_cancer",
    "card",
    "penguins",
    "germancredit",
    "crime1",
    "cars",
    "mroz",
    "phishing",
    "401ksubs",
    "fair",
    "image_segments",
    "digits",
)
_FURTHER = (
    "anes96",
    "titanic",
    "credit_cards",
    "yeast",
    "scorecard",
    "auto",
    "boston_housing",
    "barley",
    "chick_weights",
    "seattle_temps",
    "water_flow",
    "trump_approval",
)


def _classification_first(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: _SOURCES[name].metadata.task == "regression"))


SUITES: dict[str, tuple[str, ...]] = {
    "quickstart": _QUICKSTART,
    "standard": _classification_first((*_QUICKSTART, *_FURTHER)),
}
"""Names of the tables in each suite."""


def suite_metadata(name: str) -> list[TableMetadata]:
    """Return the metadata of a suite's tables without loading any.

    Parameters
    ----------
    name : str
        Name of the suite, a key of ``SUITES``.

    Returns
    -------
    list of TableMetadata
        Cards in the suite's order.

    Raises
    ------
    TabTransferError
        If there is no such suite.

    Examples
    --------
    >>> sum(table.task != "regression" for table in suite_metadata("quickstart"))
    12
    """
    if name not in SUITES:
        raise TabTransferError(
            f"There is no suite {name!r}; the suites are {', '.join((*SUITES, *STUDIES))}, and "
            f"{FOLDER}PATH for a folder of tables.{did_you_mean(name, (*SUITES, *STUDIES))}"
        )
    return [_SOURCES[table].metadata for table in SUITES[name]]


def load_table(name: str) -> Table:
    """Load one table by its name.

    Parameters
    ----------
    name : str
        Name in the table's metadata.

    Returns
    -------
    Table
        The table, read from the package that carries it.

    Raises
    ------
    TabTransferError
        If there is no such table, or its package isn't installed.

    Examples
    --------
    >>> load_table("wine").X.shape
    (178, 13)
    """
    if name not in _SOURCES:
        raise TabTransferError(
            f"There is no table {name!r}; the tables are {', '.join(_SOURCES)}."
            f"{did_you_mean(name, _SOURCES)}"
        )
    return _SOURCES[name].load()


def load_suite(name: str) -> Iterator[Table]:
    """Load a suite, one table at a time.

    Packages are looked for at once, so that a long run doesn't fail halfway; each table is
    read when the iterator reaches it.

    Parameters
    ----------
    name : str
        A key of ``SUITES`` or of ``STUDIES``, the suites of OpenML, or ``folder:PATH``.

    Returns
    -------
    iterator of Table
        Tables in the suite's order.

    Raises
    ------
    TabTransferError
        If there is no such suite, or a package that carries some of its tables isn't installed.

    Examples
    --------
    >>> next(load_suite("quickstart")).name
    'iris'
    """
    if name.startswith(FOLDER):
        return load_folder(Path(name.removeprefix(FOLDER)))
    if name in STUDIES:
        return load_study(name)
    tables = suite_metadata(name)
    missing = sorted({table.package for table in tables if table.installed_version() is None})
    if missing:
        raise TabTransferError(
            f"The suite {name!r} needs packages that aren't installed ({', '.join(missing)}): "
            'pip install "tabtransfer[tables]"'
        )
    return (load_table(table.name) for table in tables)
