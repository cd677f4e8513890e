"""What the parameter ``finetune`` of the estimators means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.config import FinetuneConfig

__all__ = ["MODES", "check_mode", "config_of"]

MODES = ("auto", "full", "last")
LAST_LAYERS = 1 / 3
"""Share of the layers that learn with ``finetune="last"``."""


def check_mode(value: Any) -> None:
    """Raise a `TabTransferError` unless a value is one that ``finetune`` can have."""
    if not (isinstance(value, bool | FinetuneConfig) or value in MODES):
        raise TabTransferError(
            f'finetune must be False, "auto", "full", "last" or a FinetuneConfig, not {value!r}.'
        )


def config_of(value: Any, usual: FinetuneConfig) -> FinetuneConfig:
    """Return the settings that a value of ``finetune`` stands for.

    Examples
    --------
    >>> from tabtransfer.finetune.config import FinetuneConfig
    >>> from tabtransfer.finetune.modes import config_of
    >>> config_of("last", FinetuneConfig()).layers < config_of("full", FinetuneConfig()).layers
    True
    """
    if isinstance(value, FinetuneConfig):
        return value
    if value == "last":
        return replace(usual, layers=LAST_LAYERS)
    return replace(usual, auto=value == "auto")
