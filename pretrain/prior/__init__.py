"""The synthetic prior: random tables with something to learn in them."""

from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.dataset import sample_batch

__all__ = ["PriorConfig", "sample_batch"]
