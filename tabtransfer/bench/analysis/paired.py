"""Tests of paired errors: Wilcoxon with Holm's correction, Friedman with Nemenyi's distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.ranking import relative_gain

ALPHA = 0.05
_MIN_PRESENT = 0.75  # of the tables, for a method to be compared with all others at once


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down method.

    Parameters
    ----------
    p_values : sequence of float
        One for each comparison.

    Returns
    -------
    list of float
        In the same order; below 0.05 means that the comparison stands with the whole family's
        error held at 5 %.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(order), 0, -1)
    stepped = np.maximum.accumulate(np.asarray(p_values, dtype=float)[order] * factors)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in corrected]


def paired_tests(errors: pd.DataFrame) -> pd.DataFrame:
    """Test each two methods' errors by Wilcoxon's signed ranks over tables.

    Parameters
    ----------
    errors : pandas.DataFrame, (n_tables, n_methods)
        Errors, one row an independent table or family.

    Returns
    -------
    pandas.DataFrame
        One row a pair: ``method``, ``base``, ``n`` tables with both, mean relative ``gain`` of the
        first, how many it ``won``, ``tied`` and ``lost``, ``p`` and ``p_holm``.
    """
    from scipy.stats import wilcoxon

    rows = []
    for method, base in combinations(errors.columns, 2):
        gains = relative_gain(errors, method, base)
        if not len(gains):
            continue
        signs = np.sign(gains)
        different = bool((signs != 0).any())
        rows.append(
            {
                "method": method,
                "base": base,
                "n": len(gains),
                "gain": gains.mean(),
                "won": int((signs > 0).sum()),
                "tied": int((signs == 0).sum()),
                "lost": int((signs < 0).sum()),
                "p": float(wilcoxon(gains).pvalue) if different else 1.0,
            }
        )
    names = ["method", "base", "n", "gain", "won", "tied", "lost", "p"]
    tests = pd.DataFrame(rows, columns=names)
    return tests.assign(p_holm=holm(tests["p"].tolist()))


@dataclass(frozen=True)
class CriticalDifference:
    """The result of Friedman's test and Nemenyi's distance for mean ranks.

    Parameters
    ----------
    ranks : pandas.Series
        Mean rank of each method, best first.
    n_tables : int
        Tables or families, on which all these methods have an error.
    p : float
        Friedman's test that all methods are equal.
    distance : float
        Mean ranks less apart than this can't be told apart at 5 %.
    """

    ranks: pd.Series
    n_tables: int
    p: float
    distance: float

    def groups(self) -> list[tuple[str, str]]:
        """Return the largest runs of methods that can't be told apart, as first and last."""
        ranks = self.ranks
        reach = [int((ranks <= rank + self.distance).sum()) - 1 for rank in ranks]
        return [
            (str(ranks.index[first]), str(ranks.index[last]))
            for first, last in enumerate(reach)
            if last > first and (first == 0 or last > reach[first - 1])
        ]


def critical_difference(errors: pd.DataFrame) -> CriticalDifference | None:
    """Compare all methods at once by their ranks (Demšar 2006).

    Parameters
    ----------
    errors : pandas.DataFrame, (n_tables, n_methods)
        Errors, one row an independent table or family. Methods that lack more than a quarter of
        them are left out, then the tables that one of the others lacks.

    Returns
    -------
    CriticalDifference or None
        None for fewer than three such methods or two tables, for which there is no test.
    """
    from scipy.stats import friedmanchisquare, studentized_range

    present = errors.notna().mean()
    complete = errors.loc[:, present >= _MIN_PRESENT].dropna()
    n_tables, n_methods = complete.shape
    if n_methods < 3 or n_tables < 2:
        return None
    ranks = complete.rank(axis=1)
    differs = bool((ranks.nunique(axis=1) > 1).any())
    p = float(friedmanchisquare(*complete.to_numpy().T).pvalue) if differs else 1.0
    quantile = float(studentized_range.ppf(1 - ALPHA, n_methods, np.inf)) / math.sqrt(2)
    distance = quantile * math.sqrt(n_methods * (n_methods + 1) / (6 * n_tables))
    return CriticalDifference(ranks.mean().sort_values(kind="stable"), n_tables, p, distance)


def describe_p(value: float) -> str:
    """Write a p-value with as many digits as it needs.

    Examples
    --------
    >>> describe_p(0.4123), describe_p(0.00312), describe_p(1e-9)
    ('p = 0.41', 'p = 0.003', 'p < 0.0001')
    """
    if math.isnan(value):
        return "no p-value from one split"
    if value < 1e-4:
        return "p < 0.0001"
    return f"p = {value:.2f}" if value >= 0.01 else f"p = {value:.1g}"
