"""Checkpoints: safetensors files whose header says what the weights are and how they were made."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

import tabtransfer
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer

SHIPPED = Path(__file__).parent / "weights" / "tabtransfer.safetensors"
SYNTHETIC = SHIPPED.with_name("synthetic.safetensors")
"""The same network pretrained on synthetic tables alone, to tell what real ones add."""
_HEADER_KEY = "tabtransfer"


def save_checkpoint(
    path: str | os.PathLike[str],
    network: TabularTransformer,
    header: Mapping[str, Any],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a network and its header; the file appears under its name only when complete.

    Parameters
    ----------
    path : path-like
        Where to write; an existing file is replaced.
    network : TabularTransformer
        The network.
    header : mapping
        What to record beside the network's sizes and the code's version, such as prior
        settings, tables seen, hardware, time, validation scores and licence; JSON types only.
    dtype : torch.dtype
        Type that the weights are stored in.

    Examples
    --------
    >>> import tempfile
    >>> from tabtransfer.checkpoint import load_checkpoint, save_checkpoint
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/small.safetensors"
    ...     save_checkpoint(path, TabularTransformer(NetworkConfig(context_layers=1)), {})
    ...     load_checkpoint(path).config.context_layers
    1
    """
    record = {"code_version": tabtransfer.__version__, **header, "network": asdict(network.config)}
    tensors = {name: t.detach().to(dtype).contiguous() for name, t in network.state_dict().items()}
    with replacing(path) as partial:
        save_file(tensors, partial, metadata={_HEADER_KEY: json.dumps(record)})


def read_header(path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return the header of a checkpoint.

    Parameters
    ----------
    path : path-like, optional
        The checkpoint; the shipped one if not given.

    Returns
    -------
    dict
        The header; its key ``"network"`` holds the fields of `NetworkConfig`.

    Raises
    ------
    TabTransferError
        If there is no checkpoint at ``path`` or the file isn't one.
    """
    path = Path(SHIPPED if path is None else path)
    if not path.is_file():
        raise TabTransferError(
            f"There is no checkpoint at {path}; "
            "leave it out to use the weights shipped with tabtransfer."
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise TabTransferError(f"{path} is not a readable safetensors file: {error}") from error
    if _HEADER_KEY not in metadata:
        raise TabTransferError(
            f"{path} is a safetensors file, but not a checkpoint of "
            f"tabtransfer {tabtransfer.__version__}."
        )
    try:
        header = json.loads(metadata[_HEADER_KEY])
        _check_header(header)
    except (ValueError, RecursionError) as error:
        raise TabTransferError(
            f"{path} has a header that is none of tabtransfer's ({error}): the file is damaged. "
            "Leave it out to use the weights shipped with tabtransfer."
        ) from error
    return header


def _check_header(header: Any) -> None:
    """Raise a ValueError unless a header has the types that all who read it rely on."""
    if not isinstance(header, dict) or not isinstance(header.get("network"), dict):
        raise ValueError("it says nothing of a network")
    for name in ("tables", "history"):
        listed = header.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise ValueError(f"its {name} are no records")
    for table in header.get("tables", []):
        facts = table.get("name"), table.get("fingerprint"), table.get("licence", "")
        if not all(isinstance(fact, str) for fact in facts):
            raise ValueError("its tables have no names, fingerprints or licences")
    if not isinstance(header.get("training", {}), dict):
        raise ValueError("its training is no record")


def load_checkpoint(path: str | os.PathLike[str] | None = None) -> TabularTransformer:
    """Load a network, read-only, once a process and file.

    Parameters
    ----------
    path : path-like, optional
        The checkpoint; the shipped one if not given.

    Returns
    -------
    TabularTransformer
        In evaluation mode, in float32 and without gradients. Every caller gets the same
        instance: copy it (`copy.deepcopy`) before changing anything.

    Raises
    ------
    TabTransferError
        If there is no checkpoint at ``path`` or the file isn't one.
    """
    path = Path(SHIPPED if path is None else path).resolve()
    stamp = path.stat().st_mtime_ns if path.is_file() else 0
    return _load(path, stamp)


def checkpoint_sha256(path: str | os.PathLike[str] | None = None) -> str:
    """Return the SHA-256 of a checkpoint's bytes, computed once while the file stays the same.

    Parameters
    ----------
    path : path-like, optional
        The checkpoint; the shipped one if not given.

    Returns
    -------
    str
        Hexadecimal digest; empty if there is no such file.
    """
    path = Path(SHIPPED if path is None else path)
    return _hash_file(path, path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=8)
def _hash_file(path: Path, stamp: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=8)
def _load(path: Path, stamp: int) -> TabularTransformer:
    header = read_header(path)
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise TabTransferError(f"{path} is not a readable safetensors file: {error}") from error
    return build_network(header["network"], weights, path)


def build_network(
    settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor], path: Path
) -> TabularTransformer:
    """Build a network from what a file holds.

    Parameters
    ----------
    settings : mapping
        The fields of `NetworkConfig`, as JSON has them.
    weights : mapping of str to Tensor
        Its state, in any floating-point type.
    path : Path
        The file, to name in errors.

    Returns
    -------
    TabularTransformer
        In evaluation mode, in float32 and without gradients.

    Raises
    ------
    TabTransferError
        If this version has no such network, or the weights aren't its, or aren't numbers.
    """
    for name, weight in weights.items():
        if not weight.isfinite().all():
            raise TabTransferError(
                f"{path} has weights that are no numbers, in {name}: the file is damaged, or its "
                "training went wrong. Use other weights; checkpoint=None takes those shipped with "
                "tabtransfer."
            )
    try:
        config = NetworkConfig.from_json(settings)
        if config.row_layers + config.context_layers > len(weights):
            raise ValueError("fewer weights than layers")
        with torch.device("meta"):  # the file's weights are all that takes memory
            network = TabularTransformer(config)
        state = {name: t.to(torch.float32, copy=True) for name, t in weights.items()}
        network.load_state_dict(state, assign=True)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise TabTransferError(
            f"{path} holds another network than tabtransfer {tabtransfer.__version__} knows: "
            f"{error}"
        ) from error
    return network.eval().requires_grad_(False)
