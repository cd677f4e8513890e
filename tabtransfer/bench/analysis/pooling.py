"""Confidence and coverage of each method, over all tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.reliability import COVERAGE
from tabtransfer.bench.results import OK


@dataclass(frozen=True)
class Confidence:
    """How often a method is right, by the probability of its predicted class.

    Parameters
    ----------
    method : str
        Its name.
    n_tables : int
        Tables of classification that it finished.
    counts, confidence, right : array, (n_bins,)
        Test rows, the sum of their confidence and how many of them are right.

    Examples
    --------
    >>> import numpy as np
    >>> sure = Confidence("m", 1, np.array([0, 4]), np.array([0.0, 3.8]), np.array([0, 3]))
    >>> sure.n_rows, round(sure.error, 3)
    (4, 0.2)
    """

    method: str
    n_tables: int
    counts: NDArray[np.float64]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]

    @property
    def n_rows(self) -> int:
        """Rows of all bins."""
        return int(self.counts.sum())

    @property
    def mean_confidence(self) -> float:
        """Mean probability of the predicted class."""
        return float(self.confidence.sum() / self.n_rows)

    @property
    def share_right(self) -> float:
        """Accuracy over all rows."""
        return float(self.right.sum() / self.n_rows)

    @property
    def error(self) -> float:
        """Expected calibration error over these bins (Guo et al. 2017)."""
        return float(np.abs(self.confidence - self.right).sum() / self.n_rows)


def pool_confidence(results: pd.DataFrame, methods: Sequence[str]) -> list[Confidence]:
    """Sum each method's bins over all successful jobs, each test row counting once.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    methods : sequence of str
        Methods in the order of the answer.

    Returns
    -------
    list of Confidence
        Methods with counts; none for results of versions that didn't keep any.
    """
    counted = results[(results["status"] == OK) & results["reliability"].notna()]
    found = []
    for method in methods:
        rows = counted[counted["method"] == method]
        if len(rows):
            bins = np.sum([json.loads(text) for text in rows["reliability"]], axis=0).T
            found.append(Confidence(method, rows["table"].nunique(), *bins))
    return found


def average_coverage(results: pd.DataFrame, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Average the coverage of central intervals over tables, a family counting once.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    methods : sequence of str
        Methods in the order of the answer.

    Returns
    -------
    list of dict
        ``method``, ``n_tables`` and the shares by the names of `COVERAGE`, for methods that have
        any.
    """
    tables = {
        name: average_families(table_scores(results, name), results)
        for name in COVERAGE
        if results[name].notna().any()
    }
    means = pd.DataFrame({name: table.mean() for name, table in tables.items()})
    n_tables = pd.DataFrame({name: table.notna().sum() for name, table in tables.items()})
    return [
        {
            "method": method,
            "n_tables": int(n_tables.loc[method].max()),
            **means.loc[method].to_dict(),
        }
        for method in methods
        if method in means.index and means.loc[method].notna().any()
    ]
