"""Missing cells filled in: cells' errors, and what a forest makes of the rows.

usage: python benchmarks/imputation.py [--seeds 2] [--tables penguins wine] [--out FILE]

A fifth of the cells is taken out in one of three ways: at random, by another column (the half of
the rows with the larger values of the next column loses cells), or by their own value (the larger
half of the values, or the more frequent categories). Imputers learn from 60 % of at most
300 rows; errors are of cells of the others. A number's error is the root mean square in standard
deviations of its column, a category's the share of wrong ones, each divided by that of
`SimpleImputer`; their mean over columns is a table's error.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferImputer
from tabtransfer.datasets.suites import load_table

TABLES = (
    *("penguins", "cars", "wine", "fair", "401ksubs", "mroz"),
    *("scorecard", "diabetes", "boston_housing"),
)
PATTERNS = ("at random", "by another column", "by their own value")
N_ROWS, SHARE = 300, 0.2


class OneHot:
    """Fill in by an imputer of numbers, which gets categories one-hot; the largest wins."""

    def __init__(self, imputer: Any) -> None:
        self.imputer = imputer

    def fit(self, X: pd.DataFrame) -> OneHot:
        """Learn from rows."""
        self.numbers = [name for name in X if pd.api.types.is_numeric_dtype(X[name])]
        self.categories = {
            name: np.sort(X[name].dropna().unique()) for name in X if name not in self.numbers
        }
        self.mean, self.deviation = X[self.numbers].mean(), X[self.numbers].std().replace(0.0, 1.0)
        self.imputer.fit(self.encode(X))
        return self

    def encode(self, X: pd.DataFrame) -> np.ndarray:
        """Return standardised numbers and one-hot categories."""
        parts = [((X[self.numbers] - self.mean) / self.deviation).to_numpy(np.float64)]
        for name, categories in self.categories.items():
            cells = X[name].to_numpy(object)[:, None]
            one_hot = (cells == categories).astype(np.float64)
            one_hot[X[name].isna().to_numpy()] = np.nan
            parts.append(one_hot)
        return np.concatenate(parts, axis=1)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Fill in rows."""
        found, filled = self.imputer.transform(self.encode(X)), X.copy()
        n = len(self.numbers)
        filled[self.numbers] = found[:, :n] * self.deviation.to_numpy() + self.mean.to_numpy()
        for name, categories in self.categories.items():
            best = categories[found[:, n : n + len(categories)].argmax(1)]
            filled[name] = filled[name].where(X[name].notna(), best)
            n += len(categories)
        return filled


def make_methods(seed: int) -> dict[str, Any]:
    """Return the imputers by name."""
    forest = ExtraTreesRegressor(30, min_samples_leaf=2, random_state=seed)
    return {
        "tabtransfer": TabTransferImputer(random_state=seed),
        "SimpleImputer": OneHot(SimpleImputer()),
        "KNNImputer": OneHot(KNNImputer()),
        "IterativeImputer": OneHot(IterativeImputer(random_state=seed)),
        "forests": OneHot(IterativeImputer(forest, max_iter=4, random_state=seed)),
    }


def read(name: str, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return the complete rows of a table; categories are strings, numbers floats."""
    table = load_table(name)
    X = table.X.copy()
    for column in X:
        numeric = pd.api.types.is_numeric_dtype(X[column]) and X[column].dtype != bool
        X[column] = X[column].astype(np.float64 if numeric else object)
        if not numeric:
            X[column] = X[column].where(X[column].isna(), X[column].astype(str))
    whole = (X.notna().all(axis=1) & table.y.notna()).to_numpy()
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(whole))[:N_ROWS]
    return X.iloc[rows].reset_index(drop=True), table.y.iloc[rows].reset_index(drop=True)


def take_out(X: pd.DataFrame, pattern: str, seed: int) -> np.ndarray:
    """Return which cells are taken out (n_rows, n_columns)."""
    rng = np.random.default_rng(seed)
    if pattern == "at random":
        return rng.random(X.shape) < SHARE
    ranks = np.empty(X.shape)
    for place, name in enumerate(X):
        cells = X[name]
        if cells.dtype == object:
            cells = cells.map(cells.value_counts())
        ranks[:, place] = (cells + 1e-9 * rng.random(len(cells))).rank(pct=True)
    if pattern == "by another column":
        ranks = np.roll(ranks, -1, axis=1)
    return (ranks > 0.5) & (rng.random(X.shape) < 2 * SHARE)


def cell_errors(X: pd.DataFrame, filled: pd.DataFrame, out: np.ndarray) -> np.ndarray:
    """Return the error of each column; NaN where no cell was taken out."""
    errors = []
    for place, name in enumerate(X):
        true, found = X[name][out[:, place]], filled[name][out[:, place]]
        if not len(true):
            errors.append(np.nan)
        elif X[name].dtype == object:
            errors.append(float((true != found).mean()))
        else:
            gap = (true - found.astype(np.float64)) / (X[name].std() or 1.0)
            errors.append(float(np.sqrt((gap**2).mean())))
    return np.array(errors)


def score(train: pd.DataFrame, y: pd.Series, test: pd.DataFrame, y_test: pd.Series) -> float:
    """Return the ROC AUC, or R², of a forest trained on rows that were filled in."""
    both = pd.get_dummies(pd.concat([train, test]), dtype=np.float64).to_numpy()
    X, X_test = both[: len(train)], both[len(train) :]
    if pd.api.types.is_numeric_dtype(y) and y.nunique() > 10:
        forest = RandomForestRegressor(100, min_samples_leaf=2, random_state=0).fit(X, y)
        return float(r2_score(y_test, forest.predict(X_test)))
    forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=0).fit(X, y.astype(str))
    found, labels = forest.predict_proba(X_test), y_test.astype(str).to_numpy()
    areas = [
        roc_auc_score(labels == label, found[:, place])
        for place, label in enumerate(forest.classes_)
        if 0 < (labels == label).sum() < len(labels)
    ]
    return float(np.mean(areas))


def measure(name: str, seed: int) -> list[dict[str, Any]]:
    """Return a line for each way to take cells out and each imputer."""
    X, y = read(name, seed)
    rows = np.arange(len(X))
    train, test = train_test_split(rows, train_size=0.6, random_state=seed)
    lines = []
    for pattern in PATTERNS:
        out = take_out(X, pattern, seed)
        holes = X.mask(out)
        base = None
        for method, imputer in sorted(
            make_methods(seed).items(), key=lambda m: m[0] != "SimpleImputer"
        ):
            start = time.perf_counter()
            known = imputer.fit(holes.iloc[train])
            filled = [known.transform(holes.iloc[part]) for part in (train, test)]
            seconds = time.perf_counter() - start
            errors = cell_errors(X.iloc[test], filled[1], out[test])
            base = errors if base is None else base
            usable = base > 0
            lines.append(
                {
                    "table": name,
                    "cells": pattern,
                    "seed": seed,
                    "method": method,
                    "error": float(np.nanmean(errors[usable] / base[usable])),
                    "score": score(filled[0], y.iloc[train], filled[1], y.iloc[test]),
                    "seconds": seconds,
                }
            )
    return lines


def main() -> None:
    """Run the benchmark and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--out", help="CSV file for a line of each measurement")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for name in options.tables:
        for seed in range(options.seeds):
            lines += measure(name, seed)
        if options.out:
            pd.DataFrame(lines).to_csv(options.out, index=False, float_format="%.4f")
        print(f"{name} measured", flush=True)
    found = pd.DataFrame(lines)
    order = list(make_methods(0))
    for value, digits in (("error", 3), ("score", 3), ("seconds", 1)):
        print(f"\n{value}: mean over seeds")
        by_table = found.pivot_table(value, ["cells", "table"], "method", sort=False)[order]
        print(by_table.round(digits).to_string())
        print(
            found.pivot_table(value, "cells", "method", sort=False)[order].round(digits).to_string()
        )
        print(found.groupby("method")[value].mean()[order].round(digits).to_string())
    by_table = found.pivot_table("error", ["cells", "table"], "method")
    for opponent in order[1:]:
        better = by_table["tabtransfer"] < by_table[opponent]
        print(f"less error than {opponent} on {better.sum()} of {len(better)} tables and ways")


if __name__ == "__main__":
    main()
