"""What numbers options of the command line take."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from tabtransfer.errors import TabTransferError

__all__ = ["MOST_PROCESSES", "MOST_SEED", "Device", "finite", "known_device"]

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


def known_device(name: str | None) -> str | None:
    """Return a device's name; raise a `TabTransferError` where there is no such device."""
    if name not in (None, "auto", "cpu"):  # torch takes long to import
        from tabtransfer.device import find_device

        find_device(str(name))
    return name


Device = Annotated[
    str,
    typer.Option(
        callback=known_device,
        help="Where networks compute, as torch names it: cpu, cuda, cuda:1, mps. auto is a GPU of "
        "CUDA where there is one.",
    ),
]
