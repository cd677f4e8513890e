"""Teach boosted trees what a fitted model predicts."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.distillation.report import DistillationReport
from tabtransfer.distillation.student import Student
from tabtransfer.distillation.trees import fit_trees, tree_cells
from tabtransfer.errors import TabTransferError
from tabtransfer.inference.fitted import FittedClassifier, FittedModel
from tabtransfer.inference.fitting import refit
from tabtransfer.inference.out_of_fold import predict_out_of_fold
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import usable_threads

__all__ = ["distill"]

FEWEST_ROWS = 50
_HELD_OUT = 0.2  # of the rows, to compare by
_MOST_HELD_OUT = 2000
TEACHER_SHARE = 0.5
"""Of a training row's target; the rest is its label."""
_LEAST = 1e-7  # probability


def distill(model: FittedModel, unlabelled: pd.DataFrame | None = None) -> Student:
    """Teach boosted trees what a model predicts.

    Parameters
    ----------
    model : FittedClassifier or FittedRegressor
        The teacher.
    unlabelled : DataFrame, optional
        Further rows, aligned, to learn the teacher's predictions of.

    Returns
    -------
    Student

    Raises
    ------
    TabTransferError
        If there are fewer than 50 training rows, next to one target alone, or no column tells them
        apart.
    """
    training = model.ensemble.training
    if len(training.own) < FEWEST_ROWS:
        raise TabTransferError(
            f"A student needs {FEWEST_ROWS} training rows, and the model has {len(training.own)}: "
            "predict with the model itself."
        )
    if (training.labels == training.labels[0]).all():
        raise TabTransferError("All training rows have the same target: there is nothing to learn.")
    with progress_bar("distilling", 11, model.resources.verbose) as advance:
        report = _compare(model, unlabelled, advance)
        return _teach(model, unlabelled, TEACHER_SHARE, advance, report)


def _teach(
    model: FittedModel,
    unlabelled: pd.DataFrame | None,
    share: float,
    advance: Callable[[int], object],
    report: DistillationReport | None = None,
) -> Student:
    """Fit trees to a mixture of labels and of predictions out of fold."""
    training = model.ensemble.training
    targets = _labels(model)
    if share:
        predicted = predict_out_of_fold(model, advance)
        known = ~np.isnan(predicted).any(1)
        targets[known] = share * predicted[known] + (1.0 - share) * targets[known]
    cells = training.table.cells
    weights = np.ones(len(cells)) if training.weights is None else training.weights
    if share and unlabelled is not None and len(unlabelled):
        more = model.encoder.transform(unlabelled).cells
        cells = np.concatenate([cells, more])
        targets = np.concatenate([targets, np.concatenate(model.ask(unlabelled, model.values))])
        weights = np.concatenate([weights, np.full(len(more), weights.mean())])
    booster = fit_trees(
        tree_cells(cells),
        targets,
        weights,
        training.n_classes,
        model.seed,
        usable_threads(model.resources.n_threads),
    )
    classes = model.classes if isinstance(model, FittedClassifier) else None
    return Student(booster, model.encoder, model.rows, classes, report, training.weights)


def _compare(
    model: FittedModel, unlabelled: pd.DataFrame | None, advance: Callable[[int], object]
) -> DistillationReport:
    """Hold out rows, teach by the others, and measure."""
    training = model.ensemble.training
    own = training.own  # related rows say nothing of the table
    n_rows = min(_MOST_HELD_OUT, round(_HELD_OUT * len(own)))
    rng = np.random.default_rng([model.seed, n_rows])
    drawn = own[stratified_rows(training.strata[own], n_rows, rng, every_class=False)]
    held_out = training.own_with_copies(drawn)
    kept = training.others_than(held_out)
    held_out = held_out[np.isin(training.strata[held_out], training.strata[kept])]
    teacher = refit(model, kept)
    student = _teach(teacher, unlabelled, TEACHER_SHARE, advance)
    untaught = _teach(teacher, None, 0.0, advance)
    advance(1)
    X = model.rows.X.iloc[held_out]
    truth, weights = training.labels[held_out], training.weights_of(held_out)
    teacher.read_contexts()
    start = time.perf_counter()
    answers = [np.concatenate(teacher.ask(X, teacher.values))]
    middle = time.perf_counter()
    answers.append(student.values(X))
    end = time.perf_counter()
    answers.append(untaught.values(X))
    lost, of_student, of_labels = (
        _loss(answer, truth, weights, training.is_regression) for answer in answers
    )
    return DistillationReport(
        "root mean squared error" if training.is_regression else "log loss",
        teacher=lost,
        student=of_student,
        labels_alone=of_labels,
        n_rows=len(held_out),
        teacher_seconds=middle - start,
        student_seconds=end - middle,
    )


def _labels(model: FittedModel) -> NDArray[np.float64]:
    """Return the training rows' labels as what the teacher would predict if it knew them."""
    training = model.ensemble.training
    if training.is_regression:
        return training.labels[:, None].astype(np.float64)
    return np.eye(training.n_classes)[training.labels]


def _loss(
    answers: NDArray[np.float64],
    truth: NDArray,
    weights: NDArray[np.float64] | None,
    is_regression: bool,
) -> float:
    if is_regression:
        return float(np.sqrt(np.average((answers[:, 0] - truth) ** 2, weights=weights)))
    of_true_class = answers[np.arange(len(truth)), truth].clip(_LEAST)
    return float(np.average(-np.log(of_true_class), weights=weights))
