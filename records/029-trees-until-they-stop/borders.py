"""Boosted trees of large tables with more places at which a column can be split.

usage: borders.py MANIFEST TASK OUT.jsonl
TASK: classification or regression. Tables of 9,000 rows and more, 5 to 30 columns, in a random
order; the stated target, or else the last column that can be one. 8,000 rows to learn from, 2,500
others to test; mean of two fold models, up to 2,500 trees, each stopped by its fold; one thread.
RMSE over the target's deviation, or log-loss over ln(classes); tables that hardly can or hardly
can't be predicted are left out.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoost, Pool

from tabtransfer.learners.boosting import ColumnBins
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables.corpus import read_corpus

BORDERS = (128, 254)
SETTINGS = {
    "iterations": 2500,
    "depth": 6,
    "learning_rate": 0.1,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.8,
    "thread_count": 1,
    "verbose": 0,
    "allow_writing_files": False,
}
N_TABLES = 10


def find_target(frame, stated, numeric):
    if stated is not None and (frame[stated].nunique() > 20) == numeric:
        return stated
    found = None
    for name, column in frame.items():
        if column.notna().mean() <= 0.95:
            continue
        if numeric and pd.api.types.is_float_dtype(column) and column.nunique() > 500:
            found = name
        if not numeric and 2 <= column.nunique() <= 6:
            found = name if column.value_counts(normalize=True).iloc[0] < 0.9 else found
    return found


def error(X, y, train, test, n_classes, n_borders):
    predicted = 0.0
    for fold in range(2):
        left_out = train[fold::5]
        rows = np.setdiff1d(train, left_out)
        bins = ColumnBins.of(X[rows], n_borders)
        loss = {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass")
        model = CatBoost(
            {**SETTINGS, "loss_function": loss, "border_count": n_borders, "random_seed": fold}
        )
        model.fit(
            Pool(bins.number(X[rows]), y[rows]),
            eval_set=Pool(bins.number(X[left_out]), y[left_out]),
            early_stopping_rounds=40,
        )
        kind = "Probability" if n_classes else "RawFormulaVal"
        predicted = predicted + model.predict(bins.number(X[test]), prediction_type=kind) / 2
    if not n_classes:
        return float(np.sqrt(np.mean((predicted - y[test]) ** 2)))
    likely = predicted[np.arange(len(test)), y[test]].clip(1e-6)
    return float(-np.log(likely).mean() / np.log(n_classes))


warnings.simplefilter("ignore")
manifest, numeric, out = Path(sys.argv[1]), sys.argv[2] == "regression", sys.argv[3]
tables = [t for t in read_corpus(manifest) if len(t.frame) >= 9000 and 5 <= t.frame.shape[1] <= 30]
np.random.default_rng(5).shuffle(tables)
done = 0
for table in tables:
    frame = table.frame
    name = find_target(frame, table.target, numeric)
    if name is None:
        continue
    frame = frame[frame[name].notna()]
    n_classes, y = 0, frame[name]
    if not numeric:
        names = y.astype(str).value_counts()
        frame = frame[y.astype(str).isin(names.index[(names >= 100)][:8])]
        y = pd.Series(pd.factorize(frame[name].astype(str))[0])
        n_classes = y.max() + 1
    X = frame.drop(columns=name)
    cells, y = TableEncoder().fit(X).transform(X).cells, y.to_numpy()
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:8000], order[8000:10500]
    if numeric:
        y = (y - y[train].mean()) / y[train].std()
    row = {"table": table.name, "classes": int(n_classes), "columns": cells.shape[1]}
    for n_borders in BORDERS:
        start = time.process_time()
        row[f"error_{n_borders}"] = error(cells, y, train, test, n_classes, n_borders)
        row[f"seconds_{n_borders}"] = time.process_time() - start
    if 0.005 < row["error_128"] < 0.97:
        with open(out, "a") as file:
            file.write(json.dumps(row) + "\n")
        done += 1
    if done == N_TABLES:
        break
