"""The choice between classification and regression by the values of a target."""

from __future__ import annotations

import pandas as pd

__all__ = ["choose_task"]

MAX_NUMBER_CLASSES = 20


def choose_task(target: pd.Series) -> tuple[str, str]:
    """Choose classification or regression by what a target holds.

    Words, booleans and categories are classes. So are whole numbers of which there are few: two,
    or up to 20 that occur five times on average. Other numbers are predicted as numbers.

    Parameters
    ----------
    target : Series
        The target, none of it missing.

    Returns
    -------
    task : {"classification", "regression"}
        The task.
    reason : str
        Why, in words.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.table_files.task import choose_task
    >>> choose_task(pd.Series([1.5, 2.0, 7.0]))
    ('regression', 'it holds numbers')
    >>> choose_task(pd.Series(["a", "b", "a"]))
    ('classification', 'it holds words')
    """
    types = pd.api.types
    if types.is_bool_dtype(target):
        return "classification", "it holds true and false"
    if not types.is_numeric_dtype(target):
        return "classification", "it holds words"
    n_values = target.nunique()
    few = n_values <= max(2, min(MAX_NUMBER_CLASSES, len(target) // 5))
    if few and bool((target % 1 == 0).all()):
        return "classification", f"it holds {n_values} whole numbers"
    return "regression", "it holds numbers"
