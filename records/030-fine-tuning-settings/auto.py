"""Fine-tune tables with finetune="auto" and compare with in-context predictions.

usage: auto.py MANIFEST OUT.jsonl SECONDS [largest]
Tables from the smallest on, or from the largest; two processes may share a journal.
Half of the rows to learn from (10,000 at most), 2,000 others at most to test; one thread. A table
whose weights were left alone predicts as in context.
"""

import dataclasses
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor

FEWEST, MOST, TEST = 300, 10_000, 2000
LEVELS = np.arange(0.05, 1.0, 0.05)
warnings.simplefilter("ignore")
manifest, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
entries = json.loads(manifest.read_text())


def n_cells(entry):
    frame = pd.read_parquet(manifest.parent / entry["file"])
    return min(len(frame), 2 * MOST) * frame.shape[1]


def done():
    return {json.loads(line)["table"] for line in open(out)} if out.exists() else set()


def scores(model, X, y, numeric):
    if numeric:
        predicted, quantiles = (
            model.predict(X),
            model.predict(X, output="quantiles", quantiles=LEVELS),
        )
        below = np.asarray(y, float)[:, None] - quantiles
        pinball = np.maximum(LEVELS * below, (LEVELS - 1) * below).mean()
        return float(pinball), float(root_mean_squared_error(y, predicted))
    p, classes = model.predict_proba(X), model.classes_
    loss = log_loss(y, p, labels=classes)
    if len(classes) == 2:
        return float(loss), float(1 - roc_auc_score(y == classes[1], p[:, 1]))
    p = p / p.sum(1, keepdims=True)
    return float(loss), float(1 - roc_auc_score(y, p, multi_class="ovo", labels=classes))


for entry in sorted(entries, key=n_cells, reverse=sys.argv[4:] == ["largest"]):
    name, numeric = entry["name"], entry["task"] == "regression"
    if name in done():
        continue
    frame = pd.read_parquet(manifest.parent / entry["file"])
    y = frame.pop(entry["target"])
    kept = y.notna()
    X, y = frame[kept], y[kept] if numeric else y[kept].astype(str).to_numpy()
    n_train = min(MOST, len(X) // 2)
    if n_train < FEWEST:
        continue
    strata = None if numeric or min(np.unique(y, return_counts=True)[1]) < 2 else y
    parts = train_test_split(
        *(X, y),
        train_size=n_train,
        test_size=min(TEST, len(X) - n_train),
        random_state=0,
        stratify=strata,
    )
    X_train, X_test, y_train, y_test = parts
    if not numeric:
        known = np.isin(y_test, np.unique(y_train))
        X_test, y_test = X_test[known], y_test[known]
    Model = TabTransferRegressor if numeric else TabTransferClassifier
    start = time.time()
    model = Model(finetune="auto", time_limit=seconds, random_state=0, n_threads=1).fit(
        X_train, y_train
    )
    fitted = time.time() - start
    tuned = scores(model, X_test, y_test, numeric)
    base = tuned
    if model.finetuning_.chosen == "tuned":
        base = scores(
            Model(random_state=0, n_threads=1).fit(X_train, y_train), X_test, y_test, numeric
        )
    record = dataclasses.asdict(model.finetuning_)
    record.pop("found")
    row = dict(
        table=name,
        task=entry["task"],
        n_train=n_train,
        base=base,
        tuned=tuned,
        fit_seconds=fitted,
        **record,
    )
    with open(out, "a") as file:
        file.write(json.dumps(row) + "\n")
    print(name, n_train, record["chosen"], base, tuned, round(fitted), flush=True)
