"""Rows of equal cells left out together or one by one, in tables where few rows are single.

usage: python records/027-rows-that-recur/measure.py CORPUS > scores.jsonl

CORPUS holds tables as `tabtransfer pretrain` takes them. Three fifths of each, up to 1,000 rows,
are trained on; tables of more than 12 columns are left out. Numbers: RMSE over the target's
deviation.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

import tabtransfer.preprocessing.labelled_table as labelled_table
from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.preprocessing.copies import distinct, left_out_together
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables.corpus import RealTable, load_corpus


def measure(table: RealTable, task: str) -> dict[str, object] | None:
    """Score both ways; None for a table of another sort."""
    known = table.y.notna()
    X, y = table.X[known].reset_index(drop=True), table.y[known].reset_index(drop=True)
    if task == "classification":
        counts = y.astype(str).value_counts()
        common = y.astype(str).isin(counts[counts >= 8].index[:10]).to_numpy()
        X, y = X[common].reset_index(drop=True), y[common].astype(str).reset_index(drop=True)
    labels = y.to_numpy(float) if task == "regression" else y.to_numpy()
    n_train = min(1000, int(len(y) * 0.6))
    if n_train < 80 or X.shape[1] > 12 or len(np.unique(labels)) < 2:
        return None
    train, query = train_test_split(
        np.arange(len(y)),
        train_size=n_train,
        test_size=min(1000, len(y) - n_train),
        random_state=0,
        stratify=labels if task == "classification" else None,
    )
    cells = TableEncoder().fit(X.iloc[train]).transform(X.iloc[train]).cells
    times = np.bincount(distinct(cells)[1])
    if (times == 1).mean() >= 0.25 or times.max() == 1:
        return None
    codes = (
        labels[train] if task == "regression" else np.unique(labels[train], return_inverse=True)[1]
    )
    row: dict[str, object] = {"table": table.name, "task": task, "n": n_train}
    row["distinct"], row["single"] = len(times), round(float((times == 1).mean()), 2)
    row["by_nature"] = left_out_together(cells, None, codes) is None
    together = distinct(cells)[1]
    for name, copies in (("together", together), ("one_by_one", None)):
        labelled_table.left_out_together = lambda cells, *_, copies=copies: (
            None if copies is None else distinct(cells)[1]
        )
        if task == "regression":
            model = TabTransferRegressor(random_state=0, n_threads=1)
            errors = model.fit(X.iloc[train], labels[train]).predict(X.iloc[query]) - labels[query]
            row[name] = round(float(np.sqrt(np.mean(errors**2)) / labels[train].std()), 4)
            continue
        model = TabTransferClassifier(random_state=0, n_threads=1)
        found = model.fit(X.iloc[train], labels[train]).predict_proba(X.iloc[query])
        classes = model.classes_
        if len(classes) == 2:
            auc = roc_auc_score(labels[query] == classes[1], found[:, 1])
        else:
            auc = roc_auc_score(labels[query], found, multi_class="ovo", labels=classes)
        row[name] = round(float(log_loss(labels[query], found, labels=classes)), 4)
        row[f"{name}_auc"] = round(float(auc), 4)
    return row


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    for task in ("classification", "regression"):
        for table in load_corpus(Path(sys.argv[1]), task):
            row = measure(table, task)
            if row is not None:
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
