"""Scores of whole estimators with two networks, whose predictions are averaged.

usage: python records/047-cuts-and-more-training/measure_two_networks.py TABLES.json \
           WEIGHTS.safetensors ROWS,... SPLIT,... OUT.csv

TABLES.json lists tables ("name", "file", "target", "task"), whose Parquet files lie beside it.
WEIGHTS are those of the second network; the first has the shipped ones. Learners are fitted once a
table and split. Losses are logarithms: of RMSE, or of the log loss and .01.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.inference import fitting
from tabtransfer.learners import fit_learners

COLUMNS = ["table", "task", "rows", "split", "variant", "log_loss_or_log_rmse", "roc_auc_or_r2"]
SHARES = {"shipped": 1.0, "synthetic": 0.0, "mean": 0.5, "three quarters": 0.75}  # of the first
LEARNERS = {}


def fit_once(table, labels, n_classes, rows, settings, n_folds, seed, *others):
    key = len(labels), repr(settings), seed
    if key not in LEARNERS:
        given = table, labels, n_classes, rows, settings, n_folds, seed
        LEARNERS[key] = fit_learners(*given, *others)
    return LEARNERS[key]


def read(entry, folder):
    """Return columns, the target, and whether it is of numbers; None if it can't be asked."""
    numbers = entry["task"] == "regression"
    X = pd.read_parquet(folder / entry["file"]).dropna(subset=[entry["target"]])
    y = X.pop(entry["target"]).astype(float if numbers else str)
    kept = (y.groupby(y).transform("size") >= (0 if numbers else 8)).to_numpy()
    X, y = X[kept], y[kept].to_numpy()
    if X.shape[1] > 60 or not (numbers or 2 <= len(np.unique(y)) <= 10):
        return None
    return X, y, numbers


def scores(found, y, names):
    """Return the loss and the score of predictions; rows of unknown classes aren't scored."""
    if names is None:
        error = np.mean((found - y) ** 2)
        return np.log(error) / 2, 1 - error / y.var()
    known = np.isin(y, names)
    target, found = np.searchsorted(names, y[known]), found[known]
    found = found / found.sum(1, keepdims=True)
    loss = -np.log(found.clip(1e-9)[np.arange(len(target)), target]).mean()
    scored, labels = found[:, 1] if len(names) == 2 else found, np.arange(len(names))
    try:
        area = roc_auc_score(target, scored, multi_class="ovo", labels=labels)
    except ValueError:  # a class of no row
        area = np.nan
    return np.log(loss + 0.01), area


def measure(entry, folder, weights, most, splits):
    given = read(entry, folder)
    if given is None:
        return
    X, y, numbers = given
    n = min(most, int(0.64 * len(y)))
    if n < (0.9 if most <= 100 else 0.55) * most:
        return
    task, estimator = "classes", TabTransferClassifier
    if numbers:
        task, estimator = "numbers", TabTransferRegressor
    for split in splits:
        LEARNERS.clear()
        sizes = {"train_size": n, "test_size": min(3000, len(y) - n), "random_state": split}
        try:
            a, b = train_test_split(np.arange(len(y)), stratify=None if numbers else y, **sizes)
        except ValueError:  # more classes than rows
            continue
        predicted = []
        for checkpoint in (None, weights):
            model = estimator(random_state=0, n_threads=1, checkpoint=checkpoint)
            model.fit(X.iloc[a], y[a])
            ask = model.predict if numbers else model.predict_proba
            predicted.append(ask(X.iloc[b]))
        names = None if numbers else model.classes_
        for variant, share in SHARES.items():
            mixed = share * predicted[0] + (1 - share) * predicted[1]
            yield entry["name"], task, most, split, variant, *scores(mixed, y[b], names)


if __name__ == "__main__":
    tables, weights, sizes, splits, out = sys.argv[1:]
    torch.set_num_threads(1)
    fitting.fit_learners = fit_once
    found = []
    for most in map(int, sizes.split(",")):
        for entry in json.loads(Path(tables).read_text()):
            given = entry, Path(tables).parent, weights, most
            found += measure(*given, [int(split) for split in splits.split(",")])
            pd.DataFrame(found, columns=COLUMNS).round(5).to_csv(out, index=False)
