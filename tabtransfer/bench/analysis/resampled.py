"""Means over splits of one table, whose training rows overlap: the corrected resampled t-test.

Errors on overlapping splits vary less than those on new data would. The variance of their mean is
therefore taken as (1/J + n_test/n_train) times the variance over the J splits (Nadeau and Bengio
2003, "Inference for the generalization error"; for repeated folds Bouckaert and Frank 2004).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tabtransfer.bench.analysis.statistics import drop_cut_splits
from tabtransfer.bench.results import OK
from tabtransfer.gains import LEVEL

_MIN_INTERVAL = 3  # splits; an interval from two is wider than all that is possible
_ROUNDING = 1e-12  # of an error; less is what floating point leaves of zero


@dataclass(frozen=True)
class SplitMean:
    """A mean over splits.

    Parameters
    ----------
    n_splits : int
        Number of splits.
    mean : float
        The mean.
    low, high : float
        Its 95 % interval; NaN for fewer than two splits.
    p : float
        p-value, two-sided, of the mean being 0; NaN for fewer than two splits.
    """

    n_splits: int
    mean: float
    low: float
    high: float
    p: float


def corrected_mean(values: ArrayLike, n_train: float, n_test: float) -> SplitMean:
    """Average values over random splits of one table.

    Parameters
    ----------
    values : array-like, (n_splits,)
        Errors, or differences of two methods' errors on the same splits; at least one.
    n_train, n_test : float
        Rows of the two parts of a split.

    Returns
    -------
    SplitMean
        The mean with its interval and p-value.

    Examples
    --------
    >>> found = corrected_mean([0.01, 0.03], n_train=100, n_test=50)
    >>> round(found.mean, 3), round(found.p, 3)  # t = √2 with one degree of freedom
    (0.02, 0.392)
    """
    from scipy.stats import t

    numbers = np.asarray(values, dtype=np.float64)
    n, mean = len(numbers), float(numbers.mean())
    if n < 2:
        return SplitMean(n, mean, math.nan, math.nan, math.nan)
    error = math.sqrt((1 / n + n_test / n_train) * float(numbers.var(ddof=1)))
    if error == 0:
        return SplitMean(n, mean, mean, mean, float(mean == 0))
    reach = float(t.ppf(0.5 + LEVEL / 2, n - 1)) * error
    p = 2 * float(t.sf(abs(mean) / error, n - 1))
    return SplitMean(n, mean, mean - reach, mean + reach, p)


def split_errors(results: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of one table split by split.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of one table.

    Returns
    -------
    pandas.DataFrame, (n_splits, n_methods)
        Of the methods that finished every split that any finished, splits that the end of the
        run cut short left out.
    """
    results = drop_cut_splits(results)
    finished = results[results["status"] == OK]
    return finished.pivot(index=["seed", "split"], columns="method", values="error").dropna(axis=1)


def tidy_mean(
    mean: SplitMean, errors: pd.DataFrame, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> SplitMean:
    """Return a mean whose interval is cut to possible errors; it has none for two splits.

    Parameters
    ----------
    mean : SplitMean
        The mean of errors, or of their differences.
    errors : pandas.DataFrame
        The errors; what is as small as rounding leaves of them becomes 0.
    bounds : tuple of float, optional
        Lowest and highest possible mean.

    Returns
    -------
    SplitMean
        With NaN as its interval where there are too few splits for one.
    """
    noise = _ROUNDING * float(errors.abs().to_numpy().max())
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in (mean.low, mean.high))
    if mean.n_splits < _MIN_INTERVAL or math.isnan(mean.low):
        low = high = math.nan
    middle, low, high = (0.0 if abs(value) <= noise else value for value in (mean.mean, low, high))
    return replace(mean, mean=middle, low=low, high=high)
