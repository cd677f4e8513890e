"""Simple models on raw columns, on embeddings, and on both.

usage: python benchmarks/embeddings.py [--tables wine cars] [--seeds 2] [--out FILE]
       python benchmarks/embeddings.py --picture FILE

Logistic regression, k nearest neighbours and CatBoost learn from 200 rows and predict up to 300
others. Embeddings are `TabTransferEmbedder`'s, with the target; the network's own prediction
stands beside them. ``clusters`` is how well k-means on embeddings without the target finds the
classes (adjusted Rand index), beside raw columns.
"""

from __future__ import annotations

import argparse
import os
import warnings
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tabtransfer import TabTransferClassifier, TabTransferEmbedder
from tabtransfer.datasets.suites import load_table

TABLES = ("wine", "cars", "image_segments", "penguins", "mroz", "phishing")
N_TRAIN, N_TEST = 200, 300


def make_models() -> dict[str, Any]:
    """Return the simple models by name."""
    return {
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
        "k-NN": make_pipeline(StandardScaler(), KNeighborsClassifier(15)),
        "CatBoost": CatBoostClassifier(
            iterations=100, thread_count=1, verbose=False, random_seed=0, allow_writing_files=False
        ),
    }


def as_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Return numbers, categories one-hot; medians where missing."""
    numbers = pd.get_dummies(frame, dtype=np.float64).astype(np.float64)
    return numbers.fillna(numbers.median()).to_numpy()


def measure(name: str, seed: int) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return a line for each model and input, and how well clusters are classes."""
    table = load_table(name)
    y = table.y.astype(str)
    common = y.map(y.value_counts()) >= 10
    X, y = table.X[common], y[common]
    n_test = min(N_TEST, len(y) // 2)
    n_train = min(N_TRAIN, len(y) - n_test)
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed
    )
    raw = as_numbers(pd.concat([X, X_test]))
    embedder = TabTransferEmbedder(random_state=seed).fit(X, y)
    vectors = np.concatenate([embedder.transform(X), embedder.transform(X_test)])
    inputs = {"raw": raw, "embedded": vectors, "both": np.concatenate([raw, vectors], axis=1)}
    lines = []
    for input_name, cells in inputs.items():
        for model_name, model in make_models().items():
            found = model.fit(cells[: len(X)], y).predict_proba(cells[len(X) :])
            loss = log_loss(y_test, np.clip(found, 1e-3, 1.0), labels=model.classes_)
            lines.append({"model": model_name, "input": input_name, "loss": loss})
    network = TabTransferClassifier(1, trees=False, random_state=seed).fit(X, y)
    loss = log_loss(y_test, np.clip(network.predict_proba(X_test), 1e-3, 1.0))
    lines.append({"model": "the network itself", "input": "raw", "loss": loss})
    unlabelled = TabTransferEmbedder(random_state=seed).fit(X).transform(X_test)
    clusters = {}
    for input_name, cells in (("raw", raw[len(X) :]), ("embedded", unlabelled)):
        means = KMeans(y.nunique(), n_init=5, random_state=seed)
        labels = means.fit_predict(StandardScaler().fit_transform(cells))
        clusters[input_name] = float(adjusted_rand_score(y_test, labels))
    return [{"table": name, "seed": seed, **line} for line in lines], clusters


def draw(name: str, path: str) -> None:
    """Draw held-out rows in two dimensions, from raw columns and from embeddings."""
    import matplotlib.pyplot as plt

    table = load_table(name)
    X, X_test, y, y_test = train_test_split(
        table.X, table.y.astype(str), train_size=N_TRAIN, stratify=table.y, random_state=0
    )
    embedder = TabTransferEmbedder(random_state=0).fit(X, y)
    X_test, y_test = X_test[:N_TEST], y_test[:N_TEST]
    inputs = {"raw columns": as_numbers(X_test), "embeddings": embedder.transform(X_test)}
    figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for one, (title, cells) in zip(axes, inputs.items(), strict=True):
        places = PCA(2).fit_transform(StandardScaler().fit_transform(cells))
        for label in sorted(y_test.unique()):
            one.scatter(*places[(y_test == label).to_numpy()].T, s=8, label=label)
        one.set_title(f"{name}, held-out rows: {title}", fontsize="small")
    axes[1].legend(fontsize="x-small")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run the benchmark and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--out", help="CSV file for a line of each measurement")
    parser.add_argument("--picture", help="draw image_segments in two dimensions to this file")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.picture:
        draw("image_segments", options.picture)
        return
    lines, clusters = [], []
    for name in options.tables:
        for seed in range(options.seeds):
            found, indices = measure(name, seed)
            lines += found
            clusters.append({"table": name, **indices})
        if options.out:
            pd.DataFrame(lines).to_csv(options.out, index=False, float_format="%.4f")
        print(f"{name} measured", flush=True)
    losses = pd.DataFrame(lines).pivot_table("loss", "table", ["model", "input"], sort=False)
    print(f"\nlog loss, mean over seeds\n{losses.round(3).to_string()}")
    print(losses.mean().round(3).to_string())
    print("\nclusters\n" + pd.DataFrame(clusters).groupby("table").mean().round(3).to_string())


if __name__ == "__main__":
    main()
