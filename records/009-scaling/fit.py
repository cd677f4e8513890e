"""Fit and draw the scaling curve of points.csv, and plan budgets by it.

usage: python fit.py

Loss on synthetic tasks of the defaults that training never saw, as a function of the network's
parameters N and the tasks seen D: L = E + A / N^a + B / D^b (Hoffmann et al. 2022, arXiv
2203.15556), by Huber loss on log L from many starts. A parameter outside its bounds says so.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.optimize import minimize

HERE = Path(__file__).parent
WARM = 1000  # tasks; before, the warm-up shows


def predicted(theta: np.ndarray, n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Give the loss of networks of n parameters after d tasks."""
    e, log_a, alpha, log_b, beta = theta
    return np.exp(e) + np.exp(log_a - alpha * np.log(n)) + np.exp(log_b - beta * np.log(d))


def fit(points: pd.DataFrame) -> tuple[np.ndarray, float]:
    """Return the best parameters and the root mean square residual of log L."""
    n, d = points["parameters"].to_numpy(float), points["tasks"].to_numpy(float)
    target = np.log(points["synthetic"].to_numpy(float))

    def cost(theta: np.ndarray) -> float:
        residual = np.log(predicted(theta, n, d)) - target
        small = np.abs(residual) < 1e-3
        huber = np.where(small, residual**2 / 2, 1e-3 * (np.abs(residual) - 5e-4))
        return float(huber.sum())

    starts = itertools.product((-1.5, -0.8), (0.0, 4.0), (0.2, 0.6), (0.0, 4.0), (0.3, 0.8))
    bounds = [(-4.0, 0.0), (-15.0, 20.0), (0.02, 2.0), (-15.0, 20.0), (0.05, 2.0)]
    best = min(
        (minimize(cost, start, bounds=bounds, method="L-BFGS-B") for start in starts),
        key=lambda result: result.fun,
    )
    residual = np.log(predicted(best.x, n, d)) - target
    return best.x, float(np.sqrt(np.mean(residual**2)))


def bootstrap(points: pd.DataFrame, n_draws: int = 100) -> np.ndarray:
    """Refit resampled points: (n_draws, 5)."""
    rng = np.random.default_rng(0)
    return np.array(
        [fit(points.iloc[rng.integers(0, len(points), len(points))])[0] for _ in range(n_draws)]
    )


def draw(points: pd.DataFrame, theta: np.ndarray) -> None:
    """Draw each size's losses with the fitted curve."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for size, own in points.groupby("parameters"):
        dots = axes.plot(own["tasks"], own["synthetic"], "o", label=f"{size / 1e6:.2f} M")
        d = np.geomspace(own["tasks"].min(), 40_000, 60)
        axes.plot(d, predicted(theta, np.full(60, size), d), color=dots[0].get_color(), alpha=0.6)
    axes.set_xscale("log")
    axes.set_xlabel("tasks seen")
    axes.set_ylabel("loss on unseen synthetic tasks (averaged weights)")
    axes.grid(alpha=0.3)
    axes.legend(title="parameters", frameon=False)
    figure.savefig(HERE / "curve.png", dpi=110)


def main() -> None:
    """Fit, print, draw."""
    points = pd.read_csv(HERE / "points.csv")
    points = points[points["tasks"] >= WARM]
    theta, error = fit(points)
    spread = bootstrap(points)
    names = ("E", "A", "a", "B", "b")
    values = np.array([np.exp(theta[0]), np.exp(theta[1]), theta[2], np.exp(theta[3]), theta[4]])
    spread[:, [0, 1, 3]] = np.exp(spread[:, [0, 1, 3]])
    for name, value, column in zip(names, values, spread.T, strict=True):
        low, high = np.quantile(column, [0.1, 0.9])
        print(f"{name} {value:.3g} (80 % of refits: {low:.3g} to {high:.3g})")
    print(f"residual {error:.2%} of the loss, {len(points)} points")
    draw(points, theta)


if __name__ == "__main__":
    main()
