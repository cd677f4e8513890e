"""Learners: trees and a kernel, whose predictions the network reads."""

from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.learners.fitted import FittedLearners, count_fits, fit_learners
from tabtransfer.learners.folds import DistinctRows
from tabtransfer.learners.forest import ForestSettings
from tabtransfer.learners.kernel import KernelSettings

__all__ = [
    "BoostingSettings",
    "DistinctRows",
    "FittedLearners",
    "ForestSettings",
    "KernelSettings",
    "count_fits",
    "fit_learners",
]
