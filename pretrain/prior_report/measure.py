"""Draw tables of the prior and real ones in the same way, and measure both.

At most 256 rows, three quarters of them for training, so that the figures compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.prior_report.difficulty import measure_difficulty
from tabtransfer.pretrain.prior_report.figures import FIGURES, MeasuredTables
from tabtransfer.pretrain.real_tables.corpus import load_corpus, share_in_top_classes, to_task
from tabtransfer.pretrain.real_tables.real_table import RealTable

MAX_ROWS = 256
MIN_ROWS = 60
MIN_COLUMNS = 2
MAX_COLUMNS = 60
WIDEST_SYNTHETIC = {"classification": 40, "regression": 20}  # columns
TRAIN_SHARE = 0.75
MIN_SHARE_IN_TOP_CLASSES = 0.8
MANY_REPEATS = 0.1  # of rows whose target is the most frequent one
TABLES_PER_BATCH = 2


def compare_prior(
    n_tables: int,
    seed: int,
    corpus: Path | None,
    start: Callable[[str, int], Callable[[int], None]],
) -> list[MeasuredTables]:
    """Measure tables of the default prior, of either kind, and real ones beside them.

    Parameters
    ----------
    n_tables : int
        Number of synthetic tables of each kind.
    seed : int
        Same seed, same tables.
    corpus : Path, optional
        Real tables, see `comparable_tables`. A kind of which it has none stands alone.
    start : callable
        Called with what is measured next and the number of its tables; gives what to call with
        the number of tables measured since the last call.

    Returns
    -------
    list of MeasuredTables
        One for each kind.

    Raises
    ------
    TabTransferError
        If the corpus has no table of either kind to compare with.

    Examples
    --------
    >>> compared = compare_prior(1, 0, None, start=lambda words, n_tables: lambda n: None)
    >>> [comparison.figures.title for comparison in compared]
    ['Classes', 'Numbers']
    """
    real = {task: comparable_tables(corpus, task) if corpus else [] for task in FIGURES}
    if corpus and not any(real.values()):
        raise TabTransferError(
            f"{corpus} has no table of at least {MIN_ROWS} rows with a target and {MIN_COLUMNS} "
            f"to {MAX_COLUMNS} input columns to compare with"
        )
    comparisons = []
    for task, figures in FIGURES.items():
        title, tables = figures.title.lower(), real[task]
        synthetic = measure_prior(n_tables, seed, start(f"synthetic: {title}", n_tables), task)
        measured = None
        if tables:
            measured = measure_tables(tables, start(f"real: {title}", len(tables)), task)
        comparisons.append(MeasuredTables(figures, synthetic, measured))
    return comparisons


def measure_prior(
    n_tables: int, seed: int, advance: Callable[[int], None], task: str = "classification"
) -> pd.DataFrame:
    """Draw tables of one kind from the default prior and measure them.

    Rows and columns spread about as those of the real tables that a report compares with: rows
    log-uniformly from 60 to 1,024, cut at 256, and columns log-uniformly from 2 to 40, of tables
    with numeric targets to 20.

    Parameters
    ----------
    n_tables : int
        Number of tables.
    seed : int
        Same seed, same tables.
    advance : callable
        Called with the number of tables measured since the last call.
    task : {"classification", "regression"}
        Which kind.

    Returns
    -------
    pandas.DataFrame
        One row per table: the columns of `measure_difficulty` and what follows from them.

    Examples
    --------
    >>> bool(measure_prior(2, seed=0, advance=lambda n: None)["forest"].gt(0).all())
    True
    """
    from tabtransfer.pretrain.prior import PriorConfig, sample_batch

    generator = torch.Generator().manual_seed(seed)
    n_batches = -(-n_tables // TABLES_PER_BATCH)
    spread = np.random.default_rng(seed)
    rows = np.minimum(_spread_sizes(spread, MIN_ROWS, 4 * MAX_ROWS, n_batches), MAX_ROWS)
    columns = _spread_sizes(spread, MIN_COLUMNS, WIDEST_SYNTHETIC[task], n_batches)
    prior = PriorConfig(regression=float(task == "regression"))
    parts = []
    for start, n_rows, n_columns in zip(
        range(0, n_tables, TABLES_PER_BATCH), rows.tolist(), columns.tolist(), strict=True
    ):
        n_train = round(TRAIN_SHARE * n_rows)
        size = min(TABLES_PER_BATCH, n_tables - start)
        batch = sample_batch(prior, size, n_rows, n_columns, n_train, generator)
        parts.append(measure_difficulty(batch))
        advance(len(parts[-1]))
    return _with_derived(pd.concat(parts, ignore_index=True), task)


def _spread_sizes(
    generator: np.random.Generator, low: int, high: int, count: int
) -> NDArray[np.int64]:
    """Draw sizes at even steps of their logarithm, shuffled, so that few of them spread well."""
    steps = generator.permutation((np.arange(count) + 0.5) / count)
    return np.round(low * (high / low) ** steps).astype(np.int64)


def comparable_tables(path: Path, task: str = "classification") -> list[RealTable]:
    """Load the real tables of one kind that a report compares with.

    They have at least 60 labelled rows, 2 to 60 input columns and, if the target is a class, at
    least 80 % of their rows in the 10 most frequent ones.

    Parameters
    ----------
    path : Path
        Corpus, see `load_corpus`.
    task : {"classification", "regression"}
        Which kind.

    Returns
    -------
    list of RealTable
        Tables in the corpus's order; empty if none is like that.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> frame = pd.DataFrame({"a": range(80), "b": range(80), "kind": ["x", "y"] * 40})
    >>> frame.to_parquet(folder / "toy.parquet")
    >>> [table.name for table in comparable_tables(folder)]
    ['toy']
    """
    return [
        table
        for table in load_corpus(path, task)
        if table.y.count() >= MIN_ROWS
        and MIN_COLUMNS <= table.X.shape[1] <= MAX_COLUMNS
        and (task == "regression" or share_in_top_classes(table.y) >= MIN_SHARE_IN_TOP_CLASSES)
    ]


def measure_tables(
    tables: list[RealTable], advance: Callable[[int], None], task: str = "classification"
) -> pd.DataFrame:
    """Measure real tables of one kind, at most 256 rows of each, 75 % of them for training.

    Parameters
    ----------
    tables : list of RealTable
        From `comparable_tables`. One that makes no task (see `to_task`) is left out.
    advance : callable
        Called with 1 after each table.
    task : {"classification", "regression"}
        Which kind.

    Returns
    -------
    pandas.DataFrame
        As `measure_prior` returns, with the table's ``name``.

    Raises
    ------
    TabTransferError
        If none can be measured.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": range(80), "b": range(80)})
    >>> table = RealTable("toy", frame, pd.Series(["x", "y"] * 40))
    >>> measure_tables([table], advance=lambda n: None)["n_rows"].tolist()
    [80]
    """
    parts = list(_measured(tables, advance, task))
    if not parts:
        raise TabTransferError(
            f"none of {len(tables)} tables has two different targets among its training rows and "
            "a row to predict: give tables of more rows"
        )
    return _with_derived(pd.concat(parts, ignore_index=True), task)


def _measured(
    tables: list[RealTable], advance: Callable[[int], None], kind: str
) -> Iterator[pd.DataFrame]:
    for table in tables:
        try:
            task = to_task(table, MAX_ROWS, TRAIN_SHARE, seed=0, task=kind)
        except TabTransferError:
            advance(1)
            continue
        yield measure_difficulty(task).assign(name=table.name)
        advance(1)


def _with_derived(measured: pd.DataFrame, task: str) -> pd.DataFrame:
    measured = measured.assign(
        has_categories=measured["categorical"] > 0, has_missing=measured["missing"] > 0
    )
    if task == "regression":
        return measured.assign(
            gain=measured["forest_r2"] - measured["linear_r2"],
            linear_wins=measured["linear_r2"] > measured["forest_r2"],
            forest_helps=measured["forest_r2"] > 0,
            repeats_target=measured["most_frequent_target"] > MANY_REPEATS,
        )
    return measured.assign(
        gain=measured["majority"] - measured["forest"],
        linear_wins=measured["linear"] < measured["forest"],
        forest_helps=measured["forest"] < measured["majority"],
        one_class=measured["n_classes"] < 2,
    )
