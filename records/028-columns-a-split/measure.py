"""Boosted trees of wide tables, with fewer columns drawn for each split.

usage: measure.py MANIFEST OUT.csv
Settings below 2,000 rows: of classes, up to 300 trees of depth 4 at a rate of .2; of numbers, up to
400 of depth 5 at .15; mean of five fold models, each stopped by its fold. Targets that are numbers
are predicted as such, and as six classes of as many rows. Errors: log-loss over ln(classes), or
RMSE over the target's deviation; one thread.
"""

import csv
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from catboost import CatBoost, Pool
from sklearn.model_selection import KFold

from tabtransfer.learners.boosting import ColumnBins
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables.corpus import read_corpus

TABLES = (
    *("arrhythmia", "clean1", "clean2", "musk", "gas", "4544_GeographicalOriginalofMusic"),
    "spectrometer",
)
COLUMNS = (10_000, 64, 32, 16)
FEWEST_OF_CLASS, MOST_CLASSES = 20, 10
MOST_TRAIN, MOST_TEST = 900, 1500
COMMON = {
    "bootstrap_type": "Bernoulli",
    "subsample": 0.8,
    "thread_count": 1,
    "verbose": 0,
    "allow_writing_files": False,
}
CLASSES = {"iterations": 300, "depth": 4, "learning_rate": 0.2, "border_count": 64}
NUMBERS = {"iterations": 400, "depth": 5, "learning_rate": 0.15, "border_count": 128}


def tasks(manifest):
    for table in read_corpus(manifest):
        if table.name not in TABLES:
            continue
        known = table.frame[table.frame[table.target].notna()]
        X, y = known.drop(columns=table.target), known[table.target]
        cells = TableEncoder().fit(X).transform(X).cells
        if pd.api.types.is_numeric_dtype(y) and y.nunique() > MOST_CLASSES:
            yield table.name, cells, y.to_numpy(float), 0
            yield table.name, cells, pd.qcut(y.rank(method="first"), 6, labels=False).to_numpy(), 6
            continue
        counts = y.astype(str).value_counts()
        kept = y.astype(str).isin(counts.index[counts >= FEWEST_OF_CLASS][:MOST_CLASSES]).to_numpy()
        labels, names = pd.factorize(y.astype(str)[kept])
        yield table.name, cells[kept], labels, len(names)


warnings.simplefilter("ignore")
manifest, out = Path(sys.argv[1]), sys.argv[2]
with open(out, "w") as file:
    writer = csv.writer(file)
    writer.writerow(
        [
            "table",
            "classes",
            "columns",
            "rows",
            "split",
            "columns_a_split",
            "error",
            "trees",
            "seconds",
        ]
    )
    for name, X, y, n_classes in tasks(manifest):
        for split in range(2):
            order = np.random.default_rng(split).permutation(len(X))
            n_train = min(MOST_TRAIN, len(X) * 2 // 3)
            train, test = order[:n_train], order[n_train : n_train + MOST_TEST]
            for columns in COLUMNS:
                start, predicted, trees = time.process_time(), 0.0, []
                for fold, (rows, left_out) in enumerate(KFold(5).split(train)):
                    rows, left_out = train[rows], train[left_out]
                    settings = CLASSES if n_classes else NUMBERS
                    bins = ColumnBins.of(X[rows], settings["border_count"])
                    model = CatBoost(
                        {
                            "loss_function": {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass"),
                            "rsm": min(1.0, columns / X.shape[1]),
                            "random_seed": fold,
                            **COMMON,
                            **settings,
                        }
                    )
                    model.fit(
                        Pool(bins.number(X[rows]), y[rows]),
                        eval_set=Pool(bins.number(X[left_out]), y[left_out]),
                        early_stopping_rounds=30,
                    )
                    trees.append(model.tree_count_)
                    kind = "Probability" if n_classes else "RawFormulaVal"
                    predicted = (
                        predicted + model.predict(bins.number(X[test]), prediction_type=kind) / 5
                    )
                seconds = time.process_time() - start
                if n_classes:
                    likely = predicted[np.arange(len(test)), y[test]].clip(1e-6)
                    error = -np.log(likely).mean() / np.log(n_classes)
                else:
                    error = np.sqrt(np.mean((predicted - y[test]) ** 2)) / y[train].std()
                row = [name, n_classes, X.shape[1], n_train, split, min(columns, X.shape[1])]
                writer.writerow([*row, f"{error:.5f}", f"{np.mean(trees):.0f}", f"{seconds:.2f}"])
                file.flush()
