"""The learning rate's schedule: warm-up, a constant rate, and decay at the end."""

from __future__ import annotations


def learning_rate_factor(progress: float, step: int, warmup_steps: int, decay: float) -> float:
    """Return the factor on the learning rate.

    Parameters
    ----------
    progress : float
        Share of the time that is over, 0 to 1.
    step : int
        Optimizer steps done.
    warmup_steps : int
        Steps of linear warm-up.
    decay : float
        Share of the time, at the end, over which the rate falls linearly to 0.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> [learning_rate_factor(p, 1000, 100, 0.25) for p in (0.0, 0.5, 0.75, 0.875, 1.0)]
    [1.0, 1.0, 1.0, 0.5, 0.0]
    """
    warm = min(1.0, (step + 1) / max(1, warmup_steps))
    cool = min(1.0, max(0.0, 1.0 - progress) / decay) if decay > 0 else 1.0
    return warm * cool
