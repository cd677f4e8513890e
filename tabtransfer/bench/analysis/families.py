"""Averages over families: tables of the same data count once."""

from __future__ import annotations

import pandas as pd


def average_families(by_table: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Average each family's tables, so that several tables of the same data count as one.

    Parameters
    ----------
    by_table : pandas.DataFrame, (n_tables, n_columns)
        Any figures, one row a table.
    results : pandas.DataFrame
        The results table that they come from; its ``family`` says which tables belong together.

    Returns
    -------
    pandas.DataFrame, (n_families, n_columns)
        NaN where a figure is missing for one of the family's tables.

    Examples
    --------
    >>> import pandas as pd
    >>> results = pd.DataFrame({"table": ["a", "b", "c"], "family": ["ab", "ab", "c"]})
    >>> scores = pd.DataFrame({"forest": [0.6, 0.8, 0.9]}, index=["a", "b", "c"])
    >>> average_families(scores, results)["forest"].round(2).to_dict()
    {'ab': 0.7, 'c': 0.9}
    """
    family = results.drop_duplicates("table").set_index("table")["family"]
    groups = by_table.groupby(family.reindex(by_table.index).to_numpy(), sort=False)
    return groups.agg(lambda column: column.mean(skipna=False))
