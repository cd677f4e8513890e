"""What `finetune="auto"` gains over in-context prediction, table by table; resumes.

usage: python records/026-fine-tuning-auto/measure.py MANIFEST OUT.jsonl SECONDS

MANIFEST is a JSON list of tables: name, file (Parquet, beside it), target, task. Half of the rows
of each train, of 13,000 rows and more 77 %, 10,000 at most; up to 2,000 others are predicted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor

FEWEST, MOST = 300, 10_000
LEVELS = np.arange(1, 20) / 20


def scores(model: Any, X: pd.DataFrame, y: pd.Series, is_regression: bool) -> dict[str, float]:
    """Return RMSE and pinball loss, or 1 - ROC AUC and log-loss."""
    if is_regression:
        quantiles = model.predict(X, output="quantiles", quantiles=list(LEVELS))
        error = y.to_numpy()[:, None] - np.asarray(quantiles)
        return {
            "error": float(np.sqrt(np.mean((model.predict(X) - y) ** 2))),
            "loss": float(np.maximum(LEVELS * error, (LEVELS - 1) * error).mean()),
        }
    found, classes = model.predict_proba(X), np.asarray(model.classes_)
    if len(classes) == 2:
        auc = roc_auc_score(y == classes[1], found[:, 1])
    else:
        auc = roc_auc_score(y, found, multi_class="ovo", labels=classes)
    return {"error": 1 - float(auc), "loss": float(log_loss(y, found, labels=classes))}


def measure(entry: dict[str, Any], folder: Path, seconds: float) -> dict[str, Any] | None:
    """Fit with and without fine-tuning, and score both; None for a table that is too small."""
    is_regression = entry["task"] == "regression"
    frame = pd.read_parquet(folder / entry["file"]).dropna(subset=[entry["target"]])
    X, y = frame.drop(columns=entry["target"]), frame[entry["target"]]
    n_train = min(MOST, int(len(y) * (0.77 if len(y) >= 13_000 else 0.5)))
    if n_train < FEWEST:
        return None
    y = y if is_regression else y.astype(str)
    single = is_regression or y.value_counts().min() < 2
    train_X, test_X, train_y, test_y = train_test_split(
        *(X, y),
        train_size=n_train,
        test_size=min(2000, len(y) - n_train),
        random_state=0,
        stratify=None if single else y,
    )
    if not is_regression:
        known = test_y.isin(set(train_y))
        test_X, test_y = test_X[known], test_y[known]
    estimator = TabTransferRegressor if is_regression else TabTransferClassifier
    start = time.time()
    tuned = estimator(random_state=0, finetune="auto", time_limit=seconds).fit(train_X, train_y)
    row: dict[str, Any] = {"table": entry["name"], "reg": is_regression, "n": n_train}
    row.update(cols=X.shape[1], fit_auto=time.time() - start)
    found = tuned.finetuning_
    row.update(chosen=found.chosen, reason=found.reason, children=found.n_children)
    row.update(steps=found.n_steps, prob=found.probability)
    row["auto"] = row["plain"] = scores(tuned, test_X, test_y, is_regression)
    if found.chosen == "tuned":
        plain = estimator(random_state=0).fit(train_X, train_y)
        row["plain"] = scores(plain, test_X, test_y, is_regression)
    return row


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    manifest, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    done = {json.loads(line)["table"] for line in out.open()} if out.exists() else set()
    for entry in json.loads(manifest.read_text()):
        if entry["name"] not in done:
            row = measure(entry, manifest.parent, seconds)
            if row is not None:
                with out.open("a") as journal:
                    journal.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
