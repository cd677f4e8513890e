"""Durations as people write them: 90s, 10m, 2h, or a number of minutes."""

from __future__ import annotations

import re

from tabtransfer.errors import TabTransferError

_MINUTES = {"s": 1 / 60, "m": 1.0, "h": 60.0, "d": 24 * 60.0, "": 1.0}


def read_minutes(text: str) -> float:
    """Read a duration.

    Parameters
    ----------
    text : str
        A number with the unit s, m, h or d, such as ``"90s"``; without one, minutes.

    Returns
    -------
    float
        Minutes, above 0.

    Raises
    ------
    TabTransferError
        If it is written otherwise, or not above 0.

    Examples
    --------
    >>> [read_minutes(text) for text in ("90s", "10m", "2h", "0.5")]
    [1.5, 10.0, 120.0, 0.5]
    """
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([smhd]?)\s*", text)
    minutes = float(match[1]) * _MINUTES[match[2]] if match else 0.0
    if minutes <= 0.0:
        raise TabTransferError(
            f"{text!r} is no duration: write 90s, 10m, 2h or minutes as a number"
        )
    return minutes
