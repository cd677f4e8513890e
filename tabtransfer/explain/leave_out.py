"""The effect of training rows on predictions, by predicting again without them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError, name_list
from tabtransfer.inference.fitted import FittedClassifier, FittedModel
from tabtransfer.inference.fitting import refit

__all__ = ["leave_out_effect"]


def leave_out_effect(model: Any, X: Any, rows: Sequence[Sequence[Hashable]]) -> NDArray[np.float64]:
    """Return how predictions change when training rows are left out, some for each row of ``X``.

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
    >>> from tabtransfer import TabTransferClassifier, leave_out_effect
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = TabTransferClassifier(random_state=0).fit(X, y)
    >>> setosas = list(range(49))
    >>> bool(leave_out_effect(model, X[49:50], [setosas])[0] > 0.01)
    True
    """
    fitted: FittedModel = model.fitted_
    frame = fitted.encoder.align(X)
    if len(rows) != len(frame):
        raise TabTransferError(
            f"rows has {len(rows)} entries, but X has {len(frame)} rows: give the training rows "
            "to leave out for each row of X."
        )
    by_set: dict[frozenset[Hashable], list[int]] = {}
    for place, labels in enumerate(rows):
        by_set.setdefault(frozenset(labels), []).append(place)
    _check_labels(fitted.rows.X.index, set().union(*by_set))
    classes, values = _predict(fitted, frame)
    effects = np.zeros(len(frame))
    for left_out, places in by_set.items():
        kept = np.flatnonzero(~fitted.rows.X.index.isin(list(left_out)))
        if not len(kept):
            raise TabTransferError("All training rows are left out: leave some to predict from.")
        wanted = None if classes is None else classes[places]
        without = _predict(refit(fitted, kept), frame.iloc[places], wanted)[1]
        effects[places] = values[places] - without
    return effects


def _check_labels(index: pd.Index, labels: set[Hashable]) -> None:
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
    model: FittedModel, frame: pd.DataFrame, classes: NDArray[Any] | None = None
) -> tuple[NDArray[Any] | None, NDArray[np.float64]]:
    """Return classes, the predicted ones unless given, and their probabilities; or means."""
    values = np.concatenate(model.ask(frame, model.values))
    if not isinstance(model, FittedClassifier):
        return None, values[:, 0]
    if classes is None:
        classes = model.classes[values.argmax(1)]
    is_own = classes[:, None] == model.classes  # of a class that was left out, nowhere
    return classes, np.where(is_own, values, 0.0).sum(1)
