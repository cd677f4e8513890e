"""Scores and time of whole estimators with smaller learners, on tables of some thousand rows.

usage: python records/047-cuts-and-more-training/measure_cuts.py TABLES.json ROWS OUT.csv NAME ...

TABLES.json lists tables ("name", "file", "target", "task"), whose Parquet files lie beside it; with
"member", the file is a zip archive that holds it. NAME is a table's, with ":CLS" or ":NUM" where
none is stated as target: the last column of few classes, or of more than 200 numbers. Losses are
logarithms: of RMSE over the target's deviation, or of the log loss and .01. Time is of fitting and
of predicting the other rows, 3,000 at most.
"""

import io
import json
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import catboost
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.inference import fitting
from tabtransfer.learners.choice import choose_learners

SCORES = ["log_loss_or_log_rmse", "roc_auc_or_r2", "core_seconds"]
COLUMNS = ["table", "task", "rows", "training_rows", "split", "variant", *SCORES]
VARIANTS = "as it is", "forest of 20", "no forest", "fewer borders", "no backtracking"
SPLIT = 1
CATBOOST = catboost.CatBoost


class Unchecked(CATBOOST):
    """Boosted trees whose steps of leaf values are taken as they are."""

    def __init__(self, params=None):
        super().__init__({**(params or {}), "leaf_estimation_backtracking": "No"})


def choice_of(variant):
    def choose(n_rows, n_classes, *others):
        chosen = choose_learners(n_rows, n_classes, *others)
        if chosen is None:
            return None
        forest, boosting, kernel = chosen
        if variant == "forest of 20":
            forest = replace(forest, n_trees=20)
        if variant == "no forest":
            forest = None
        if variant == "fewer borders" and boosting is not None:
            most = 64 if n_classes else 128
            boosting = replace(boosting, n_borders=min(boosting.n_borders, most))
        return forest, boosting, kernel

    return choose


def last_target(frame, numbers):
    """Return the name of the last column that can be one, or None."""
    found = None
    for name in frame:
        known = frame[name].dropna()
        counts = known.value_counts()
        if len(known) <= 0.9 * len(frame):
            continue
        if numbers:
            fits = pd.api.types.is_numeric_dtype(known) and len(counts) > 200
        else:
            fits = 2 <= len(counts) <= 8 and counts.iloc[-1] >= 60
        found = name if fits else found
    return found


def read(entry, kind, folder):
    """Return columns, the target, and whether it is of numbers; None if it can't be one."""
    content = (folder / entry["file"]).read_bytes()
    if "member" in entry:
        content = zipfile.ZipFile(io.BytesIO(content)).read(entry["member"])
    frame = pd.read_parquet(io.BytesIO(content))
    numbers = kind == "NUM" if kind else entry["task"] == "regression"
    target = None if kind else entry["target"]
    target = last_target(frame, numbers) if target is None else target
    if target is None:
        return None
    X = frame.dropna(subset=[target])
    y = X.pop(target).astype(float if numbers else str)
    kept = (y.groupby(y).transform("size") >= (0 if numbers else 30)).to_numpy()
    X, y = X[kept], y[kept].to_numpy()
    if not numbers and len(np.unique(y)) > 10:
        return None
    return X, y, numbers


def scores(model, X, y, numbers):
    if numbers:
        error = np.mean((model.predict(X) - y) ** 2) / y.var()
        return np.log(error) / 2, 1 - error
    found, target = model.predict_proba(X), np.searchsorted(model.classes_, y)
    loss = -np.log(found.clip(1e-9))[np.arange(len(y)), target].mean()
    scored = found[:, 1] if found.shape[1] == 2 else found / found.sum(1, keepdims=True)
    labels = np.arange(found.shape[1])
    return np.log(loss + 0.01), roc_auc_score(target, scored, multi_class="ovo", labels=labels)


def measure(name, entries, folder, most):
    table, _, kind = name.partition(":")
    given = read(entries[table], kind, folder)
    if given is None:
        return
    X, y, numbers = given
    n = min(most, int(0.64 * len(y)))
    if n < 0.55 * most or X.shape[1] > 60:
        return
    sizes = {"train_size": n, "test_size": min(3000, len(y) - n), "random_state": SPLIT}
    a, b = train_test_split(np.arange(len(y)), stratify=None if numbers else y, **sizes)
    estimator = TabTransferRegressor if numbers else TabTransferClassifier
    for variant in VARIANTS:
        fitting.choose_learners = choice_of(variant)
        catboost.CatBoost = Unchecked if variant == "no backtracking" else CATBOOST
        start = time.process_time()
        model = estimator(random_state=0, n_threads=1).fit(X.iloc[a], y[a])
        of = scores(model, X.iloc[b], y[b], numbers)
        seconds = round(time.process_time() - start, 2)
        yield name, "numbers" if numbers else "classes", most, n, SPLIT, variant, *of, seconds


if __name__ == "__main__":
    tables, most, out, *names = sys.argv[1:]
    torch.set_num_threads(1)
    entries = {entry["name"]: entry for entry in json.loads(Path(tables).read_text())}
    found = []
    for name in names:
        found += measure(name, entries, Path(tables).parent, int(most))
        pd.DataFrame(found, columns=COLUMNS).round(5).to_csv(out, index=False)
