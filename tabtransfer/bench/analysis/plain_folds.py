"""What plain folds would have said, where rows depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tabtransfer.bench.protocol import DEPENDENT, GROUPED
from tabtransfer.bench.results import OK
from tabtransfer.number_text import significant


@dataclass(frozen=True)
class PlainFolds:
    """The errors of the recommended method on folds that take rows as independent.

    Parameters
    ----------
    method : str
        Its name.
    errors : tuple of float
        Its error on each plain fold that was measured.
    rows : tuple of int
        The numbers of their rows in the results file.
    sentence : str
        What they would have said, beside what the other folds say.
    """

    method: str
    errors: tuple[float, ...]
    rows: tuple[int, ...]
    sentence: str


def plain_folds(
    results: pd.DataFrame, method: str, errors: Mapping[str, float]
) -> PlainFolds | None:
    """Set a method's error on plain folds against that on grouped or temporal ones.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of one table.
    method : str
        The method.
    errors : mapping of str to float
        The mean error of each method on folds that are grouped or temporal.

    Returns
    -------
    PlainFolds or None
        None where folds are plain anyway, or it was measured on no plain ones.
    """
    dependent = results[results["splits"].isin(DEPENDENT)]
    if dependent.empty:
        return None
    rows = results[~results["splits"].isin(DEPENDENT) & (results["status"] == OK)]
    own = rows.loc[rows["method"] == method].sort_values("split")["error"]
    if own.empty:
        return None
    name, flipped = {
        "binary": ("ROC AUC", True),
        "multiclass": ("log-loss", False),
        "regression": ("RMSE", False),
    }[str(results["task"].iloc[0])]

    def shown(error: float) -> str:
        return significant(1 - error if flipped else error, 3)

    column = dependent["folds_by"].iloc[0]
    if dependent["splits"].iloc[0] == GROUPED:
        what, where = f"put rows of one {column} on both sides", f"on a {column} it hasn't seen"
    else:
        what, where = "learn from later rows too", f"on rows later by {column}"
    n = len(own)
    sentence = (
        f"Plain folds, which {what}, would have said {name} {shown(own.mean())} of {method} "
        f"({n} split{'s' if n != 1 else ''}); {where}, it is {shown(errors[method])}."
    )
    as_often = rows.groupby("method")["error"].agg(["mean", "count"])
    means = as_often.loc[(as_often["count"] == n) & as_often.index.isin(list(errors)), "mean"]
    first = str(means.idxmin())
    if first != method:
        sentence += (
            f" They would have put {first} first, with {shown(means[first])}, which is "
            f"{shown(errors[first])} there."
        )
    return PlainFolds(method, tuple(map(float, own)), tuple(map(int, own.index)), sentence)
