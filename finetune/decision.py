"""Whether tuned weights are better than those before, by rows held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decision", "decide"]

_RESAMPLES = 2000


@dataclass(frozen=True)
class Decision:
    """How much the loss fell.

    Parameters
    ----------
    base_loss, tuned_loss, gain : float
        Mean losses, and their difference.
    low, high : float
        The middle 95 % of the gain over resamples.
    probability : float
        Share of resamples in which the loss fell.
    """

    base_loss: float
    tuned_loss: float
    gain: float
    low: float
    high: float
    probability: float


def decide(
    base: NDArray[np.float64],
    tuned: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    seed: int,
) -> Decision:
    """Compare the losses of rows before and after tuning.

    Parameters
    ----------
    base, tuned : ndarray of float64, (n_rows,)
        Loss of each row.
    weights : ndarray of float64, (n_rows,), or None
        Weights of the rows.
    seed : int
        Seed of the resamples.

    Returns
    -------
    Decision

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.finetune.decision import decide
    >>> base = np.linspace(0.0, 1.0, 50)
    >>> decide(base, base - 0.1, None, seed=0).probability
    1.0
    >>> decide(base, base, None, seed=0).probability
    0.0
    """
    n_rows = len(base)
    weights = np.ones(n_rows) if weights is None else weights
    fell = base - tuned
    rng = np.random.default_rng([seed, n_rows])
    gains = np.empty(_RESAMPLES)
    for place in range(_RESAMPLES):
        rows = rng.integers(n_rows, size=n_rows)
        gains[place] = np.average(fell[rows], weights=weights[rows])
    low, high = np.percentile(gains, [2.5, 97.5])
    return Decision(
        float(np.average(base, weights=weights)),
        float(np.average(tuned, weights=weights)),
        float(np.average(fell, weights=weights)),
        float(low),
        float(high),
        float((gains > 0).mean()),
    )
