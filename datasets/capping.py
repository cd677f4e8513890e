"""A cap on the rows of a table, so that large ones don't take all of the time."""

from __future__ import annotations

from dataclasses import replace

from tabtransfer.datasets.splits import stratified_sample, target_bins
from tabtransfer.datasets.table import Table

__all__ = ["cap_rows"]


def cap_rows(table: Table, max_rows: int | None, seed: int = 0) -> Table:
    """Sample the rows of a table that has more than a cap; its record then says so.

    Parameters
    ----------
    table : Table
        Any table.
    max_rows : int or None
        Most rows; None for all.
    seed : int, default=0
        Seed of the draw, in which classes, or tenths of a numeric target, keep their shares.

    Returns
    -------
    Table
        The table itself where it is small enough.

    Examples
    --------
    >>> from tabtransfer.datasets.suites import load_table
    >>> small = cap_rows(load_table("digits"), 500)
    >>> len(small.X), small.metadata.description
    (500, 'Handwritten digits as 8 × 8 pixels: which digit. (500 of 1797 rows, drawn with seed 0)')
    """
    if max_rows is None or len(table.X) <= max_rows:
        return table
    labels = target_bins(table.y) if table.task == "regression" else table.y
    rows = stratified_sample(labels, max_rows, seed=seed)
    note = f"({len(rows)} of {len(table.X)} rows, drawn with seed {seed})"
    metadata = replace(
        table.metadata, n_rows=len(rows), description=f"{table.metadata.description} {note}".strip()
    )
    X, y = (part.iloc[rows].reset_index(drop=True) for part in (table.X, table.y))
    by = table.folds_by
    if by is not None:
        by = replace(by, values=by.values.iloc[rows].reset_index(drop=True))
    return replace(table, X=X, y=y, metadata=metadata, folds_by=by)
