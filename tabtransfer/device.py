"""The device that networks compute on: a GPU where there is one, else the CPU."""

from __future__ import annotations

import re
import warnings

import torch

from tabtransfer.errors import TabTransferError

__all__ = ["CPU", "describe_device", "device_at_hand", "find_device", "is_device_name"]

CPU = torch.device("cpu")


def is_device_name(name: object) -> bool:
    """Return whether a name is "auto", or one of a device that networks can compute on.

    Examples
    --------
    >>> from tabtransfer.device import is_device_name
    >>> [is_device_name(name) for name in ("auto", "cuda:1", "gpu", None)]
    [True, True, False, False]
    """
    return isinstance(name, str) and re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name) is not None


def find_device(name: str) -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    name : str
        "cpu", "cuda", "cuda:1" or "mps", as torch names them; "auto" is CUDA where it is, else
        the CPU.

    Returns
    -------
    torch.device
        With its number, except for the CPU.

    Raises
    ------
    TabTransferError
        If there is no such device.

    Examples
    --------
    >>> from tabtransfer.device import find_device
    >>> find_device("cpu")
    device(type='cpu')
    """
    if not is_device_name(name):
        raise TabTransferError(
            f'device must be "auto", "cpu", "cuda", "cuda:1" or "mps", not {name!r}.'
        )
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return CPU
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise TabTransferError(
                'There is no device "mps": torch finds no Apple GPU here. Use device="auto".'
            )
        return torch.device("mps", 0)
    n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not n_devices:
        raise TabTransferError(
            f'There is no device "{name}": torch finds no CUDA GPU here. Use device="auto", which '
            "takes the CPU then, or install a build of torch for CUDA and its driver."
        )
    _, _, number = name.partition(":")
    index = int(number) if number else torch.cuda.current_device()
    if index >= n_devices:
        there = "there is 1" if n_devices == 1 else f"there are {n_devices}"
        raise TabTransferError(
            f'There is no device "{name}": {there}, numbered from cuda:0. Use one of them, or '
            'device="auto".'
        )
    return torch.device("cuda", index)


def device_at_hand(name: str) -> str:
    """Return the name of a device, or "cpu", with a warning, where there is no such device.

    Examples
    --------
    >>> from tabtransfer.device import device_at_hand
    >>> device_at_hand("auto")
    'auto'
    """
    try:
        find_device(name)
    except TabTransferError as error:
        if not is_device_name(name):
            raise
        warnings.warn(
            f'The model was fitted with device="{name}" and predicts on the CPU from now on. '
            f"{error}",
            stacklevel=3,
        )
        return "cpu"
    return name


def describe_device(device: torch.device) -> str:
    """Return the name of a device and, of a GPU of CUDA, its model.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.device import describe_device
    >>> describe_device(torch.device("cpu"))
    'cpu'
    """
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)
