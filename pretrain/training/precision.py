"""The choice of a precision for a device."""

from __future__ import annotations

import functools
import time

import torch

# Of the matrices that are timed: large enough that the product outweighs what comes with a call,
# small enough for tenths of a second where bfloat16 is emulated.
_SIZE = 384
_REPEATS = 4


def choose_precision(precision: str, device: torch.device) -> str:
    """Return the precision for "auto": mixed where the device is fast at it.

    Parameters
    ----------
    precision : str
        "auto", or what Lightning's `Trainer` takes, which is returned as it is.
    device : torch.device
        Where training runs.

    Returns
    -------
    str
        "bf16-mixed" or "32-true", if it was "auto".

    Examples
    --------
    >>> choose_precision("32-true", torch.device("cpu"))
    '32-true'
    >>> choose_precision("auto", torch.device("cpu")) in ("bf16-mixed", "32-true")
    True
    """
    if precision != "auto":
        return precision
    return "bf16-mixed" if has_fast_bfloat16(device.type) else "32-true"


@functools.cache
def has_fast_bfloat16(device_type: str) -> bool:
    """Return whether products in bfloat16 are at least as fast as in float32.

    A CPU without instructions for it takes tens of times longer. It is timed, since torch has no
    public question for it, once a process.

    Parameters
    ----------
    device_type : str
        As in `torch.device.type`.

    Returns
    -------
    bool
        On a GPU, whether its hardware has the type.

    Examples
    --------
    >>> has_fast_bfloat16("cpu") in (True, False)
    True
    """
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device_type != "cpu":
        return False
    return _product_seconds(torch.bfloat16) <= _product_seconds(torch.float32)


def _product_seconds(dtype: torch.dtype) -> float:
    matrix = torch.ones(_SIZE, _SIZE, dtype=dtype)
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - started)
    return min(seconds)
