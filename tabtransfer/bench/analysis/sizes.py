"""Results by the number of training rows, where a file has several."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tabtransfer.bench.analysis.verdict import CLAIM, Verdict
from tabtransfer.bench.results import OK


def by_size(results: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """Return the rows of each size of training sets, ascending.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    dict of int to pandas.DataFrame
        By the most training rows. Of a larger size, tables are left out that have no more training
        rows than for a smaller one, as their results are the same there.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("small", 100, 75), ("small", 1000, 75), ("large", 1000, 900)]
    >>> results = pd.DataFrame(rows, columns=["table", "max_train", "n_train"])
    >>> {size: list(part["table"]) for size, part in by_size(results.assign(status="ok")).items()}
    {100: ['small'], 1000: ['large']}
    """
    found: dict[int, pd.DataFrame] = {}
    for size, part in results.groupby("max_train", sort=True):
        if found:
            most = part[part["status"] == OK].groupby("table")["n_train"].max()
            part = part[part["table"].isin(most.index[most > max(found)])]
        if len(part):
            found[int(size)] = part  # type: ignore[call-overload]
    return found


def describe_sizes(verdicts: Mapping[int, tuple[int, Verdict]]) -> str:
    """Return a sentence on the sizes at which the claim is judged in which way.

    Parameters
    ----------
    verdicts : mapping of int to (int, Verdict)
        By the most training rows: the number of tables, and the verdict. Two sizes or more.
    """
    listed = [
        f"{verdict.state} at up to {size:,} training rows ({n_tables} tables)"
        for size, (n_tables, verdict) in verdicts.items()
    ]
    return f"“{CLAIM[0].upper()}{CLAIM[1:]}” is {', '.join(listed)}."
