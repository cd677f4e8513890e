"""The settings by which a model is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tabtransfer.inference.views import KINDS, ViewKind

__all__ = ["FitSettings", "TaskType"]

TaskType = Literal["classification", "regression"]


@dataclass(frozen=True)
class FitSettings:
    """How a model is fitted.

    Parameters
    ----------
    task : {"classification", "regression"}
        Whether the target is a class or a number.
    n_members : int or None
        Members of the ensemble; None: by the size of the table.
    max_context_rows : int
        Most training rows that a member reads at once.
    trees : bool, default=True
        Whether learners are fitted, where they pay.
    class_weight : mapping, str or None
        Weights of classes, as `TabTransferClassifier` has them.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view that the members take in turn.
    parameters : mapping, optional
        All parameters of the estimator, as they were in `fit`: a saved model gets them again.
    """

    task: TaskType
    n_members: int | None
    max_context_rows: int
    trees: bool = True
    class_weight: Mapping[Any, float] | str | None = None
    kinds: Sequence[ViewKind] = KINDS
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, task: TaskType, parameters: Mapping[str, Any], kinds: Sequence[ViewKind] = KINDS
    ) -> FitSettings:
        """Return the settings of an estimator's parameters."""
        return cls(
            task,
            parameters["n_estimators"],
            parameters["max_context_rows"],
            parameters["trees"],
            parameters.get("class_weight"),
            kinds,
            parameters,
        )
