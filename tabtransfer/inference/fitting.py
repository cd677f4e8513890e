"""Fit a model: read the training rows, fit the learners, draw the ensemble."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.inference.blend import Blend
from tabtransfer.inference.calibration import Calibration
from tabtransfer.inference.contexts import learn_clusters
from tabtransfer.inference.ensemble import build_ensemble
from tabtransfer.inference.ensemble_size import FEWEST, ensemble_size
from tabtransfer.inference.fitted import FittedClassifier, FittedModel, FittedRegressor
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.inference.rows_for_shares import (
    rows_to_ask_about,
    rows_to_keep_back,
    rows_untaught,
)
from tabtransfer.inference.settings import FitSettings
from tabtransfer.inference.shares import (
    HANDICAP,
    PART,
    fit_shares_of_classes,
    fit_shares_of_numbers,
)
from tabtransfer.inference.untaught import Untaught
from tabtransfer.learners import DistinctRows, FittedLearners, count_fits, fit_learners
from tabtransfer.learners.choice import N_FOLDS, choose_learners
from tabtransfer.preprocessing.class_weights import read_class_weights
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.sample_weights import scale_weights
from tabtransfer.preprocessing.target import encode_labels, read_numbers
from tabtransfer.preprocessing.training_input import TrainingInput
from tabtransfer.preprocessing.training_rows import TrainingRows
from tabtransfer.progress import progress_bar
from tabtransfer.threads import torch_threads, usable_threads

__all__ = ["PreparedRows", "add_blend", "add_learners", "build_model", "prepare_rows", "refit"]


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """The training rows, read and encoded.

    Parameters
    ----------
    rows : TrainingRows
        The rows as they were given.
    encoder : TableEncoder
        What was learned of the columns.
    training : LabelledTable
        The encoded rows; once there are learners, with what these predict.
    classes, class_weights
        The class labels, and their weights; None if the target is a number.
    settings : FitSettings
        The settings.
    seed : int
        The seed.
    learners : FittedLearners or None
        The learners, once they are fitted.
    """

    rows: TrainingRows
    encoder: TableEncoder
    training: LabelledTable
    classes: NDArray[Any] | None
    class_weights: NDArray[np.float64] | None
    settings: FitSettings
    seed: int
    learners: FittedLearners | None = None

    @cached_property
    def kept_back(self) -> NDArray[np.int64]:
        """Training rows that no member reads, by which the learners' share is found."""
        return rows_to_keep_back(self.training, self.settings.max_context_rows, self.seed)

    def with_learners(self, learners: FittedLearners | None) -> PreparedRows:
        """Return the rows with fitted learners, and their predictions beside the cells."""
        if learners is None:
            return self
        table = replace(self.training.table, learners=learners.out_of_fold)
        return replace(self, training=replace(self.training, table=table), learners=learners)


def prepare_rows(given: TrainingInput, settings: FitSettings, seed: int) -> PreparedRows:
    """Read the target and encode the table.

    Parameters
    ----------
    given : TrainingInput
        The training rows, their classes or numbers, and weights above 0.
    settings : FitSettings
        How to fit.
    seed : int
        The seed of all that follows.

    Returns
    -------
    PreparedRows
        Without learners.

    Raises
    ------
    TabTransferError
        If the target, the class weights or the columns can't be used.
    """
    frame, target, weights = given.frame, given.target, given.weights
    classes = class_weights = None
    labels: NDArray[Any]
    if settings.task == "regression":
        labels, n_classes = read_numbers(target), 0
    else:
        classes, labels = encode_labels(target)
        class_weights = read_class_weights(settings.class_weight, classes, labels, weights)
        n_classes = len(classes)
    scaled = scale_weights(weights, settings.max_context_rows)
    encoder = TableEncoder().fit(frame, scaled)
    table = encoder.transform(frame)
    training = LabelledTable(table, labels, n_classes, scaled, given.related)
    rows = TrainingRows(frame.copy(deep=False), labels, weights, given.related)
    return PreparedRows(rows, encoder, training, classes, class_weights, settings, seed)


def add_learners(prepared: PreparedRows, resources: Resources) -> PreparedRows:
    """Fit the learners whose predictions the network reads; none where they don't help."""
    training = prepared.training
    table, labels, n_classes = training.table, training.labels, training.n_classes
    if not prepared.settings.trees or not table.values.shape[1] or (labels == labels[0]).all():
        return prepared
    rows = DistinctRows.of(table.cells, labels, training.weights)
    budget = MemoryBudget.of(resources.memory_limit)
    chosen = choose_learners(rows.n_rows, n_classes, budget.learners)
    if chosen is None:
        return prepared
    n_fits = count_fits(chosen, N_FOLDS)
    with progress_bar("fitting learners", n_fits, resources.verbose) as advance:
        threads = usable_threads(resources.n_threads)
        learners = fit_learners(
            table, labels, n_classes, rows, chosen, N_FOLDS, prepared.seed, threads, advance
        )
    # Too few rows may differ in their cells.
    return prepared.with_learners(learners) if any(learners.fits) else prepared


def build_model(
    prepared: PreparedRows,
    network: KeptNetwork,
    resources: Resources,
    calibration: Calibration | None = None,
    blend: Blend | None = None,
    unread: NDArray[np.int64] | None = None,
    clusters: RowClusters | None = None,
) -> FittedModel:
    """Draw the ensemble and put the fitted model together.

    Parameters
    ----------
    prepared : PreparedRows
        The training rows, with their learners.
    network : KeptNetwork
        The network that will predict.
    resources : Resources
        What predicting may take.
    calibration : Calibration, optional
        How to calibrate predictions.
    blend : Blend, optional
        How to mix them with the learners'; `add_blend` finds it.
    unread : ndarray of int64, optional
        Places of rows that no member reads; those to keep back of a large table if not given.
    clusters : RowClusters, optional
        The clusters of rows by which members read, if they were found before.

    Returns
    -------
    FittedClassifier or FittedRegressor
    """
    settings, training = prepared.settings, prepared.training
    config = network.get().config
    given, max_context_rows = settings.n_members, settings.max_context_rows
    unread = training.with_related_copies(prepared.kept_back if unread is None else unread)
    if clusters is None:
        budget = MemoryBudget.of(resources.memory_limit, resources.device)
        readable = np.setdiff1d(np.arange(training.n_rows), unread)
        clusters = learn_clusters(
            training, readable, given or FEWEST, max_context_rows, config, budget, prepared.seed
        )
    n_members = given or ensemble_size(
        training.total_weight,
        training.table.values.shape[1],
        training.n_classes,
        max_context_rows,
        config.max_classes,
        by_clusters=len(clusters.centres) > 1,
    )
    ensemble = build_ensemble(
        training,
        config,
        n_members,
        max_context_rows,
        np.random.default_rng(prepared.seed),
        settings.kinds,
        resources.memory_limit,
        unread,
        resources.device,
        clusters,
    )
    common: dict[str, Any] = dict(
        rows=prepared.rows,
        encoder=prepared.encoder,
        learners=prepared.learners,
        ensemble=ensemble,
        network=network,
        calibration=calibration,
        blend=blend,
        settings=settings,
        seed=prepared.seed,
        resources=resources,
    )
    if prepared.classes is None or prepared.class_weights is None:
        return FittedRegressor(**common)
    return FittedClassifier(
        **common, classes=prepared.classes, class_weights=prepared.class_weights
    )


def add_blend(
    model: FittedModel, prepared: PreparedRows, untaught: Untaught | None = None
) -> FittedModel:
    """Find the share of the learners in predictions, by rows that the network hasn't read.

    Parameters
    ----------
    model : FittedClassifier or FittedRegressor
        The model.
    prepared : PreparedRows
        The rows that it was built from.
    untaught : Untaught, optional
        What says how good the network is, if it was tuned on these rows.

    Returns
    -------
    FittedClassifier or FittedRegressor
        The model itself where nothing speaks for a share of the learners.
    """
    training, asked, handicap, part = prepared.training, model, 0.0, 1.0
    network, rows = model.network, prepared.kept_back
    if not len(rows):
        rows, handicap, part = rows_to_ask_about(training, model.seed), HANDICAP, PART
        if not len(rows):
            return model
    if untaught is not None:
        network = KeptNetwork(untaught.network, None, "")
        rows = rows_untaught(training, untaught.rows, model.seed)
    if untaught is not None or not len(prepared.kept_back):
        asked = build_model(prepared, network, model.resources, model.calibration, unread=rows)
    held_back = training.take(rows)
    predicted = asked.unmixed(asked.placed_network(), held_back.table)
    if training.is_regression:
        return replace(model, blend=fit_shares_of_numbers(predicted, held_back, handicap))
    return replace(model, blend=fit_shares_of_classes(predicted, held_back, part))


def refit(model: FittedModel, kept: NDArray[np.int64]) -> FittedModel:
    """Fit a model to some of its training rows, by the same network, seed and temperature."""
    rows = model.rows
    weights = None if rows.weights is None else rows.weights[kept]
    related = None if rows.related is None else rows.related[kept]
    given = TrainingInput(rows.X.iloc[kept], model.targets(kept), weights, related)
    prepared = prepare_rows(given, model.settings, model.seed)
    with torch_threads(model.resources.n_threads):
        prepared = add_learners(prepared, model.resources)
        return build_model(prepared, model.network, model.resources, model.calibration, model.blend)
