"""The shares of the network and of the learners in a prediction, found by rows kept back.

Of a large table, the network reads a sample of the rows, and what it makes of the learners'
predictions is decided there; learners have learned from all rows. Some rows that no member reads
say how much of each belongs in the prediction: the shares of a mixture that are most likely
(Dempster, Laird and Rubin 1977), or the convex combination of means of least squared error (linear
opinion pool, stacking: Breiman 1996).

Of numbers in a table that the network reads as a whole, shares are found by an ensemble that
doesn't read a third of the rows; the one that predicts reads all (record 026). Of classes,
nothing is gained there.

Shapes: r rows, l learners, k classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.learners.folds import DistinctRows
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = [
    "HANDICAP",
    "Blend",
    "fit_shares_of_classes",
    "fit_shares_of_numbers",
    "rows_to_ask_about",
    "rows_to_keep_back",
]

_Find = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]  # parts, weights
FEWEST_ROWS = 300
MOST_ROWS = 1000
HANDICAP = 0.2
"""Where the rows kept back are a third, and the network's context is smaller than it will be."""
_FEWEST_OF_CLASS = 20  # of fewer rows of a class, none is kept from the network
_PRIOR_ROWS = 10.0  # that speak for the network's mean alone
_PRIOR_CLASSES = 1.0  # row that speaks for the network's probabilities alone (record 025)
_LEAST_WEIGHT = 1e-6  # of all rows kept back: beside other rows, these are none
_STEPS = 2000
_CONVERGED = 1e-5
_SUM_WEIGHT = 1e4  # of the condition that shares sum to 1, beside the rows
_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_DECIMALS = 2  # so that rounding, which threads may change, doesn't move a prediction


@dataclass(frozen=True)
class Blend:
    """Mix the predictions of the network and of the learners.

    Parameters
    ----------
    shares : tuple of float, (1 + n_learners,)
        Of the network and of each learner; from 0 on, of sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.blend import Blend
    >>> network, learners = np.array([[0.8, 0.2]]), np.array([[[0.4, 0.6], [np.nan, np.nan]]])
    >>> Blend((0.5, 0.5, 0.0)).mix(network, learners).round(2)
    array([[0.6, 0.4]])
    """

    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if not (min(self.shares, default=-1.0) >= 0.0 and abs(sum(self.shares) - 1.0) < 1e-6):
            raise TabTransferError(f"Shares are numbers from 0 on of sum 1, not {self.shares}.")

    def mix(
        self, network: NDArray[np.float64], learners: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mix probabilities (r, k) or means (r, 1) with those of learners (r, l, k or 1)."""
        mixed = self.shares[0] * network
        for place, share in enumerate(self.shares[1:]):
            if share > 0.0:
                mixed = mixed + share * learners[:, place]
        return mixed


def rows_to_keep_back(
    training: LabelledTable, max_context_rows: int, seed: int
) -> NDArray[np.int64]:
    """Choose training rows to keep back from all members of an ensemble, to find shares by.

    Parameters
    ----------
    training : LabelledTable
        The training rows, with what learners predict.
    max_context_rows : int
        Most rows that a member reads: only rows beyond them are kept back.
    seed : int
        Same seed, same rows.

    Returns
    -------
    ndarray of int64
        Places of the rows, ascending; none where there are no learners or too few rows.
    """
    none = np.zeros(0, np.int64)
    if training.table.learners is None:
        return none
    free = training.own
    if not training.is_regression:
        counts = np.bincount(training.labels, minlength=training.n_classes)
        free = free[counts[training.labels[free]] >= _FEWEST_OF_CLASS]
    n_rows = min(MOST_ROWS, training.n_rows - max_context_rows, len(free) // 2)
    if n_rows < FEWEST_ROWS:
        return none
    drawn = np.random.default_rng([seed, n_rows]).choice(free, n_rows, replace=False)
    return training.own_with_copies(drawn)


def rows_to_ask_about(training: LabelledTable, seed: int) -> NDArray[np.int64]:
    """Choose rows to find shares of numbers by, where the network reads all rows.

    Parameters
    ----------
    training : LabelledTable
        The training rows, with what learners predict.
    seed : int
        Same seed, same rows.

    Returns
    -------
    ndarray of int64
        Places of the rows, ascending: a third of those that differ, or some 1,000 if that is less,
        with all copies, and with their share of high and low targets; none of classes, or without
        learners.
    """
    if not training.is_regression or training.table.learners is None:
        return np.zeros(0, np.int64)
    own = training.own
    cells, labels = training.table.cells[own], training.labels[own]
    rows = DistinctRows.of(cells, labels, training.weights_of(own))
    n_folds = max(3, -(-rows.n_rows // MOST_ROWS))
    folds = rows.folds(labels[rows.first], n_folds, np.random.default_rng([seed, n_folds]))
    return own[folds[rows.inverse] == 0]


def fit_shares_of_classes(probabilities: NDArray[np.float64], held_back: LabelledTable) -> Blend:
    """Find the shares of the most likely mixture of probabilities, by rows kept back.

    Parameters
    ----------
    probabilities : ndarray of float64, (r, k)
        What the network predicts for them.
    held_back : LabelledTable
        The rows, with their labels, and with what learners predict, each without its own label.

    Returns
    -------
    Blend
        A learner that is absent has no share.
    """

    def find(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return _most_likely(parts[np.arange(len(parts)), :, held_back.labels], weights)

    return _fit(probabilities, held_back, find)


def fit_shares_of_numbers(
    quantiles: NDArray[np.float64], held_back: LabelledTable, handicap: float = 0.0
) -> Blend:
    """Find the shares of the mean of least squared error, by rows kept back.

    Parameters
    ----------
    quantiles : ndarray of float64, (r, q)
        What the network predicts for them.
    held_back : LabelledTable
        The rows, with their targets, and with what learners predict, each without its own target.
    handicap : float, default=0.0
        Share of the rows that speak for the network beforehand; see `HANDICAP`.

    Returns
    -------
    Blend
        A learner that is absent has no share.
    """

    def find(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        means, targets = parts[..., 0], held_back.labels
        shares = _least_squares(means, targets, weights, handicap)
        return _part_of_the_way(shares, means, quantiles, targets, weights)

    return _fit(quantile_means(quantiles), held_back, find)


def _fit(network: NDArray[np.float64], held_back: LabelledTable, find: _Find) -> Blend:
    """Find the shares of the network (r, k or 1) and of the learners that are there."""
    learners = held_back.table.learners
    assert learners is not None
    weights = np.ones(len(network)) if held_back.weights is None else held_back.weights
    if weights.sum() < _LEAST_WEIGHT:
        return Blend((1.0, *(0.0,) * learners.shape[1]))
    present = ~np.isnan(learners).any((0, 2))
    found = find(np.concatenate([network[:, None], learners[:, present]], 1), weights)
    found = found.round(_DECIMALS)
    if not found.sum() > 0.0:  # one row outweighs all others, say
        found = np.eye(len(found))[0]
    shares = np.zeros(1 + learners.shape[1])
    shares[np.append(True, present)] = found / found.sum()
    return Blend(tuple(shares.tolist()))


def _most_likely(
    likelihoods: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the mixture of predictions whose probabilities of the right class are (r, parts)."""
    likelihoods = likelihoods.clip(min=1e-9)
    prior = _PRIOR_CLASSES * (np.arange(likelihoods.shape[1]) == 0)
    shares = np.full(likelihoods.shape[1], 1.0 / likelihoods.shape[1])
    for _ in range(_STEPS):
        joint, before = likelihoods * shares, shares
        shares = (weights[:, None] * joint / joint.sum(1, keepdims=True)).sum(0) + prior
        shares /= shares.sum()
        if np.abs(shares - before).max() < _CONVERGED:
            break
    return shares


def _least_squares(
    means: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    handicap: float,
) -> NDArray[np.float64]:
    """Find the convex combination of means (r, parts) that is closest to targets."""
    unit = max(float(np.abs(targets).max()), 1e-300)  # squares of huge targets are infinite
    targets, means = targets / unit, means / unit
    centre = np.average(targets, weights=weights)
    scale = np.sqrt(np.average((targets - centre) ** 2, weights=weights)) + 1e-30
    root = np.sqrt(weights)[:, None]
    errors = (targets[:, None] - means) / scale
    spread = np.sqrt(np.average(errors[:, 0] ** 2, weights=weights))
    n_rows = _PRIOR_ROWS + handicap * weights.sum()
    prior = np.sqrt(n_rows) * spread * np.diag(np.arange(means.shape[1]) > 0)
    ones = np.full((1, means.shape[1]), _SUM_WEIGHT)
    system = np.vstack([root * errors, prior, ones])
    goal = np.append(np.zeros(len(system) - 1), _SUM_WEIGHT)
    return nnls(system, goal)[0]


def _part_of_the_way(
    shares: NDArray[np.float64],
    means: NDArray[np.float64],
    quantiles: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Go from the network alone to shares as far as means and quantiles (r, q) gain by it.

    Where targets are skewed, quantiles may lose what means gain when they move with them. What
    counts is the product of root mean square error and pinball loss.
    """
    levels = np.array(quantile_levels(quantiles.shape[1]))
    unit = max(float(np.abs(targets).max()), 1e-300)  # differences of huge targets are infinite
    targets, means, quantiles = targets / unit, means / unit, quantiles / unit

    def loss(part: float) -> float:
        moves = part * (means @ shares - means[:, 0])
        errors = targets - means[:, 0] - moves
        below = (targets - moves)[:, None] - quantiles
        pinball = np.maximum(levels * below, (levels - 1.0) * below).mean(1)
        squares, losses = (np.average(each, weights=weights) for each in (errors**2, pinball))
        return float(np.log(squares + 1e-300) / 2 + np.log(losses + 1e-300))

    part = min(_PARTS, key=loss)
    return part * shares + (1.0 - part) * (np.arange(len(shares)) == 0)
