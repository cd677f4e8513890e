"""Summarise what related rows are worth to small tables."""

from __future__ import annotations

import pandas as pd

from tabtransfer.gains import bootstrap_mean

__all__ = ["summarise"]

_BASE = "in-context"


def summarise(losses: pd.DataFrame) -> pd.DataFrame:
    """Average losses over groups, with the gain on the new rows alone in context.

    Parameters
    ----------
    losses : DataFrame
        ``group``, ``rows``, ``method`` and ``loss``.

    Returns
    -------
    DataFrame
        For each number of rows and method: ``groups``, the mean ``loss``, how much it is below
        that of "in-context" (``gain``), and the 95 % interval over groups (``low``, ``high``).

    Examples
    --------
    >>> import pandas as pd
    >>> losses = pd.DataFrame({"group": ["a", "a", "b", "b"], "rows": 16,
    ...     "method": ["in-context", "other"] * 2, "loss": [0.5, 0.4, 0.7, 0.6]})
    >>> summarise(losses)[["method", "gain"]].round(2).values.tolist()
    [['in-context', 0.0], ['other', 0.1]]
    """
    rows = []
    for size, part in losses.groupby("rows"):
        table = part.pivot(index="group", columns="method", values="loss").dropna()
        for method in dict.fromkeys(part["method"]):
            gains = (table[_BASE] - table[method]).to_numpy(dtype=float)
            low, high = bootstrap_mean(gains[:, None])
            rows.append(
                {
                    "rows": size,
                    "method": method,
                    "groups": len(table),
                    "loss": table[method].mean(),
                    "gain": gains.mean(),
                    "low": low.item(),
                    "high": high.item(),
                }
            )
    return pd.DataFrame(rows)
