"""Reliability of predictions: accuracy by confidence, and coverage of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_BINS = 15
COVERAGE = {"coverage_50": 50, "coverage_80": 80, "coverage_90": 90}
"""Per cent of the central intervals whose coverage is measured, by the metric's name."""


def count_by_confidence(
    y: Sequence[Any], probabilities: NDArray[Any], classes: Sequence[Any]
) -> list[tuple[int, float, int]]:
    """Count the rows that a reliability diagram shows (Guo et al. 2017, arXiv:1706.04599).

    Parameters
    ----------
    y : sequence, (n_rows,)
        True labels.
    probabilities : array, (n_rows, n_known)
        Predicted probabilities, columns in the order of `classes`; rows need not sum to 1.
    classes : sequence, (n_known,)
        The classes that the model met in training.

    Returns
    -------
    list of tuple
        For each of 15 bins of the confidence, which is the probability of the predicted class,
        equally wide from 0 to 1 and closed above: rows, sum of their confidence, how many of them
        are right.

    Examples
    --------
    >>> import numpy as np
    >>> bins = count_by_confidence(["a", "b"], np.array([[0.9, 0.1], [0.875, 0.125]]), ["a", "b"])
    >>> bins[13]
    (2, 1.775, 1)
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    confidence = probabilities.max(axis=1) / probabilities.sum(axis=1)
    predicted = probabilities.argmax(axis=1)
    right = np.array([classes[code] == label for code, label in zip(predicted, y, strict=True)])
    # Rounded, as 0.2 * 15 is a hair above 3 in floating point.
    places = np.ceil((confidence * N_BINS).round(9)).astype(int) - 1
    counts = np.bincount(places, minlength=N_BINS)
    sums = np.bincount(places, weights=confidence, minlength=N_BINS)
    hits = np.bincount(places, weights=right, minlength=N_BINS)
    return [
        (int(n), round(float(total), 6), int(n_right))
        for n, total, n_right in zip(counts, sums, hits, strict=True)
    ]


def interval_coverage(
    truth: NDArray[np.float64], quantiles: NDArray[np.float64], levels: Sequence[float]
) -> dict[str, float]:
    """Return the share of true values inside the central 50, 80 and 90 % intervals.

    Parameters
    ----------
    truth : array, (n_rows,)
        True values.
    quantiles : array, (n_rows, n_levels)
        Predicted quantiles.
    levels : sequence of float, (n_levels,)
        Their levels; 0.05, 0.1, 0.25 and the levels opposite are among them.

    Returns
    -------
    dict of str to float
        Shares by the names of `COVERAGE`, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> levels = (0.05, 0.1, 0.25, 0.75, 0.9, 0.95)
    >>> quantiles = np.tile([-1.64, -1.28, -0.67, 0.67, 1.28, 1.64], (2, 1))
    >>> interval_coverage(np.array([1.5, 0.0]), quantiles, levels)
    {'coverage_50': 0.5, 'coverage_80': 0.5, 'coverage_90': 1.0}
    """
    columns = {round(100 * level): column for column, level in enumerate(levels)}
    found = {}
    for name, percent in COVERAGE.items():
        tail = (100 - percent) // 2
        low, high = quantiles[:, columns[tail]], quantiles[:, columns[100 - tail]]
        found[name] = float(np.mean((low <= truth) & (truth <= high)))
    return found
