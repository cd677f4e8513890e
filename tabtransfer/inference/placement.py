"""Copies of a network on the device and in the type that it computes in.

What an estimator keeps, pickles and saves is a network in float32 on the CPU. All that the network
reads, and the contexts that it has read, are where its copy is.
"""

from __future__ import annotations

import copy
from weakref import WeakKeyDictionary

import torch

from tabtransfer.network.transformer import TabularTransformer

__all__ = ["at_precision", "device_of", "placed"]

_Copies = dict[tuple[torch.device, torch.dtype], TabularTransformer]
_copies: WeakKeyDictionary[TabularTransformer, _Copies] = WeakKeyDictionary()


def device_of(network: TabularTransformer) -> torch.device:
    """Return the device of a network."""
    return next(network.parameters()).device


def placed(network: TabularTransformer, device: torch.device) -> TabularTransformer:
    """Return a copy of a network on a device; the network itself, if it is there."""
    return _copy(network, device, next(network.parameters()).dtype)


def at_precision(network: TabularTransformer, dtype: torch.dtype) -> TabularTransformer:
    """Return a copy of a float32 network in another type; Apple's GPUs have no float64."""
    device = device_of(network)
    if device.type == "mps":
        dtype = torch.float32
    return _copy(network, device, dtype)


def _copy(
    network: TabularTransformer, device: torch.device, dtype: torch.dtype
) -> TabularTransformer:
    """Return a copy of a network, made once unless the network is still learning."""
    weight = next(network.parameters())
    if (weight.device, weight.dtype) == (device, dtype):
        return network
    if weight.requires_grad:
        return copy.deepcopy(network).to(device, dtype)
    copies = _copies.setdefault(network, {})
    if (device, dtype) not in copies:
        copies[device, dtype] = copy.deepcopy(network).to(device, dtype)
    return copies[device, dtype]
