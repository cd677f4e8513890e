"""Models other than the network whose predictions it reads: a forest and boosted trees."""

from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.learners.fitted import FittedLearners, fit_learners
from tabtransfer.learners.folds import DistinctRows
from tabtransfer.learners.forest import ForestSettings

__all__ = [
    "BoostingSettings",
    "DistinctRows",
    "FittedLearners",
    "ForestSettings",
    "fit_learners",
]
