"""Kernel ridge regression on all rows of a table, with a kernel chosen for it.

The kernel falls with a power of the distance of rows. Which distance, which power, how far it
reaches and how strong the penalty is, decides the leave-one-out error of some rows; kernel
machines gain much from such a choice (Beaglehole et al. 2025, arXiv 2508.10053). All rows are
then fitted through some of them as centres (Williams and Seeger 2000, "Using the Nyström method
to speed up kernel machines"), and each is predicted without its own label in closed form.

Shapes: n rows, m centres, f features, k label channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.network.cells import ColumnStatistics
from tabtransfer.network.kernel_features import FeatureLayout
from tabtransfer.network.kernels import feature_trust
from tabtransfer.network.laplace import LaplaceRidge
from tabtransfer.tasks import TaskBatch
from tabtransfer.threads import torch_threads

__all__ = ["FittedKernel", "Kernel", "KernelSettings", "RowFeatures"]

_CHUNK_ROWS = 256
_MOST_KEPT = 10  # rows a centre whose coordinates are kept; those of more are computed twice
_JITTER = 1e-6
_FURTHEST = 5.0  # standard deviations that an error counts at most, where kernels are compared
_LARGEST_LEVERAGE = 1.0 - 1e-4
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Kernel:
    """The similarity of two rows: ``exp(-(distance / unit) ** power)``.

    Parameters
    ----------
    metric : str
        ``"equal"``, ``"trust"`` (features that correlate with the labels count more) or
        ``"learned"`` (from the gradients of a first fit).
    norm : float
        2 for Euclidean distance, 1 for the sum over features, which makes the kernel a product
        of one a feature.
    power : float
        1 with the Euclidean distance is a Laplace kernel.
    reach : float
        Unit of distance, in typical distances of two rows.
    ridge : float
        Penalty; a row counts 1.
    """

    metric: str
    norm: float
    power: float
    reach: float
    ridge: float


# Spread over metric, norm, power (.7, 1, 1.5), reach (.5, 1, 2, 4) and ridge (.05, .3, 1.5). A sum
# over features taken to a power above 1 is no kernel: its matrix is not positive definite.
KERNELS = tuple(
    Kernel(*settings)
    for settings in (
        ("equal", 2.0, 1.0, 1.0, 0.3),
        ("equal", 2.0, 1.0, 2.0, 0.05),
        ("equal", 2.0, 1.5, 4.0, 0.05),
        ("equal", 1.0, 1.0, 1.0, 0.3),
        ("equal", 1.0, 1.0, 2.0, 0.05),
        ("equal", 1.0, 0.7, 1.0, 0.3),
        ("trust", 2.0, 1.0, 1.0, 1.5),
        ("trust", 2.0, 1.0, 2.0, 0.05),
        ("trust", 2.0, 1.5, 4.0, 0.05),
        ("trust", 1.0, 1.0, 1.0, 0.3),
        ("trust", 1.0, 1.0, 2.0, 0.05),
        ("trust", 1.0, 0.7, 1.0, 1.5),
        ("learned", 2.0, 0.7, 2.0, 0.05),
        ("learned", 2.0, 1.0, 1.0, 1.5),
        ("learned", 2.0, 1.0, 2.0, 0.3),
        ("learned", 2.0, 1.5, 1.0, 0.05),
        ("learned", 2.0, 1.5, 2.0, 0.05),
        ("learned", 2.0, 1.5, 2.0, 1.5),
        ("learned", 1.0, 0.7, 0.5, 0.3),
        ("learned", 1.0, 0.7, 1.0, 0.05),
        ("learned", 1.0, 1.0, 1.0, 0.05),
        ("learned", 1.0, 1.0, 1.0, 1.5),
    )
)


@dataclass(frozen=True)
class KernelSettings:
    """The kernels to try, and the number of rows to choose by.

    Parameters
    ----------
    kernels : tuple of Kernel
        Of which the best is taken.
    tuning_rows : int, default=400
        Rows that they are compared on, at most.
    n_centres : int, default=1000
        Rows that the others are compared with, at most.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.learners.kernel import KernelSettings
    >>> X = np.linspace(0.0, 6.0, 100, dtype=np.float32)[:, None]
    >>> settings = KernelSettings()
    >>> y = np.sin(X[:, 0])
    >>> fitted, leave_one_out = settings.fit(X, np.zeros(1, bool), y, np.ones(100), 0, seed=0)
    >>> bool(abs(leave_one_out[:, 0] - y).mean() < 0.01)
    True
    """

    kernels: tuple[Kernel, ...] = KERNELS
    tuning_rows: int = 400
    n_centres: int = 1000

    def fit(
        self,
        cells: NDArray[np.float32],
        categorical: NDArray[np.bool_],
        labels: NDArray[Any],
        weights: NDArray[np.float64],
        n_classes: int,
        seed: int,
    ) -> tuple[FittedKernel, NDArray[np.float64]]:
        """Choose a kernel and fit it to rows.

        Parameters
        ----------
        cells : ndarray of float32, (n_rows, n_columns)
            Numbers and category codes; NaN where missing.
        categorical : ndarray of bool, (n_columns,)
            True where a column holds category codes.
        labels : ndarray of int64 or float64, (n_rows,)
            Class indices, or targets of about unit scale.
        weights : ndarray of float64, (n_rows,)
            Weights of the rows.
        n_classes : int
            Number of classes; 0 for numbers.
        seed : int
            Same seed, same rows to compare kernels on, and same centres.

        Returns
        -------
        fitted : FittedKernel
            For any other rows.
        leave_one_out : ndarray of float64, (n_rows, n_classes) or (n_rows, 1)
            What is predicted for the rows, each left out.
        """
        random = np.random.default_rng(seed)
        channels = np.eye(n_classes)[labels] if n_classes else labels[:, None].astype(np.float64)
        share = weights[:, None] / weights.sum()
        mean = (share * channels).sum(0)
        deviation = np.sqrt((share * (channels - mean) ** 2).sum(0)) + 1e-6
        y = torch.from_numpy((channels - mean) / deviation)
        weight = torch.from_numpy(weights)
        with torch_threads(1):  # LAPACK rounds differently with another number of threads
            centres = _sample(len(cells), self.n_centres, random)
            features = RowFeatures(cells[centres], categorical, weights[centres])
            tuned_on = centres[: self.tuning_rows]
            shown = features(cells[tuned_on])
            kernel, scale = _choose(self.kernels, shown, y[tuned_on], weight[tuned_on])
            fitted = FittedKernel(
                features, kernel, scale.numpy(), np.zeros((0, 0)), mean, deviation, n_classes
            )
            dual, leave_one_out = fitted.solve(cells, y, weight)
        return replace(fitted, dual=dual.contiguous().numpy()), fitted.values(leave_one_out)


@dataclass(frozen=True)
class RowFeatures:
    """Turn rows into features by the columns of some of them.

    Parameters
    ----------
    cells : ndarray of float32, (n_centres, n_columns)
        The rows; NaN where missing.
    categorical : ndarray of bool, (n_columns,)
        True where a column holds category codes.
    weights : ndarray of float64, (n_centres,)
        Weights of the rows.
    """

    cells: NDArray[np.float32]
    categorical: NDArray[np.bool_]
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        n_rows, n_columns = self.cells.shape
        values, missing = self._read(self.cells)
        batch = TaskBatch(
            values,
            missing,
            torch.from_numpy(self.categorical)[None],
            torch.zeros(1, n_rows, dtype=torch.float64),
            n_rows,
            torch.tensor([n_columns]),
            torch.tensor([0]),
            weights=torch.from_numpy(self.weights)[None],
        )
        statistics = ColumnStatistics.of(batch, values.new_zeros(1, n_rows, 0))
        shares = batch.row_weights / batch.row_weights.sum()
        described = statistics.describe(values, missing)
        layout, _ = FeatureLayout.of(batch, described, shares[..., None])
        object.__setattr__(self, "_statistics", statistics)
        object.__setattr__(self, "_layout", layout)

    def __call__(self, cells: NDArray[np.float32]) -> Tensor:
        """Return the features (n_rows, f) of rows (n_rows, n_columns), in float64."""
        values, missing = self._read(cells)
        statistics: ColumnStatistics = vars(self)["_statistics"]
        layout: FeatureLayout = vars(self)["_layout"]
        return layout.features(values, statistics.describe(values, missing))[0]

    @staticmethod
    def _read(cells: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
        missing = torch.from_numpy(np.isnan(cells))[None]
        return torch.from_numpy(np.nan_to_num(cells, nan=0.0)).double()[None], missing


@dataclass(frozen=True)
class FittedKernel:
    """Predict classes or numbers.

    Parameters
    ----------
    features : RowFeatures
        By the centres.
    kernel : Kernel
        The one chosen.
    scale : ndarray of float64, (n_features,)
        Of the features, in units of distance.
    dual : ndarray of float64, (n_centres, n_channels)
        Weights of the centres.
    mean, deviation : ndarray of float64, (n_channels,)
        Of the label channels.
    n_classes : int
        Number of classes; 0 for numbers.
    """

    features: RowFeatures
    kernel: Kernel
    scale: NDArray[np.float64]
    dual: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    n_classes: int

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """Predict rows (n_rows, n_columns): probabilities (n_rows, n_classes), or (n_rows, 1)."""
        centres, dual = self._centres, torch.from_numpy(self.dual)
        with torch_threads(1):
            found = [self._similar(piece, centres) @ dual for piece in _pieces(cells)]
        return self.values(torch.cat([dual.new_zeros(0, dual.shape[1]), *found]))

    def values(self, predicted: Tensor) -> NDArray[np.float64]:
        """Return predictions of standardised channels (n, k) on the scale of the labels."""
        values = predicted.numpy() * self.deviation + self.mean
        if not self.n_classes:
            return values
        values = np.where(self.mean > 0.0, values.clip(_LEAST_PROBABILITY, 1.0), 0.0)  # 0 if absent
        return values / values.sum(1, keepdims=True)

    def solve(
        self, cells: NDArray[np.float32], labels: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Solve for the weights of the centres (m, k); also predict rows left out (n, k)."""
        centres = self._centres
        among = _similarities(centres, centres, self.kernel)
        among.diagonal().add_(_JITTER)
        root = torch.linalg.cholesky(among)  # in its coordinates, the penalty is that of a ridge
        system = self.kernel.ridge * torch.eye(len(centres), dtype=torch.float64)
        target = labels.new_zeros(len(centres), labels.shape[1])

        def coordinates() -> Iterator[tuple[slice, Tensor]]:
            for rows in _places(len(cells)):
                yield rows, self._coordinates(cells[rows], centres, root)

        kept = list(coordinates()) if len(cells) <= _MOST_KEPT * len(centres) else None
        for rows, part in kept or coordinates():
            weighted = part * weights[rows]
            system += weighted @ part.mT
            target += weighted @ labels[rows]
        factor = torch.linalg.cholesky(system)
        solution = torch.cholesky_solve(target, factor)
        leave_one_out = []
        for rows, part in kept or coordinates():
            half = torch.linalg.solve_triangular(factor, part, upper=False)
            leverage = weights[rows] * half.square().sum(0)
            leverage = leverage.clamp(max=_LARGEST_LEVERAGE)[:, None]
            leave_one_out.append((part.mT @ solution - leverage * labels[rows]) / (1.0 - leverage))
        return torch.linalg.solve_triangular(root.mT, solution, upper=True), torch.cat(
            leave_one_out
        )

    def _coordinates(self, cells: NDArray[np.float32], centres: Tensor, root: Tensor) -> Tensor:
        """Return the coordinates (m, n) of rows in which similarities are products."""
        return torch.linalg.solve_triangular(root, self._similar(cells, centres).mT, upper=False)

    @cached_property
    def _centres(self) -> Tensor:
        return self.features(self.features.cells) * torch.from_numpy(self.scale)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_centres"}

    def _similar(self, cells: NDArray[np.float32], centres: Tensor) -> Tensor:
        rows = self.features(cells) * torch.from_numpy(self.scale)
        return _similarities(rows, centres, self.kernel)


def _choose(
    kernels: tuple[Kernel, ...], features: Tensor, labels: Tensor, weights: Tensor
) -> tuple[Kernel, Tensor]:
    """Find the kernel of least leave-one-out error; also return the scale (f,) of its features."""
    root = weights.sqrt()[:, None]
    share = weights / weights.sum()
    best, least = None, np.inf
    scales = {
        metric: _scale(metric, features, labels, weights)
        for metric in dict.fromkeys(kernel.metric for kernel in kernels)
    }
    for metric, norm in dict.fromkeys((kernel.metric, kernel.norm) for kernel in kernels):
        scale = scales[metric]
        apart = _distances(features * scale, features * scale, norm)
        typical = float(share @ apart.square() @ share) ** 0.5 + 1e-9
        for kernel in kernels:
            if (kernel.metric, kernel.norm) != (metric, norm):
                continue
            unit = kernel.reach * typical
            system = (apart / unit).pow_(kernel.power).neg_().exp_() * root * root.mT
            system.diagonal().add_(kernel.ridge)
            inverse = torch.cholesky_inverse(torch.linalg.cholesky_ex(system)[0])
            residual = (inverse @ (root * labels)) / inverse.diagonal()[:, None]
            error = (residual / root.clamp(min=1e-12)).clamp(-_FURTHEST, _FURTHEST).square()
            loss = float(share @ error.mean(1))
            if loss < least:  # never where it is not a number
                best, least = (kernel, scale / unit), loss
    if best is None:
        return kernels[0], torch.ones_like(features[0])
    return best


def _scale(metric: str, features: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return how much each feature counts: (f,)."""
    if metric == "equal":
        return torch.ones_like(features[0])
    shares = (weights / weights.sum())[None, :, None]
    trust = feature_trust(features[None], labels[None], shares).sqrt()
    if metric == "trust":
        return trust[0, 0]
    fit = LaplaceRidge.fitted(features[None], trust, labels[None], weights[None])
    learned, _ = fit.with_learned_metric(features[None], labels[None], weights[None])
    return learned.scale[0, 0] / learned.scale.max()


def _similarities(rows: Tensor, centres: Tensor, kernel: Kernel) -> Tensor:
    """Compare rows with centres whose features are in units of distance: (n, m)."""
    return _distances(rows, centres, kernel.norm).pow_(kernel.power).neg_().exp_()


def _distances(rows: Tensor, centres: Tensor, norm: float) -> Tensor:
    return torch.cdist(rows, centres, p=norm, compute_mode="donot_use_mm_for_euclid_dist")


def _sample(n_rows: int, most: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return a random sample of rows, at most so many, in random order."""
    return random.permutation(n_rows)[:most]


def _places(n_rows: int) -> list[slice]:
    return [slice(start, start + _CHUNK_ROWS) for start in range(0, n_rows, _CHUNK_ROWS)]


def _pieces(cells: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [cells[rows] for rows in _places(len(cells))]
