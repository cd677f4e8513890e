"""The progress of a child on disk, as tensors and JSON, so that a killed fit goes on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tabtransfer.files import replacing
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["digest_of", "read_state", "write_state"]

_KEY = "progress"


def digest_of(
    network: TabularTransformer, training: LabelledTable, config: FinetuneConfig, seed: int
) -> str:
    """Return a digest of all that a child's progress depends on, except for time."""
    digest = hashlib.sha256()
    settings = asdict(replace(config, folder=None, auto=False, trials=0))
    digest.update(json.dumps([settings, seed]).encode())
    table = training.table
    parts: list[Any] = [table.values, table.missing, table.learners, training.labels]
    for part in (*parts, training.weights):
        digest.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    for weight in network.state_dict().values():
        digest.update(weight.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def write_state(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and facts; a kill while writing leaves the state before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as partial:
        save_file(held, partial, metadata={_KEY: json.dumps(facts)})


def read_state(
    path: str | os.PathLike[str], digest: str
) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Read what `write_state` wrote; None if there is none, or it belongs to another fit."""
    if not Path(path).is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {}).get(_KEY, "{}"))
            if facts.get("digest") != digest:
                return None
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (SafetensorError, ValueError):
        return None
