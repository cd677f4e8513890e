"""Teach trees by mixtures of labels and predictions out of fold: distillation.py FOLDER OUT.csv"""

import csv
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.distillation.trees import fit_trees, predict_trees, tree_cells
from tabtransfer.inference.out_of_fold import predict_out_of_fold
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows

SHARES = (0, 0.5, 0.7, 1)


def loss(answers, truth, n_classes):
    if not n_classes:
        return float(np.sqrt(np.mean((answers[:, 0] - truth) ** 2)))
    return float(-np.log(answers[np.arange(len(truth)), truth].clip(1e-7)).mean())


warnings.simplefilter("ignore")
folder, out = sys.argv[1:]
tables = [
    (table, kind)
    for kind in ("classification", "regression")
    for table in load_corpus(Path(folder), kind)
]
for place in np.random.default_rng(0).permutation(len(tables)):
    table, kind = tables[place]
    rows, labels, n = draw_rows(table, kind, 1600, 0.625, seed=0)
    if n < 150:
        continue
    X = table.X.iloc[rows].reset_index(drop=True)
    estimator = TabTransferRegressor if kind == "regression" else TabTransferClassifier
    start = time.time()
    model = estimator(random_state=0, n_threads=1).fit(X[:n], labels[:n]).fitted_
    training = model.ensemble.training
    k = training.n_classes
    known = np.eye(k)[training.labels] if k else training.labels[:, None]
    predicted = predict_out_of_fold(model)
    predicted = np.where(np.isnan(predicted), known, predicted)
    truth, half = labels[n:], (len(labels) - n) // 2
    taught = np.concatenate(model.ask(X[n:], model.values))
    cells = tree_cells(training.table.cells)
    query = tree_cells(model.encoder.transform(X[n:]).cells)

    def lost(targets, cells=cells, query=query, truth=truth, k=k):
        booster = fit_trees(cells, targets, np.ones(len(cells)), k, 0)
        return loss(predict_trees(booster, query, k), truth, k)

    row = {"table": table.name, "n": n, "k": k, "teacher": loss(taught, truth, k)}
    for share in SHARES:
        row[f"s{share}"] = lost(share * predicted + (1 - share) * known)
    mixed = 0.7 * predicted + 0.3 * known
    more = np.concatenate([cells, query[:half]])
    row["u_half"] = lost(
        np.concatenate([mixed, taught[:half]]), cells=more, query=query[half:], truth=truth[half:]
    )
    row["s.7_half"] = lost(mixed, query=query[half:], truth=truth[half:])
    row["seconds"] = round(time.time() - start)
    new = not Path(out).exists()
    with open(out, "a") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)
