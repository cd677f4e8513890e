"""What numbers options of the command line take."""

from __future__ import annotations

import math

from tabtransfer.errors import TabTransferError

__all__ = ["MOST_PROCESSES", "MOST_SEED", "finite"]

MOST_PROCESSES = 1024
"""More threads or processes at a time no one can mean, and they end the machine's patience."""
MOST_SEED = 4_000_000
"""Methods get a thousand seeds from each, and NumPy takes 32 bits."""


def finite(value: float | None) -> float | None:
    """Return a number that an option was given; "nan" and "inf" are refused, which Python reads.

    Examples
    --------
    >>> from tabtransfer.options import finite
    >>> finite(2.5)
    2.5
    >>> finite(float("nan"))
    Traceback (most recent call last):
    tabtransfer.errors.TabTransferError: An option was given 'nan', which is no number.
    """
    if value is not None and not math.isfinite(value):
        raise TabTransferError(f"An option was given {str(value)!r}, which is no number.")
    return value
