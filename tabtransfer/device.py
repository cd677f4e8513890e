"""The device that networks compute on: a GPU where there is one, else the CPU."""

from __future__ import annotations

import os
import re
import warnings

import torch

from tabtransfer.errors import TabTransferError

__all__ = ["CPU", "describe_device", "device_at_hand", "device_model", "find_device"]

CPU = torch.device("cpu")
_used_cuda = False  # by the process that is about to fork
_forked = False  # from a process that had used CUDA


def _is_name(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name) is not None


def find_device(name: str) -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    name : str
        "cpu", "cuda", "cuda:1" or "mps", as torch names them; "auto" is CUDA where it is, else
        the CPU; also in a process that was forked from one that used CUDA, which can't.

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
    if not _is_name(name):
        raise TabTransferError(
            f'device must be "auto", "cpu", "cuda", "cuda:1" or "mps", not {name!r}.'
        )
    if name == "cpu" or (name == "auto" and (_forked or not torch.cuda.is_available())):
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
        if not _is_name(name):
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
    return f"{device} ({device_model(device)})" if device.type == "cuda" else str(device)


def device_model(device: torch.device) -> str:
    """Return the model of a GPU of CUDA, else the type of a device: "NVIDIA H200", "cpu".

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.device import device_model
    >>> device_model(torch.device("cpu"))
    'cpu'
    """
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _before_fork() -> None:
    global _used_cuda
    _used_cuda = torch.cuda.is_initialized()


def _after_fork() -> None:
    global _forked
    _forked |= _used_cuda


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
