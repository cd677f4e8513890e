"""The prior: random synthetic tables whose target depends on their columns."""

from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.dataset import sample_batch

__all__ = ["PriorConfig", "sample_batch"]
