"""Scores of the classifier whose boosted trees can tell one category from all others, or can't.

usage: python records/034-categories-one-by-one/measure.py CORPUS ROWS OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; ROWS of each are trained on, stratified,
and up to 3,000 others predicted. Classes of fewer than 20 rows are left out, and so are tables of
more than six classes.
"""

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import tabtransfer.inference.fitting as fitting
from tabtransfer import TabTransferClassifier
from tabtransfer.pretrain.real_tables.corpus import load_corpus

choose = fitting.choose_learners


def choosing(most_levels):
    def chosen(n_rows, n_classes, n_bytes):
        found = choose(n_rows, n_classes, n_bytes)
        if found is None or found[1] is None:
            return found
        return found[0], replace(found[1], most_levels=most_levels), found[2]

    return chosen


def measure(X, y, train, query, most_levels):
    fitting.choose_learners = choosing(most_levels)
    start = time.process_time()
    model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    predicted = model.predict_proba(X.iloc[query])
    seconds = time.process_time() - start
    own = predicted[np.arange(len(query)), y[query]]
    scored = predicted[:, 1] if predicted.shape[1] == 2 else predicted
    return {
        "log_loss": -np.log(own.clip(1e-6)).mean(),
        "roc_auc": roc_auc_score(y[query], scored, multi_class="ovo"),
        "seconds": seconds,
    }


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, n_train, out, *names = sys.argv[1:]
    rows = []
    for table in load_corpus(Path(corpus)):
        labels = table.y.astype(str).where(table.y.notna())
        known = labels.map(labels.value_counts()).ge(20).to_numpy()
        X, y = table.X[known], np.unique(labels[known], return_inverse=True)[1]
        if (names and table.name not in names) or len(y) < 1.2 * int(n_train) or y.max() > 5:
            continue
        n_query = min(len(y) - int(n_train), 3000)
        train, query = train_test_split(
            np.arange(len(y)),
            train_size=int(n_train),
            test_size=n_query,
            random_state=0,
            stratify=y,
        )
        for most_levels in (0, 32):
            scores = measure(X, y, train, query, most_levels)
            rows.append({"table": table.name, "n": n_train, "most_levels": most_levels, **scores})
            print(rows[-1], flush=True)
            pd.DataFrame(rows).round(5).to_csv(out, index=False)


if __name__ == "__main__":
    main()
