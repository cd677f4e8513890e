"""What a fitted model predicts for its own training rows, each without its label.

Members read the rows of the other folds. Learners have predicted each row out of fold already, and
that is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.fitted import FittedClassifier, FittedModel
from tabtransfer.inference.fitting import PreparedRows, build_model
from tabtransfer.learners import DistinctRows
from tabtransfer.learners.choice import N_FOLDS
from tabtransfer.threads import torch_threads

__all__ = ["predict_out_of_fold"]

_MEMBERS = 2  # of the ensembles that predict the folds


def predict_out_of_fold(
    model: FittedModel, advance: Callable[[int], object] = lambda steps: None
) -> NDArray[np.float64]:
    """Predict the training rows of a model, none from its own label or that of a copy.

    Parameters
    ----------
    model : FittedClassifier or FittedRegressor
        The model.
    advance : callable, optional
        Called with 1 after each of the five folds.

    Returns
    -------
    ndarray of float64, (n_rows, n_classes) or (n_rows, 1)
        Probabilities or means. NaN for rows whose class no other fold has.
    """
    training = model.ensemble.training
    prepared = PreparedRows(
        model.rows,
        model.encoder,
        training,
        model.classes if isinstance(model, FittedClassifier) else None,
        model.class_weights if isinstance(model, FittedClassifier) else None,
        replace(model.settings, n_members=_MEMBERS),
        model.seed,
        model.learners,
    )
    rows = DistinctRows.of(training.table.cells, training.labels, training.weights)
    rng = np.random.default_rng(model.seed)
    folds = rows.folds(training.labels[rows.first], N_FOLDS, rng)[rows.inverse]
    predicted = np.full((training.n_rows, max(1, training.n_classes)), np.nan)
    with torch_threads(model.resources.n_threads):
        for fold in range(N_FOLDS):
            held_out = np.flatnonzero(folds == fold)
            read = training.labels[folds != fold]
            if not training.is_regression:
                held_out = held_out[np.isin(training.labels[held_out], read)]
            if len(held_out) and (read != read[:1]).any():
                predicted[held_out] = _predict(model, prepared, held_out, folds == fold)
            advance(1)
    return predicted


def _predict(
    model: FittedModel,
    prepared: PreparedRows,
    held_out: NDArray[np.int64],
    unread: NDArray[np.bool_],
) -> NDArray[np.float64]:
    asked = build_model(
        prepared,
        model.network,
        model.resources,
        model.calibration,
        model.blend,
        unread=np.flatnonzero(unread),
    )
    return asked.values(asked.placed_network(), prepared.training.table.take(held_out))
