"""Boosted trees alone, the mean of five fold models, by settings.

usage: python records/026-shares-of-numbers/boosting.py CORPUS regression|classification N OUT.csv

N tables of CORPUS with 300 rows and more, in random order; three fifths of each, up to 1,000 rows,
are trained on. RMSE is over the standard deviation of the training targets.
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from tabtransfer.learners.boosted_folds import BoostedFolds, LabelledRows
from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables.corpus import load_corpus

OLD_NUMBERS = BoostingSettings(100, depth=6, learning_rate=0.1)
OLD_CLASSES = BoostingSettings(100, depth=4, learning_rate=0.2)
DEPTH_5 = BoostingSettings(400, depth=5, learning_rate=0.15, patience=30)


def variants(is_regression: bool) -> dict[str, BoostingSettings]:
    """Return the settings to try, by name."""
    old = OLD_NUMBERS if is_regression else OLD_CLASSES
    longer = replace(old, n_trees=300, patience=30)
    return {
        "100 trees": old,
        "254 borders": replace(old, n_borders=254),
        "300 trees": longer,
        "300 trees, 254 borders": replace(longer, n_borders=254),
        "600 trees, 254 borders": replace(old, n_trees=600, patience=40, n_borders=254),
        "300 trees, rate .15": replace(longer, learning_rate=0.15),
        "300 trees, depth 5": replace(longer, depth=5),
        "400 trees, depth 5, rate .15": DEPTH_5,
        "500 trees, depth 4, rate .15": replace(DEPTH_5, n_trees=500, depth=4),
        "400 trees, depth 5, rate .15, 128 borders": replace(DEPTH_5, n_borders=128),
        "400 trees, depth 5, rate .15, 254 borders": replace(DEPTH_5, n_borders=254),
    }


def main() -> None:
    warnings.filterwarnings("ignore")
    corpus, task, count, out = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    is_regression = task == "regression"
    tables = load_corpus(corpus, task)
    found = []
    for place in np.random.default_rng(0).permutation(len(tables)):
        table = tables[place]
        y = table.y.to_numpy(float) if is_regression else table.y.astype(str).to_numpy()
        n_classes = 0
        if is_regression:
            kept = np.isfinite(y)
        else:
            counts = pd.Series(y).value_counts()
            kept = np.isin(y, counts[counts >= 20].index[:8])
        X, y = table.X[kept].reset_index(drop=True), y[kept]
        if len(y) < 300 or len(np.unique(y)) < (10 if is_regression else 2):
            continue
        if not is_regression:
            names, y = np.unique(y, return_inverse=True)
            n_classes = len(names)
        n_train = min(1000, int(len(y) * 0.6))
        train, query = train_test_split(
            np.arange(len(y)),
            train_size=n_train,
            test_size=min(1500, len(y) - n_train),
            random_state=0,
            stratify=None if is_regression else y,
        )
        if is_regression:
            y = (y - y[train].mean()) / (y[train].std() + 1e-12)
        encoder = TableEncoder().fit(X.iloc[train])
        known, asked = (encoder.transform(X.iloc[part]) for part in (train, query))
        folds = np.random.default_rng(0).permutation(n_train) % 5
        rows = LabelledRows(known.cells, known.categorical, y[train], np.ones(n_train), n_classes)
        for name, settings in variants(is_regression).items():
            start = time.process_time()
            fits = BoostedFolds(rows, folds, settings, np.arange(5), 10**6)
            mean = np.mean([fits.fit(fold).predict(asked.cells) for fold in range(5)], 0)
            seconds = time.process_time() - start
            if is_regression:
                loss = float(np.sqrt(np.mean((mean[:, 0] - y[query]) ** 2)))
            else:
                mean = mean.clip(1e-6) / mean.clip(1e-6).sum(1, keepdims=True)
                loss = float(log_loss(y[query], mean, labels=range(n_classes)))
            found.append((table.name, task, n_train, name, round(loss, 4), round(seconds, 2)))
        pd.DataFrame(found, columns=["table", "task", "n", "settings", "loss", "seconds"]).to_csv(
            out, index=False
        )
        if len({row[0] for row in found}) == count:
            break


if __name__ == "__main__":
    main()
