"""Fit and draw the scaling curve of points.csv, and size larger runs by it.

usage: python fit.py

L = E + A / N^a + B / D^b (Hoffmann et al. 2022, arXiv 2203.15556): N parameters, D tasks, L the
loss on synthetic tasks that training never saw; by Huber loss on log L from many starts. For a
number of operations, the best width is searched among networks of the preset's shape, at the mean
task of the preset.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.dry_run import _mean_task
from tabtransfer.pretrain.presets import PRESETS

HERE = Path(__file__).parent
WARM = 5000  # tasks; before, all sizes still learn to use what the kernels give
SPEC = importlib.util.spec_from_file_location("short", HERE.parent / "009-scaling" / "fit.py")
assert SPEC is not None and SPEC.loader is not None
short = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(short)
WIDTHS = (8, 16, 32, 64, 96, 128, 192, 256, 384)


def n_parameters(config: NetworkConfig) -> int:
    """Count the parameters of a network without making it."""
    with torch.device("meta"):
        return sum(p.numel() for p in TabularTransformer(config).parameters())


def plan(theta: np.ndarray, name: str) -> pd.DataFrame:
    """Give parameters, tasks and predicted loss of each width at the preset's operations."""
    preset = PRESETS[name]
    total = 60.0 * preset.minutes * preset.n_devices * preset.card.planned_flops
    rows = []
    for width in WIDTHS:
        config = replace(preset.recipe.network, d_cell=width)
        flops, _ = _mean_task(config, preset.recipe.stream)
        n, d = n_parameters(config), total / flops
        loss = float(short.predicted(theta, np.array([n]), np.array([d]))[0])
        rows.append({"width": width, "parameters": n, "tasks": d, "loss": loss})
    return pd.DataFrame(rows)


def draw(points: pd.DataFrame, theta: np.ndarray) -> None:
    """Draw each size's losses with the fitted curve."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for size, own in points.groupby("parameters"):
        dots = axes.plot(own["tasks"], own["synthetic"], "o", label=f"{size / 1e6:.2f} M")
        d = np.geomspace(own["tasks"].min(), 2 * points["tasks"].max(), 60)
        curve = short.predicted(theta, np.full(60, size), d)
        axes.plot(d, curve, color=dots[0].get_color(), alpha=0.6)
    axes.set_xscale("log")
    axes.set_xlabel("tasks seen")
    axes.set_ylabel("loss on unseen synthetic tasks (averaged weights)")
    axes.grid(alpha=0.3)
    axes.legend(title="parameters", frameon=False)
    figure.savefig(HERE / "curve.png", dpi=110)


def main() -> None:
    """Fit, print, draw, plan."""
    points = pd.read_csv(HERE / "points.csv")
    points = points[points["tasks"] >= WARM]
    theta, error = short.fit(points)
    spread = short.bootstrap(points)
    names = ("E", "A", "a", "B", "b")
    values = np.array([np.exp(theta[0]), np.exp(theta[1]), theta[2], np.exp(theta[3]), theta[4]])
    shown = spread.copy()
    shown[:, [0, 1, 3]] = np.exp(spread[:, [0, 1, 3]])
    for name, value, column in zip(names, values, shown.T, strict=True):
        low, high = np.quantile(column, [0.1, 0.9])
        print(f"{name} {value:.3g} (80 % of refits: {low:.3g} to {high:.3g})")
    print(f"residual {error:.2%} of the loss, {len(points)} points")
    draw(points, theta)
    for name in PRESETS:
        table = plan(theta, name)
        best = [plan(own, name)["loss"].idxmin() for own in spread[::5]]
        print(
            f"\n{name}: best width in 80 % of refits",
            np.quantile(np.take(WIDTHS, best), [0.1, 0.9]),
        )
        print(table.to_string(index=False, float_format=lambda v: f"{v:.4g}"))


if __name__ == "__main__":
    main()
