"""The real tables that training decisions are made on, kept out of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.preprocessing.stratified import stratified_order
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.real_table import RealTable

VALIDATION_TABLES = (
    *("1029_LEV", "Cardiotocography__2", "analcatdata_broadwaymult", "analcatdata_halloffame"),
    *("analcatdata_reviewer", "audiology", "autos", "backache", "breast-cancer", "colic"),
    *("column2C", "csb_ch15", "eeg-eye-state", "fars", "flags", "glass", "hayes_roth", "heart.h"),
    *("kropt", "liver-disorders", "mammography", "mozilla4", "nursery", "page-blocks", "pbcseq"),
    *("primary.tumor", "schizo", "sleep__2", "solar_flare_1", "spectf", "tae", "tokyo1"),
)
"""Names in the corpus. Picked by hand: one of each family of near-copies, of different sizes,
class counts, balance, shares of categories and of missing cells, each with something to learn."""

MAX_ROWS = 1200


def write_validation_tables(corpus: Path, out: Path) -> list[str]:
    """Write the validation tables of a corpus to a folder of Parquet files.

    Rows without a target are left out, larger tables are thinned to 1,200 rows in proportion to
    their classes (always the same rows), and columns that are constant in those rows are dropped.

    Parameters
    ----------
    corpus : Path
        Folder or manifest that holds `VALIDATION_TABLES` (see `load_corpus`).
    out : Path
        Folder to write ``NAME.parquet`` files to, target last; a corpus itself.

    Returns
    -------
    list of str
        Names of the tables written.

    Raises
    ------
    TabTransferError
        If the corpus lacks one of the tables.
    """
    tables = {table.name: table for table in load_corpus(corpus)}
    lacking = [name for name in VALIDATION_TABLES if name not in tables]
    if lacking:
        raise TabTransferError(
            f"{corpus} lacks {len(lacking)} of the {len(VALIDATION_TABLES)} validation tables: "
            f"{', '.join(lacking)}; give the corpus that has them, or validate on a folder of "
            "your own tables."
        )
    for name in VALIDATION_TABLES:
        table = thin(tables[name], MAX_ROWS)
        target = str(table.y.name)
        with replacing(out / f"{name}.parquet") as partial:
            table.X.assign(**{target: table.y}).to_parquet(partial, index=False)
    return list(VALIDATION_TABLES)


def thin(table: RealTable, max_rows: int) -> RealTable:
    """Sample labelled rows of a classification table in proportion to its classes.

    Parameters
    ----------
    table : RealTable
        Table with classes as target.
    max_rows : int
        Most rows to draw; the same rows every time.

    Returns
    -------
    RealTable
        Target as categories of strings; columns that became constant are dropped.

    Examples
    --------
    >>> import pandas as pd
    >>> y = pd.Series(["a"] * 6 + ["b"] * 2 + [None], name="kind")
    >>> small = thin(RealTable("toy", pd.DataFrame({"x": range(9), "one": 1}), y), 4)
    >>> list(small.X), sorted(small.y)
    (['x'], ['a', 'a', 'a', 'b'])
    """
    known = table.y.notna().to_numpy()
    X, y = table.X[known], table.y[known].astype(str)
    rows = stratified_order(y.to_numpy(), np.random.default_rng(0))[:max_rows]
    X, y = X.iloc[rows].reset_index(drop=True), y.iloc[rows].reset_index(drop=True)
    for column in X.select_dtypes("category"):
        X[column] = X[column].cat.remove_unused_categories()
    return RealTable(table.name, X.loc[:, X.nunique() > 1], y.astype("category"))
