"""Calibration of predictions by a temperature, found on out-of-fold predictions.

One number is fitted, the temperature, on predictions of training rows from the other folds'
rows: log probabilities are divided by it (Guo et al. 2017), and quantiles' distances from their
mean are multiplied by it. Above 1 it makes predictions less sure, below 1 surer; which class is
most probable, and the mean, stay as they are. A temperature whose gain could be chance, no more
than its standard error, is not used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.distribution import QuantileDistribution
from tabtransfer.inference.ensemble import (
    ClassificationEnsemble,
    RegressionEnsemble,
    build_ensemble,
)
from tabtransfer.inference.placement import device_of
from tabtransfer.inference.views import KINDS, ViewKind
from tabtransfer.network.quantiles import pinball_loss, quantile_levels
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.preprocessing.target_scale import TargetScale
from tabtransfer.preprocessing.weighted_statistics import weighted_moments

__all__ = ["Calibration", "fit_temperature", "temper_probabilities", "temper_quantiles"]

N_FOLDS = 5
N_MEMBERS = 2  # of the ensembles that predict the folds
MAX_ROWS = 1000  # predicted out of fold, of all folds
RANGE = (0.2, 5.0)  # of the temperature
_LEAST = 1e-15  # probability


@dataclass(frozen=True)
class Calibration:
    """How predictions were calibrated.

    Parameters
    ----------
    temperature : float
        What was fitted, from 0.2 to 5; 1 leaves predictions as they are.
    loss_before, loss_after : float or None
        Log loss of the rows predicted out of fold, or pinball loss over that of guessing,
        without and with the temperature. None where no row could be predicted.
    n_rows : int
        Rows predicted out of fold.
    """

    temperature: float
    loss_before: float | None = None
    loss_after: float | None = None
    n_rows: int = 0

    def __post_init__(self) -> None:
        if not RANGE[0] <= self.temperature <= RANGE[1]:  # nor NaN
            raise TabTransferError(
                f"A temperature of calibration is a number from {RANGE[0]} to {RANGE[1]}, not "
                f"{self.temperature!r}."
            )


def temper_probabilities(
    probabilities: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Divide log probabilities by a temperature.

    Parameters
    ----------
    probabilities : ndarray of float64, (n_rows, n_classes)
        Rows sum to 1.
    temperature : float
        Above 0.

    Returns
    -------
    ndarray of float64, (n_rows, n_classes)
        Rows sum to 1, in the same order of size.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.calibration import temper_probabilities
    >>> temper_probabilities(np.array([[0.9, 0.1]]), 2.0).round(2)
    array([[0.75, 0.25]])
    """
    with np.errstate(divide="ignore"):
        return softmax(np.log(probabilities) / temperature, axis=1)


def temper_quantiles(quantiles: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Multiply the distances of quantiles from their distribution's mean by a temperature.

    Parameters
    ----------
    quantiles : ndarray of float64, (n_rows, n_quantiles)
        At the levels of `tabtransfer.network.quantiles.quantile_levels`.
    temperature : float
        Above 0.

    Returns
    -------
    ndarray of float64, (n_rows, n_quantiles)

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.calibration import temper_quantiles
    >>> temper_quantiles(np.array([[1.0, 2.0, 3.0]]), 2.0)
    array([[0., 2., 4.]])
    """
    levels = np.array(quantile_levels(quantiles.shape[1]))
    mean = QuantileDistribution(levels, quantiles).mean()[:, None]
    return mean + temperature * (quantiles - mean)


def fit_temperature(
    network: TabularTransformer,
    training: LabelledTable,
    *,
    max_context_rows: int,
    time_limit: float | None,
    seed: int,
    kinds: Sequence[ViewKind] = KINDS,
    untaught: NDArray[np.int64] | None = None,
) -> Calibration:
    """Fit a temperature on predictions of training rows out of fold.

    Parameters
    ----------
    network : TabularTransformer
        The network that predicts, on any device.
    training : LabelledTable
        The training rows.
    max_context_rows : int
        Most rows that the network reads at once.
    time_limit : float or None
        Seconds after which no further fold is predicted.
    seed : int
        Seed of the folds and the views.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view that the members take in turn.
    untaught : ndarray of int64, optional
        Rows that a tuned network hasn't learned from: they alone are predicted. All rows if not
        given.

    Returns
    -------
    Calibration

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.inference.calibration import fit_temperature
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(30.0)[:, None], np.arange(30) // 15
    >>> training = LabelledTable(TableEncoder().fit(X).transform(X), y, 2)
    >>> network = TabularTransformer(NetworkConfig()).eval()
    >>> fit_temperature(network, training, max_context_rows=100, time_limit=None, seed=0).n_rows
    30
    """
    rng = np.random.default_rng(seed)
    deadline = np.inf if time_limit is None else time.monotonic() + time_limit
    rows, predicted = [], []
    for context, held_out in _folds(training, rng, untaught):
        if time.monotonic() > deadline:
            break
        ensemble = build_ensemble(
            training.take(context),
            network.config,
            N_MEMBERS,
            max_context_rows,
            rng,
            kinds,
            device=device_of(network),
        )
        rows.append(held_out)
        predicted.append(_predict(ensemble, network, training.table.take(held_out)))
    if not rows:
        return Calibration(1.0)
    known = np.concatenate(rows)
    answers, truth = np.concatenate(predicted), training.labels[known]
    if training.is_regression:
        scale = TargetScale.of(training.labels, training.weights)
        losses = _pinball_losses(answers, truth, scale)
    else:
        losses = _log_losses(answers, truth)
    return _minimise(losses, training.weights_of(known), len(known))


def _folds(
    training: LabelledTable, rng: np.random.Generator, untaught: NDArray[np.int64] | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the rows of each fold's context, related ones in all, and those predicted from them.

    Each fold has its share of every class, or of small and large targets, and all copies of its
    rows. Rows whose class the context doesn't know aren't predicted; folds whose context has but
    one target are left out.
    """
    labels, strata, own = training.labels, training.strata, training.own
    n_folds, fold = N_FOLDS, np.ones(training.n_rows, np.int64)
    if untaught is None:
        fold = training.deal_folds(labels, N_FOLDS, rng)
    else:
        n_folds, fold[untaught] = 1, 0
    for index in range(n_folds):
        context, held_out = np.flatnonzero(fold != index), own[fold[own] == index]
        held_out = held_out[np.isin(strata[held_out], strata[context])]
        sample = stratified_rows(strata[held_out], MAX_ROWS // n_folds, rng, every_class=False)
        held_out = held_out[sample]
        if len(held_out) and (labels[context] != labels[context[:1]]).any():
            yield context, held_out


def _predict(
    ensemble: ClassificationEnsemble | RegressionEnsemble,
    network: TabularTransformer,
    query: EncodedTable,
) -> NDArray[np.float64]:
    if isinstance(ensemble, ClassificationEnsemble):
        return ensemble.probabilities(network, query)
    return ensemble.quantiles(network, query)


def _log_losses(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> Callable[[float], NDArray[np.float64]]:
    """Return the log loss of each row as a function of the temperature."""
    every = np.arange(len(labels))

    def losses(temperature: float) -> NDArray[np.float64]:
        of_true_class = temper_probabilities(probabilities, temperature)[every, labels]
        return -np.log(of_true_class.clip(min=_LEAST))

    return losses


def _pinball_losses(
    quantiles: NDArray[np.float64], targets: NDArray[np.float64], scale: TargetScale
) -> Callable[[float], NDArray[np.float64]]:
    """Return the pinball loss of each row as a function of the temperature."""
    truth = torch.from_numpy((targets - scale.mean) / scale.deviation)

    def losses(temperature: float) -> NDArray[np.float64]:
        tempered = (temper_quantiles(quantiles, temperature) - scale.mean) / scale.deviation
        return pinball_loss(torch.from_numpy(tempered), truth).numpy()

    return losses


def _minimise(
    losses: Callable[[float], NDArray[np.float64]],
    weights: NDArray[np.float64] | None,
    n_rows: int,
) -> Calibration:
    """Find the temperature of least loss; 1 where the gain is within its standard error."""

    def mean_loss(log_temperature: float) -> float:
        return float(np.average(losses(np.exp(log_temperature)), weights=weights))

    found = minimize_scalar(mean_loss, bounds=np.log(RANGE), method="bounded")
    before, after = mean_loss(0.0), mean_loss(found.x)
    _, spread = weighted_moments(losses(1.0) - losses(np.exp(found.x)), weights)
    if before - after <= spread / np.sqrt(n_rows):
        return Calibration(1.0, before, before, n_rows)
    return Calibration(float(np.exp(found.x)), before, after, n_rows)
