"""Boost trees with and without mean labels of categories, on random training tables.

usage: OMP_NUM_THREADS=1 python survey.py MANIFEST [--tables 24] [--rows 4000] [--seed 3]

MANIFEST lists tables for training (see `tabtransfer.pretrain.real_tables.corpus`). A table's
target, or a column of two to four values, is predicted for up to 3,000 rows by the mean of five
fold models. Loss is log-loss, or RMSE of the standardised target.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

import tabtransfer.learners.boosted_folds as boosted_folds
from tabtransfer.learners import DistinctRows, fit_learners
from tabtransfer.learners.choice import choose_learners
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables import corpus

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("manifest", type=Path)
parser.add_argument("--tables", type=int, default=24)
parser.add_argument("--rows", type=int, default=4000)
parser.add_argument("--seed", type=int, default=3)
options = parser.parse_args()

entries = {entry["name"]: entry for entry in json.loads(options.manifest.read_text())}
names = [
    name
    for name, entry in entries.items()
    if entry["n_rows"] >= 3000 and entry["n_categorical"] and entry["n_cols"] <= 40
]
by_groups = boosted_folds.LabelledGroups.of
losses = []
for name in np.random.default_rng(options.seed).permutation(names):
    entry = entries[name]
    frame = corpus._read_entry(options.manifest.parent, entry)
    if len(frame) > 60_000:
        frame = frame.sample(60_000, random_state=0)
    target = entry["target"] if entry.get("target") in frame else None
    if target is None:
        few = [c for c in frame if 2 <= frame[c].nunique() <= 4]
        few = [c for c in few if frame[c].value_counts().min() >= 200]
        if not few:
            continue
        target = few[-1]
    frame = frame[frame[target].notna()]
    X, y, n_classes = frame.drop(columns=[target]), frame[target], 0
    if y.nunique() <= 5:
        y = np.unique(y.astype(str), return_inverse=True)[1]
        n_classes = int(y.max() + 1)
        if n_classes < 2 or np.bincount(y).min() < 60:
            continue
    elif pd.api.types.is_numeric_dtype(y):
        y = y.to_numpy(float)
        y = (y - y.mean()) / y.std()
    else:
        continue
    n_train = min(len(y) * 4 // 5, options.rows)
    train, test = train_test_split(
        np.arange(len(y)),
        train_size=n_train,
        test_size=min(3000, len(y) - n_train),
        random_state=0,
        stratify=y if n_classes else None,
    )
    encoder = TableEncoder().fit(X.iloc[train])
    known, query = encoder.transform(X.iloc[train]), encoder.transform(X.iloc[test])
    categorical = known.categorical & (known.n_categories > 2)
    rows = DistinctRows.of(known.cells, y[train], None)
    chosen = choose_learners(rows.n_rows, n_classes)
    if not categorical.any() or chosen is None or not chosen[1].patience:
        continue
    found = []
    for with_means in (False, True):
        boosted_folds.LabelledGroups.of = by_groups if with_means else lambda *_: None
        started = time.process_time()
        learners = fit_learners(known, y[train], n_classes, rows, [chosen[1]], 5, 0)
        predicted = learners.predict(query)[:, 0]
        seconds = time.process_time() - started
        if n_classes:
            shares = predicted / predicted.sum(1, keepdims=True)
            loss = log_loss(y[test], shares, labels=np.arange(n_classes))
        else:
            loss = float(np.sqrt(np.mean(np.square(y[test] - predicted[:, 0]))))
        means = learners.fits[0][0].means
        found.append(
            (round(loss, 4), round(seconds, 1), 0 if means is None else len(means.columns))
        )
    losses.append([loss for loss, *_ in found])
    print(name, target, X.shape, int(categorical.sum()), known.n_categories.max(), n_classes, found)
    if len(losses) == options.tables:
        break
codes, means = np.array(losses).T + 1e-3
print(f"ratio of losses {np.exp(np.mean(np.log(means / codes))):.4f}")
