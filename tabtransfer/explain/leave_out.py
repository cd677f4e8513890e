"""What leaving training rows out does to predictions, by predicting without them."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError, name_list

if TYPE_CHECKING:
    from tabtransfer.estimators.base import InContextEstimator

__all__ = ["leave_out_effect"]


def leave_out_effect(
    model: InContextEstimator, X: Any, rows: Sequence[Sequence[Hashable]]
) -> NDArray[np.float64]:
    """Say how predictions change when training rows are left out, some for each row of ``X``.

    It checks what `Explanation.rows` estimates. The model is fitted again for every set of rows
    left out, with the same seed; a network that was fine-tuned stays as it is, so does the
    temperature of a calibrated model.

    Parameters
    ----------
    model : TabTransferClassifier or TabTransferRegressor
        A fitted model; it isn't changed.
    X : array-like, sparse or DataFrame of shape (n_rows, n_features)
        Rows with the columns of `fit`.
    rows : sequence of sequences
        For each row of ``X``, the training rows to leave out, by their labels in the index of the
        frame given to `fit` (their places, if that was no frame), as in `Explanation.rows`.

    Returns
    -------
    ndarray of shape (n_rows,)
        Probability of the predicted class, or predicted mean, less what it is without the rows:
        above 0 where they raise it.

    Raises
    ------
    TabTransferError
        If a label isn't in the index of the training rows or several rows have it, if all
        training rows are left out, or as `predict` does.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferClassifier
    >>> from tabtransfer.explain.leave_out import leave_out_effect
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = TabTransferClassifier(random_state=0).fit(X, y)
    >>> setosas = list(range(49))
    >>> bool(leave_out_effect(model, X[49:50], [setosas])[0] > 0.01)
    True
    """
    model._check_fitted()
    frame = model.encoder_.align(X)
    if len(rows) != len(frame):
        raise TabTransferError(
            f"rows has {len(rows)} entries, but X has {len(frame)} rows: give the training rows "
            "to leave out for each row of X."
        )
    by_set: dict[frozenset[Hashable], list[int]] = {}
    for place, labels in enumerate(rows):
        by_set.setdefault(frozenset(labels), []).append(place)
    _check_labels(model, set().union(*by_set))
    classes, values = _predict(model, frame)
    effects = np.zeros(len(frame))
    for left_out, places in by_set.items():
        without = _without(model, left_out)
        wanted = None if classes is None else classes[places]
        effects[places] = values[places] - _predict(without, frame.iloc[places], wanted)[1]
    return effects


def _check_labels(model: InContextEstimator, labels: set[Hashable]) -> None:
    index = model._training_rows.X.index
    unknown = [label for label in labels if label not in index]
    if unknown:
        raise TabTransferError(
            f"There are no training rows {name_list(unknown)}: give labels of the index of the "
            "frame passed to fit, as in Explanation.rows."
        )
    if not index.is_unique:
        raise TabTransferError(
            "Several training rows have the same label in the index: fit with "
            "X.reset_index(drop=True)."
        )


def _predict(
    model: Any, X: Any, classes: NDArray[Any] | None = None
) -> tuple[NDArray[Any] | None, NDArray[np.float64]]:
    """Give classes, the predicted ones unless given, and their probabilities; or means."""
    if not hasattr(model, "classes_"):
        return None, model.predict(X)
    probabilities = model.predict_proba(X)
    if classes is None:
        classes = model.classes_[probabilities.argmax(1)]
    is_own = classes[:, None] == model.classes_  # of a class that was left out, nowhere
    return classes, np.where(is_own, probabilities, 0.0).sum(1)


def _without(model: Any, labels: frozenset[Hashable]) -> Any:
    """Fit a model to fewer of its training rows."""
    training = model._training_rows
    kept = np.flatnonzero(~training.X.index.isin(list(labels)))
    if not len(kept):
        raise TabTransferError("All training rows are left out: leave some to predict from.")
    targets = training.labels[kept]
    if hasattr(model, "classes_"):
        targets = model.classes_[targets]
    weights = None if training.weights is None else training.weights[kept]
    fewer = copy.copy(model)
    network = model._fitted_network()
    fewer._learn(training.X.iloc[kept], targets, weights, model._seed, network)
    for name in ("finetuning_", "calibration_"):
        if hasattr(model, name):
            setattr(fewer, name, getattr(model, name))
    return fewer
