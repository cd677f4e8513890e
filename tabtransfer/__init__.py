"""Transfer learning for tables: a pretrained transformer served as scikit-learn estimators."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# In a clone, Python started there finds this folder before what is installed; the folders of
# the other packages lie beside it.
if not os.path.isdir(os.path.join(__path__[0], "pretrain")):
    __path__.append(os.path.dirname(__path__[0]))

__version__ = "0.2.0"
__all__ = [
    "ColumnWarning",
    "ContinuedPretraining",
    "DistillationReport",
    "Explanation",
    "FinetuneConfig",
    "QuantileDistribution",
    "Student",
    "TabTransferClassifier",
    "TabTransferEmbedder",
    "TabTransferError",
    "TabTransferGenerator",
    "TabTransferImputer",
    "TabTransferOutlierDetector",
    "TabTransferRegressor",
    "TableEncoder",
    "__version__",
    "continue_pretraining",
    "leave_out_effect",
    "load",
    "load_checkpoint",
]

if TYPE_CHECKING:
    from tabtransfer.checkpoint import load_checkpoint
    from tabtransfer.distillation.report import DistillationReport
    from tabtransfer.distillation.student import Student
    from tabtransfer.errors import ColumnWarning, TabTransferError
    from tabtransfer.estimators.classifier import TabTransferClassifier
    from tabtransfer.estimators.loading import load
    from tabtransfer.estimators.regressor import TabTransferRegressor
    from tabtransfer.explain.explanation import Explanation
    from tabtransfer.explain.leave_out import leave_out_effect
    from tabtransfer.finetune.config import FinetuneConfig
    from tabtransfer.inference.distribution import QuantileDistribution
    from tabtransfer.joint.embedder import TabTransferEmbedder
    from tabtransfer.joint.generator import TabTransferGenerator
    from tabtransfer.joint.imputer import TabTransferImputer
    from tabtransfer.joint.outliers import TabTransferOutlierDetector
    from tabtransfer.preprocessing.encoder import TableEncoder
    from tabtransfer.pretrain.continued.report import ContinuedPretraining
    from tabtransfer.pretrain.continued.run import continue_pretraining

# torch and scikit-learn load only when one of these is first asked for.
_HOMES = {
    "ColumnWarning": "tabtransfer.errors",
    "ContinuedPretraining": "tabtransfer.pretrain.continued.report",
    "Explanation": "tabtransfer.explain.explanation",
    "FinetuneConfig": "tabtransfer.finetune.config",
    "DistillationReport": "tabtransfer.distillation.report",
    "QuantileDistribution": "tabtransfer.inference.distribution",
    "Student": "tabtransfer.distillation.student",
    "TabTransferClassifier": "tabtransfer.estimators.classifier",
    "TabTransferEmbedder": "tabtransfer.joint.embedder",
    "TabTransferError": "tabtransfer.errors",
    "TabTransferGenerator": "tabtransfer.joint.generator",
    "TabTransferImputer": "tabtransfer.joint.imputer",
    "TabTransferOutlierDetector": "tabtransfer.joint.outliers",
    "TabTransferRegressor": "tabtransfer.estimators.regressor",
    "TableEncoder": "tabtransfer.preprocessing.encoder",
    "continue_pretraining": "tabtransfer.pretrain.continued.run",
    "leave_out_effect": "tabtransfer.explain.leave_out",
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
