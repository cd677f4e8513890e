"""Errors of the estimators on validation tables with other settings of boosting.

usage: measure.py MANIFEST MOST_ROWS TASK OUT.jsonl [SETTING=VALUE,...]
TASK: classification or regression. Half of each table to learn from, MOST_ROWS at most (from 700
on if MOST_ROWS is over 600), 2,000 others to test; one thread. Errors of numbers over the target's
deviation, log-loss over ln(classes).
"""

import json
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.inference import fitting

LEVELS = np.arange(0.05, 1.0, 0.05)
warnings.simplefilter("ignore")
torch.set_num_threads(1)
manifest, most, task, out = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
changes = dict(part.split("=") for part in ",".join(sys.argv[5:]).split(",") if part)
changes = {name: float(value) if "." in value else int(value) for name, value in changes.items()}
choose = fitting.choose_learners


def choose_otherwise(*sizes):
    chosen = choose(*sizes)
    if chosen is None or chosen[1] is None:
        return chosen
    return chosen[0], replace(chosen[1], **changes), chosen[2]


fitting.choose_learners = choose_otherwise
for entry in json.loads(manifest.read_text()):
    if entry["task"] != task:
        continue
    frame = pd.read_parquet(manifest.parent / entry["file"])
    frame = frame[frame[entry["target"]].notna()]
    X, y = frame.drop(columns=entry["target"]), frame[entry["target"]]
    n_train = min(most, len(X) // 2)
    if most > 600 and n_train < 700:
        continue
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:n_train], order[n_train : n_train + 2000]
    start = time.process_time()
    if task == "regression":
        y = y.to_numpy(float)
        model = TabTransferRegressor(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
        seconds, unit, X = time.process_time() - start, y[train].std(), X.iloc[test]
        below = y[test][:, None] - model.predict(X, output="quantiles", quantiles=LEVELS)
        scores = {
            "rmse": np.sqrt(np.mean((model.predict(X) - y[test]) ** 2)) / unit,
            "pinball": np.maximum(LEVELS * below, (LEVELS - 1) * below).mean() / unit,
        }
    else:
        y = y.astype(str).to_numpy()
        names, counts = np.unique(y[train], return_counts=True)
        train, test = (rows[np.isin(y[rows], names[counts >= 2])] for rows in (train, test))
        model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
        seconds = time.process_time() - start
        p, names = model.predict_proba(X.iloc[test]), model.classes_
        scores = {"logloss": log_loss(y[test], p, labels=names) / np.log(len(names))}
    row = {**scores, "settings": changes, "table": entry["name"], "most": most, "n": n_train}
    with open(out, "a") as file:
        file.write(json.dumps({**row, "fit": seconds}, default=float) + "\n")
