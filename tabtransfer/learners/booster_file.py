"""CatBoost's models as bytes in its own format, with a checksum."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    from catboost import CatBoost

__all__ = ["read_booster", "write_booster"]


def write_booster(booster: CatBoost) -> tuple[bytes, str]:
    """Return a fitted model as bytes, and their checksum."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "booster.cbm"
        booster.save_model(str(path))
        content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def read_booster(content: bytes, checksum: str) -> CatBoost:
    """Read what `write_booster` wrote; raise a `TabTransferError` if it is damaged."""
    from catboost import CatBoost

    if hashlib.sha256(content).hexdigest() != checksum:
        raise TabTransferError("The boosted trees of the saved model are damaged.")
    return CatBoost().load_model(blob=content)
