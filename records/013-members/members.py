"""Score ensembles of several sizes on the larger validation tables.

usage: python members.py CORPUS N_TRAIN OUT.csv SIZE [SIZE …]
CORPUS: the manifest that pretraining's tables are packed from. One thread.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.pretrain.corpus import load_corpus

TABLES = {
    "classification": [
        "eeg-eye-state",
        "mammography",
        "mozilla4",
        "nursery",
        "page-blocks",
        "fars",
        "sleep__2",
    ],
    "regression": ["visualizing_soil", "wind", "sml", "keggundirected"],
}
corpus, n_train, out = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
rows = []
for task, names in TABLES.items():
    for table in load_corpus(corpus, task):
        if table.name not in names:
            continue
        y = table.y.dropna()
        if task == "classification":
            y = y.astype(str)
            y = y[y.map(y.value_counts()) >= 20]
        y = y.iloc[np.random.default_rng(0).permutation(len(y))[:4000]]
        if task == "classification":
            y = y[y.map(y.value_counts()) >= 8]
        strata = y if task == "classification" else None
        train, test = train_test_split(
            np.arange(len(y)), train_size=n_train, random_state=0, stratify=strata
        )
        X, kind = table.X.loc[y.index], TabTransferRegressor
        if task == "classification":
            kind = TabTransferClassifier
        for size in map(int, sys.argv[4:]):
            start = time.perf_counter()
            model = kind(size, random_state=0).fit(X.iloc[train], y.iloc[train])
            if task == "regression":
                scores = {"r2": r2_score(y.iloc[test], model.predict(X.iloc[test]))}
            else:
                p = model.predict_proba(X.iloc[test])
                binary = p.shape[1] == 2
                scores = {
                    "roc_auc": roc_auc_score(
                        y.iloc[test], p[:, 1] if binary else p, multi_class="ovo"
                    ),
                    "log_loss": log_loss(y.iloc[test], p, labels=model.classes_),
                }
            seconds = time.perf_counter() - start
            rows.append({"table": table.name, "members": size, **scores, "seconds": seconds})
            print(rows[-1], flush=True)
pd.DataFrame(rows).to_csv(out, index=False)
