"""Log loss of the classifier with probabilities that are surer, or less sure, than the network's.

usage: python records/035-sharper-long-contexts/measure.py CORPUS ROWS OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; ROWS of each are trained on, stratified,
and up to 3,000 others predicted. Classes of fewer than 12 rows are left out, and so are tables of
more than ten classes. Logits are multiplied by (length of the context / 1,000) ** sharpening.
"""

import dataclasses
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier
from tabtransfer.checkpoint import load_checkpoint
from tabtransfer.pretrain.real_tables.corpus import load_corpus

SHARPENINGS = (0.0, 0.04, 0.06, 0.08, 0.1, 0.12)
THINKING = 16


def losses(X, y, train, query):
    network = load_checkpoint()
    network.config = dataclasses.replace(network.config, sharpening=0.0)
    model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    probabilities = model.predict_proba(X.iloc[query]).clip(1e-9)
    found = {}
    for sharpening in SHARPENINGS:
        sharpness = ((len(train) + THINKING) / (1000 + THINKING)) ** sharpening
        sharper = probabilities**sharpness
        sharper /= sharper.sum(1, keepdims=True)
        found[f"{sharpening:g}"] = log_loss(y[query], sharper, labels=model.classes_)
    return found


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, n_train, out, *names = sys.argv[1:]
    rows = []
    for table in load_corpus(Path(corpus)):
        labels = table.y.astype(str).where(table.y.notna())
        known = labels.map(labels.value_counts()).ge(12).to_numpy()
        X, y = table.X[known], np.unique(labels[known], return_inverse=True)[1]
        if (names and table.name not in names) or len(y) < 1.2 * int(n_train) or y.max() > 9:
            continue
        train, query = train_test_split(
            np.arange(len(y)),
            train_size=int(n_train),
            test_size=min(len(y) - int(n_train), 3000),
            random_state=0,
            stratify=y,
        )
        rows.append({"table": table.name, "n": n_train, **losses(X, y, train, query)})
        print(rows[-1], flush=True)
        pd.DataFrame(rows).round(5).to_csv(out, index=False)


if __name__ == "__main__":
    main()
