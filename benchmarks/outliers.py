"""Rows of a rare class as outliers: ROC AUC of ours, IsolationForest, LOF, ECOD and COPOD.

usage: python benchmarks/outliers.py [--tables wine penguins] [--seeds 3] [--out FILE]

The largest class of a table are the usual rows, a few rows of the others the outliers: a tenth as
many. Detectors get all of them without labels and score them. Categories are ordinal codes for the
opponents. ECOD and COPOD are PyOD's, if it is installed (``pip install tabtransfer[outliers]``).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler

from tabtransfer import TabTransferOutlierDetector
from tabtransfer.datasets.suites import load_table

TABLES = (
    *("iris", "wine", "breast_cancer", "image_segments", "cars", "penguins"),
    *("phishing", "germancredit", "mroz", "anes96"),
)
N_USUAL, SHARE, N_COLUMNS = 200, 0.1, 10

Score = Callable[[pd.DataFrame, np.ndarray], np.ndarray]


def make_methods(seed: int) -> dict[str, Score]:
    """Return how each detector scores rows, given as a frame and as numbers; more is stranger."""

    def ours(frame: pd.DataFrame, numbers: np.ndarray) -> np.ndarray:
        return -TabTransferOutlierDetector(random_state=seed).fit(frame).score_samples(frame)

    def forest(frame: pd.DataFrame, numbers: np.ndarray) -> np.ndarray:
        return -IsolationForest(random_state=seed).fit(numbers).score_samples(numbers)

    def factor(frame: pd.DataFrame, numbers: np.ndarray) -> np.ndarray:
        return -LocalOutlierFactor(20).fit(numbers).negative_outlier_factor_

    methods: dict[str, Score] = {"tabtransfer": ours, "IsolationForest": forest, "LOF": factor}
    try:
        from pyod.models.copod import COPOD
        from pyod.models.ecod import ECOD
    except ImportError:
        print("PyOD isn't installed: without ECOD and COPOD")
        return methods

    def pyod(kind: Any) -> Score:
        return lambda frame, numbers: kind().fit(numbers).decision_scores_

    return {**methods, "ECOD": pyod(ECOD), "COPOD": pyod(COPOD)}


def read(name: str, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows, and which of them are outliers."""
    table, rng = load_table(name), np.random.default_rng(seed)
    usual = (table.y == table.y.value_counts().index[0]).to_numpy()
    kept = rng.permutation(np.flatnonzero(usual))[:N_USUAL]
    strange = rng.permutation(np.flatnonzero(~usual))[: max(3, int(SHARE * len(kept)))]
    rows = rng.permutation(np.concatenate([kept, strange]))
    columns = np.sort(rng.permutation(table.X.shape[1])[:N_COLUMNS])
    return table.X.iloc[rows, columns].reset_index(drop=True), ~usual[rows]


def as_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Return standardised numbers, codes of categories among them; medians where missing."""
    codes = frame.copy()
    for name in frame:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            codes[name] = pd.factorize(frame[name].astype(str), sort=True)[0]
    numbers = codes.astype(np.float64)
    return StandardScaler().fit_transform(numbers.fillna(numbers.median()))


def interval(values: pd.Series) -> str:
    """Return the mean and the 95 % interval of means of tables drawn again."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(values.to_numpy(), (2000, len(values))).mean(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Run the benchmark and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--out", help="CSV file for a line of each measurement")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for name in options.tables:
        for seed in range(options.seeds):
            frame, outliers = read(name, seed)
            for method, score in make_methods(seed).items():
                start = time.perf_counter()
                area = roc_auc_score(outliers, score(frame, as_numbers(frame)))
                seconds = time.perf_counter() - start
                lines.append(
                    {
                        "table": name,
                        "seed": seed,
                        "method": method,
                        "area": area,
                        "seconds": seconds,
                    }
                )
        if options.out:
            pd.DataFrame(lines).to_csv(options.out, index=False, float_format="%.4f")
        print(f"{name} measured", flush=True)
    found = pd.DataFrame(lines)
    by_table = found.pivot_table("area", "table", "method", sort=False)
    print(by_table.round(3).to_string())
    for method in by_table:
        gain = interval(by_table["tabtransfer"] - by_table[method])
        seconds = found[found["method"] == method]["seconds"].mean()
        print(f"{method}: {interval(by_table[method])}, ours above it by {gain}, {seconds:.1f} s")


if __name__ == "__main__":
    main()
