"""Contexts by clusters beside samples of all rows: whole models on tables with many rows.

    python measure.py TABLES.json FOLDER OUT.jsonl ROWS SPLIT CLUSTERS,MEMBERS ...

TABLES.json lists tables (name, file, target, task), FOLDER holds their Parquet files. Learners are
fitted once a table; a variant draws the contexts anew and finds the shares of the learners anew.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import tabtransfer.estimators.base as estimators
from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.inference import fitting
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.inference.row_clusters import RowClusters


def main(listed, folder, out, n_rows, split, *variants):
    for entry in json.loads(Path(listed).read_text()):
        table = read(entry, Path(folder), int(n_rows), int(split))
        if table is not None:
            line = {"table": entry["name"], "rows": int(n_rows), "split": int(split)}
            line["scores"] = measure(*table, variants)
            with open(out, "a") as file:
                file.write(json.dumps(line) + "\n")


def read(entry, folder, n_rows, split):
    frame = pd.read_parquet(folder / entry["file"])
    target = frame.pop(entry["target"])
    frame, target = frame[target.notna()], target[target.notna()]
    if entry["task"] == "regression":
        y, strata = target.to_numpy(float), None
    else:
        frequent = target.map(target.value_counts()).to_numpy() >= 30
        frame, y = frame[frequent], target[frequent].astype(str).to_numpy()
        strata = y
    if len(y) < 1.2 * n_rows:
        return None
    first, second = train_test_split(
        np.arange(len(y)),
        train_size=n_rows,
        test_size=min(2000, len(y) - n_rows),
        random_state=split,
        stratify=strata,
    )
    return frame.iloc[first], y[first], frame.iloc[second], y[second]


def measure(X, y, X_test, y_test, variants):
    kept, blend = {}, estimators.add_blend

    def keep(model, prepared, *rest):
        kept["prepared"] = prepared
        return blend(model, prepared, *rest)

    estimators.add_blend = keep
    fitting.learn_clusters = lambda *task: RowClusters.one()
    kind = TabTransferRegressor if y.dtype.kind == "f" else TabTransferClassifier
    whole = kind(random_state=0, n_threads=1).fit(X, y).fitted_
    estimators.add_blend = blend
    query = whole.encode(X_test)
    scores = {"no clusters": score(whole, query, y_test)}
    for variant in variants:
        started = time.process_time()
        n_clusters, n_members = map(int, variant.split(","))

        def learn(training, rows, *rest, n=n_clusters):
            return RowClusters.learn(training.table.take(rows), n, training.weights_of(rows), 0)

        fitting.learn_clusters = learn
        prepared = kept["prepared"]
        prepared = replace(prepared, settings=replace(prepared.settings, n_members=n_members))
        model = fitting.build_model(prepared, whole.network, whole.resources)
        found = score(fitting.add_blend(model, prepared), query, y_test)
        scores[variant] = [*found, time.process_time() - started]
    return scores


def score(model, query, y):
    """Return RMSE, pinball loss and R², or log loss twice and ROC AUC."""
    network = model.placed_network()
    if y.dtype.kind == "f":
        quantiles = model.quantiles(network, query)
        errors = quantile_means(quantiles)[:, 0] - y
        levels = np.linspace(0, 1, quantiles.shape[1] + 2)[1:-1]
        missed = y[:, None] - quantiles
        pinball = np.maximum(levels * missed, (levels - 1) * missed).mean()
        squared = np.square(errors).mean()
        return [float(squared**0.5), float(pinball), float(1 - squared / y.var())]
    probabilities = model.values(network, query)
    labels = np.searchsorted(model.classes, y)
    loss = -np.log(probabilities[np.arange(len(labels)), labels].clip(1e-9)).mean()
    if len(model.classes) == 2:
        area = roc_auc_score(labels, probabilities[:, 1])
    else:
        area = roc_auc_score(
            labels, probabilities, multi_class="ovo", labels=np.arange(len(model.classes))
        )
    return [float(loss), float(loss), float(area)]


if __name__ == "__main__":
    main(*sys.argv[1:])
