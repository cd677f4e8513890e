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
from tabtransfer.pretrain.corpus import RealTable, load_corpus, share_in_top_classes, to_task
from tabtransfer.pretrain.difficulty import measure_difficulty

MAX_ROWS = 256
MIN_ROWS = 60
MIN_COLUMNS = 2
MAX_COLUMNS = 60
TRAIN_SHARE = 0.75
MIN_SHARE_IN_TOP_CLASSES = 0.8
TABLES_PER_BATCH = 2


def measure_prior(n_tables: int, seed: int, advance: Callable[[int], None]) -> pd.DataFrame:
    """Draw classification tables from the default prior and measure them.

    Rows and columns spread about as those of the real tables that a report compares with: rows
    log-uniformly from 60 to 1,024, cut at 256, and columns log-uniformly from 2 to 40. The prior
    may leave some of the columns out.

    Parameters
    ----------
    n_tables : int
        Number of tables.
    seed : int
        Same seed, same tables.
    advance : callable
        Called with the number of tables measured since the last call.

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
    columns = _spread_sizes(spread, 2, 40, n_batches)
    prior = PriorConfig(regression=0.0)
    parts = []
    for start, n_rows, n_columns in zip(
        range(0, n_tables, TABLES_PER_BATCH), rows.tolist(), columns.tolist(), strict=True
    ):
        n_train = round(TRAIN_SHARE * n_rows)
        size = min(TABLES_PER_BATCH, n_tables - start)
        batch = sample_batch(prior, size, n_rows, n_columns, n_train, generator)
        parts.append(measure_difficulty(batch))
        advance(len(parts[-1]))
    return _with_derived(pd.concat(parts, ignore_index=True))


def _spread_sizes(
    generator: np.random.Generator, low: int, high: int, count: int
) -> NDArray[np.int64]:
    """Draw sizes at even steps of their logarithm, shuffled, so that few of them spread well."""
    steps = generator.permutation((np.arange(count) + 0.5) / count)
    return np.round(low * (high / low) ** steps).astype(np.int64)


def comparable_tables(path: Path) -> list[RealTable]:
    """Load the real classification tables that a report compares with.

    They have at least 60 labelled rows, 2 to 60 input columns, and at least 80 % of their rows
    in the 10 most frequent classes.

    Parameters
    ----------
    path : Path
        Corpus, see `load_corpus`.

    Returns
    -------
    list of RealTable
        Tables in the corpus's order.

    Raises
    ------
    TabTransferError
        If none is left.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> frame = pd.DataFrame({"a": range(80), "b": range(80), "kind": ["x", "y"] * 40})
    >>> frame.to_parquet(folder / "toy.parquet")
    >>> [table.name for table in comparable_tables(folder)]
    ['toy']
    """
    tables = [
        table
        for table in load_corpus(path)
        if table.y.count() >= MIN_ROWS
        and MIN_COLUMNS <= table.X.shape[1] <= MAX_COLUMNS
        and share_in_top_classes(table.y) >= MIN_SHARE_IN_TOP_CLASSES
    ]
    if not tables:
        raise TabTransferError(
            f"{path} has no classification table of at least {MIN_ROWS} rows and "
            f"{MIN_COLUMNS} to {MAX_COLUMNS} input columns to compare with"
        )
    return tables


def measure_tables(tables: list[RealTable], advance: Callable[[int], None]) -> pd.DataFrame:
    """Measure real tables, at most 256 rows of each, 75 % of them for training.

    Parameters
    ----------
    tables : list of RealTable
        From `comparable_tables`. One that has too few labelled rows is left out.
    advance : callable
        Called with 1 after each table.

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
    parts = list(_measured(tables, advance))
    if not parts:
        raise TabTransferError("no table has two labelled classes on both sides of its split")
    return _with_derived(pd.concat(parts, ignore_index=True))


def _measured(tables: list[RealTable], advance: Callable[[int], None]) -> Iterator[pd.DataFrame]:
    for table in tables:
        try:
            task = to_task(table, MAX_ROWS, TRAIN_SHARE, seed=0)
        except TabTransferError:
            advance(1)
            continue
        yield measure_difficulty(task).assign(name=table.name)
        advance(1)


def _with_derived(measured: pd.DataFrame) -> pd.DataFrame:
    return measured.assign(
        gain=measured["majority"] - measured["forest"],
        linear_wins=measured["linear"] < measured["forest"],
        forest_helps=measured["forest"] < measured["majority"],
        has_categories=measured["categorical"] > 0,
        has_missing=measured["missing"] > 0,
        one_class=measured["n_classes"] < 2,
    )
