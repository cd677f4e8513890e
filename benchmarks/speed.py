"""Time fit and predict beside CatBoost and a random forest, one thread, in one process.

usage: python benchmarks/speed.py [--repeats 5]

1,000 training rows × 20 numeric columns, 1,000 query rows. The methods take turns, so that a
drift of the machine's speed meets all of them; medians and their ratio to CatBoost are printed.
Imports and the first, warming call are not counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pandas as pd
from sklearn.datasets import make_classification

from tabtransfer.baselines.registry import get_method

METHODS = ("tabtransfer", "catboost", "random-forest", "linear")
N_TRAIN, N_QUERY, N_COLUMNS = 1000, 1000, 20


def time_once(name: str, X: pd.DataFrame, y: pd.Series) -> tuple[float, float]:
    """Return the seconds of one fit and of one predict_proba."""
    model = get_method(name).make(random_state=0, n_threads=1)
    start = time.perf_counter()
    model.fit(X[:N_TRAIN], y[:N_TRAIN])
    fitted = time.perf_counter()
    model.predict_proba(X[N_TRAIN:])
    return fitted - start, time.perf_counter() - fitted


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    features, classes = make_classification(
        N_TRAIN + N_QUERY, N_COLUMNS, n_informative=10, random_state=0
    )
    X = pd.DataFrame(features).add_prefix("x")
    y = pd.Series(classes).map({0: "no", 1: "yes"})
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in METHODS}
    for name in METHODS:
        time_once(name, X, y)
    for _ in range(repeats):
        for name in METHODS:
            times[name].append(time_once(name, X, y))
    medians = {name: statistics.median(sum(pair) for pair in times[name]) for name in METHODS}
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print(f"{'method':22}{'fit s':>8}{'predict s':>11}{'total s':>9}{'total / CatBoost':>18}")
    for name in METHODS:
        fit, predict = (statistics.median(values) for values in zip(*times[name], strict=True))
        ratio = medians[name] / medians["catboost"]
        print(f"{name:22}{fit:8.2f}{predict:11.2f}{medians[name]:9.2f}{ratio:18.2f}")


if __name__ == "__main__":
    main()
