"""Transfer learning for tables: a pretrained transformer served as scikit-learn estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "TabTransferClassifier",
    "TabTransferError",
    "TabTransferRegressor",
    "__version__",
    "load",
    "load_checkpoint",
]

if TYPE_CHECKING:
    from tabtransfer.checkpoint import load_checkpoint
    from tabtransfer.errors import TabTransferError
    from tabtransfer.estimators.classifier import TabTransferClassifier
    from tabtransfer.estimators.loading import load
    from tabtransfer.estimators.regressor import TabTransferRegressor

# torch and scikit-learn load only when one of these is first asked for.
_HOMES = {
    "TabTransferClassifier": "tabtransfer.estimators.classifier",
    "TabTransferError": "tabtransfer.errors",
    "TabTransferRegressor": "tabtransfer.estimators.regressor",
    "load": "tabtransfer.estimators.loading",
    "load_checkpoint": "tabtransfer.checkpoint",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
