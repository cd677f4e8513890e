"""Scores of learners alone and of whole estimators, by what they read of a table.

usage: python records/045-what-large-tables-read/measure.py WHAT TABLES.json ROWS OUT.csv

WHAT is "forest", "borders" (learners alone), "bins", "contexts" (whole estimators) or "shares" (of
classes). TABLES.json lists tables ("name", "file", "target", "task"), whose Parquet files lie
beside it. Losses are logarithms: of RMSE over the target's deviation, or of the log loss and .003
("bins" and "contexts" .01).
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from catboost.utils import calculate_quantization_grid
from sklearn import ensemble
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.learners import DistinctRows, boosted_folds, boosting, fit_learners
from tabtransfer.learners.choice import choose_learners
from tabtransfer.learners.forest import FittedForest, ForestSettings
from tabtransfer.preprocessing.encoder import TableEncoder

SCORES = ["log_loss_or_log_rmse", "roc_auc_or_r2"]
COLUMNS = ["experiment", "table", "task", "rows", "split", "variant", *SCORES]
ANSWERS = "network", "final", "half", "forest", "boosted", "kernel"
EVEN, OF_GROUPS = boosting._borders, boosted_folds.LabelledGroups.of
FIT, PREDICT = ForestSettings.fit, FittedForest.predict


def own_bins(counts, n):
    """Return after which values bins end; may be a few more than n."""
    large, before = np.zeros(len(counts), bool), None
    while before != large.sum():
        before = large.sum()
        share = counts[~large].sum() / max(1, n + 1 - before)
        large |= counts >= share
    ends, rows = [], 0
    for place in range(len(counts) - 1):
        rows += counts[place]
        if large[place] or large[place + 1] or rows >= share:
            ends.append(place)
            rows = 0
    return ends[:254]


def greedy_bins(counts, n):
    numbers = np.repeat(np.arange(len(counts), dtype=np.float32), counts)
    return np.floor(calculate_quantization_grid(numbers, n, "GreedyLogSum")).astype(int)


def borders_by(ends):
    def borders(column, n):
        known = column[~np.isnan(column)].astype(np.float64)
        values, counts = np.unique(known, return_counts=True)
        found = values[:-1] + 0.55 * np.diff(values)
        return found if len(found) <= n else found[ends(counts, n)]

    return borders


def read_as(variant, table, cells):
    """Return cells as the forest reads them, by the training rows."""
    found, ways = cells.astype(np.float64), ("ranks", "mean of both", "dense ranks")
    for column in np.flatnonzero(~table.categorical) if variant in ways else []:
        known, seen = ~np.isnan(cells[:, column]), np.sort(table.cells[:, column].astype(float))
        seen, x = seen[~np.isnan(seen)], found[known, column]
        ranks = (np.searchsorted(seen, x) + np.searchsorted(seen, x, "right")) / 2 / len(seen)
        scaled = (x - seen[0]) / (seen[-1] - seen[0] + 1e-12)
        dense = np.interp(x, np.unique(seen), np.arange(len(np.unique(seen))))
        found[known, column] = (ranks, (scaled + ranks) / 2, dense)[ways.index(variant)]
    return found.astype(np.float32)


def forests(table, labels, n_classes, query):
    chosen = choose_learners(len(labels), n_classes)[0]
    settings = {"min_samples_leaf": chosen.least_rows, "random_state": 0}
    for variant in ("values", "ranks", "mean of both", "dense ranks", "random forest"):
        kind = "RandomForest" if variant == "random forest" else "ExtraTrees"
        kind = getattr(ensemble, kind + ("Classifier" if n_classes else "Regressor"))
        share = 0.5 if variant == "random forest" else chosen.column_share
        model = kind(120, max_features=share, **settings)
        model.fit(read_as(variant, table, table.cells), labels)
        x = read_as(variant, table, query.cells)
        found = model.predict_proba(x) if n_classes else model.predict(x)[:, None]
        yield variant, 0.99 * found + 0.01 / n_classes if n_classes else found


def boosted_trees(table, labels, n_classes, query):
    rows = DistinctRows.of(table.cells, labels, None)
    chosen = replace(choose_learners(len(labels), n_classes)[1], n_trees=700 if n_classes else 900)
    own, greedy = borders_by(own_bins), borders_by(greedy_bins)
    tried = {"even shares": EVEN, "own bins": own, "greedy": greedy, "greedy, no means": greedy}
    for variant, boosting._borders in tried.items():
        of = (lambda *_: None) if variant == "greedy, no means" else OF_GROUPS
        boosted_folds.LabelledGroups.of = staticmethod(of)
        fitted = fit_learners(table, labels, n_classes, rows, [chosen], 5, seed=0)
        yield variant, fitted.predict(query)[:, 0]


LEARNERS = {"forest": forests, "borders": boosted_trees}


def fit_to_bins(settings, cells, *others):
    bins = boosting.ColumnBins.of(cells, 254)
    fitted = FIT(settings, bins.number(cells), *others)
    object.__setattr__(fitted, "_bins", bins)
    return fitted


def estimators(what, X, y, numbers, query):
    kind = TabTransferRegressor if numbers else TabTransferClassifier
    for variant in ("as it is", what):
        ForestSettings.fit, FittedForest.predict = FIT, PREDICT
        if variant == "bins":
            ForestSettings.fit = fit_to_bins
            FittedForest.predict = lambda fit, cells: PREDICT(fit, fit._bins.number(cells))
        further = {"max_context_rows": 2048} if variant == "contexts" else {}
        model = kind(random_state=0, n_threads=1, **further).fit(X, y)
        yield variant, model.predict(query)[:, None] if numbers else model.predict_proba(query)


def shares(X, y, query):
    fitted = TabTransferClassifier(random_state=0, n_threads=1).fit(X, y).fitted_
    x, network = fitted.encode(query), fitted.placed_network()
    own, final = (np.asarray(of(network, x)) for of in (fitted.unmixed, fitted.values))
    half = (own.clip(1e-9) * final.clip(1e-9)) ** 0.5
    alone = np.asarray(x.learners)[:, :3].swapaxes(0, 1)
    for variant, found in zip(ANSWERS, (own, final, half, *alone), strict=True):
        if np.isfinite(found).all():
            yield variant, found.clip(1e-6) / found.clip(1e-6).sum(1, keepdims=True)


def scores(predicted, target, n_classes, added):
    if not n_classes:
        error = np.mean((predicted[:, 0] - target) ** 2) / target.var()
        return np.log(error) / 2, 1 - error
    loss = -np.log(predicted.clip(1e-9))[np.arange(len(target)), target].mean()
    scored = predicted / predicted.sum(1, keepdims=True)
    scored, labels = scored[:, 1] if n_classes == 2 else scored, np.arange(n_classes)
    return np.log(loss + added), roc_auc_score(target, scored, multi_class="ovo", labels=labels)


def measure(what, entry, folder, most):
    whole, numbers = what in ("bins", "contexts"), entry["task"] == "regression"
    share, least, asked, fewest = (0.64, 0.55, 3000, 8) if whole else (0.7, 0.5, 4000, 30)
    X = pd.read_parquet(folder / entry["file"]).dropna(subset=[entry["target"]])
    y = X.pop(entry["target"]).astype(float if numbers else str)
    kept = (y.groupby(y).transform("size") >= (0 if numbers else fewest)).to_numpy()
    X, y = X[kept], y[kept].to_numpy()
    names, n = [] if numbers else np.unique(y), min(most, int(share * len(y)))
    if n < least * most or len(names) > 10 or (whole and X.shape[1] > 60):
        return
    sizes = {"train_size": n, "test_size": min(asked, len(y) - n), "random_state": 1}
    a, b = train_test_split(np.arange(len(y)), stratify=None if numbers else y, **sizes)
    target = y if numbers else np.searchsorted(names, y)
    if whole:
        found = estimators(what, X.iloc[a], y[a], numbers, X.iloc[b])
    elif what == "shares":
        found = shares(X.iloc[a], y[a], X.iloc[b])
    else:
        learner, encoder = LEARNERS[what], TableEncoder().fit(X.iloc[a])
        table, query = encoder.transform(X.iloc[a]), encoder.transform(X.iloc[b])
        found = learner(table, target[a], len(names), query)
    task = "numbers" if numbers else "classes"
    for variant, predicted in found:
        of = scores(predicted, target[b], len(names), 0.01 if whole else 0.003)
        yield what, entry["name"], task, most, 1, variant, *of


if __name__ == "__main__":
    what, tables, most, out = sys.argv[1:]
    found = []
    for entry in json.loads(Path(tables).read_text()):
        found += measure(what, entry, Path(tables).parent, int(most))
        pd.DataFrame(found, columns=COLUMNS).round(5).to_csv(out, index=False)
