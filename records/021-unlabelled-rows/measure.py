"""Let unlabelled rows join in three ways: measure.py FOLDER OUT.csv TABLE...

FOLDER holds tables as .parquet files, the target last. A line for each table and number of labelled
rows; tables that OUT.csv has are left out.
"""

import csv
import sys
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.estimators import base
from tabtransfer.inference import fitting
from tabtransfer.inference.members import Ensemble
from tabtransfer.inference.views import ViewMaker
from tabtransfer.network import described
from tabtransfer.network.cells import ColumnStatistics, SortedColumns
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.normal_scores import NormalScores
from tabtransfer.preprocessing.stratified import stratified_order
from tabtransfer.pretrain.real_tables.corpus import load_corpus

N_LABELLED, N_TEST, N_UNLABELLED = (20, 50, 100, 200), 400, 1000
LEAST_SHARE = 0.02  # of a class


# (a) The encoder learns centres, spreads and categories from all rows.
@contextmanager
def encoder_sees(unlabelled):
    class Encoder(TableEncoder):
        def fit(self, X, sample_weight=None):
            return super().fit(pd.concat([X, unlabelled]))

    with patch.object(fitting, "TableEncoder", Encoder):
        yield


# (b) Normal scores of the views, and means, scales and ranks of the network, from all rows.
@dataclass(frozen=True)
class WideStatistics(ColumnStatistics):
    ranked: SortedColumns

    @torch.no_grad()
    def describe(self, values, missing, label_channels=None, row_weights=None):
        found = super().describe(values, missing, label_channels, row_weights)
        own = 0.0 if row_weights is None else row_weights[:, None]
        lower, upper = self.ranked.weight_below(values.transpose(1, 2).contiguous())
        total = self.ranked.total.clamp(min=1.0)
        places = [(lower + upper) / total - 1.0, (upper - lower - own).clamp(min=0.0) / total]
        features = found.features.clone()
        features[..., 1:3] = torch.stack(places, -1).masked_fill(
            missing.transpose(1, 2)[..., None], 0.0
        )
        return replace(found, features=features)


@contextmanager
def network_sees(unlabelled):
    seen, shown = [], []
    prepare, learn, read = base.prepare_rows, ViewMaker._learn, Ensemble._read

    def prepare_rows(*args):
        prepared = prepare(*args)
        seen.append(prepared.encoder.transform(unlabelled))
        return prepared

    def learn_scores(self, column):
        cells = [
            table.values[~table.missing[:, column], column] for table in (self._table, seen[-1])
        ]
        cells = np.concatenate(cells).astype(np.float64)
        return NormalScores.learn(cells, None, 256, 5.2) if len(cells) else learn(self, column)

    def read_rows(self, network, task, budget, advance=lambda n: None):
        shown.append(task.view.show(seen[-1]))
        return read(self, network, task, budget, advance)

    class Statistics:
        @staticmethod
        def of(batch, labels):
            known, more = ColumnStatistics.of(batch, labels), shown[-1]
            cells = torch.from_numpy(more.values).to(batch.values)[None]
            values = torch.cat([batch.values[:, : batch.n_train], cells], 1)
            missing = torch.cat(
                [batch.missing[:, : batch.n_train], torch.from_numpy(more.missing)[None]], 1
            )
            every = replace(
                batch,
                values=values,
                missing=missing,
                labels=torch.zeros_like(values[..., 0]),
                n_train=values.shape[1],
                weights=None,
                learners=None,
            )
            wide = ColumnStatistics.of(every, values.new_zeros(1, values.shape[1], 0))
            return WideStatistics(
                known.categorical,
                wide.mean,
                wide.scale,
                known.label_mean,
                known.column,
                wide.column,
            )

    with (
        patch.object(base, "prepare_rows", prepare_rows),
        patch.object(ViewMaker, "_learn", learn_scores),
        patch.object(Ensemble, "_read", read_rows),
        patch.object(described, "ColumnStatistics", Statistics),
    ):
        yield


# (c) Self-training: the surer half of the unlabelled rows, of each predicted class, with what is
# predicted for them as labels.
def answer(model, X):
    if isinstance(model, TabTransferRegressor):
        return model.predict(X)
    return model.predict_proba(X)


def sure_half(model, unlabelled):
    """Return places of unlabelled rows and what is predicted for them."""
    if isinstance(model, TabTransferRegressor):
        low, middle, high = model.predict(
            unlabelled, output="quantiles", quantiles=[0.16, 0.5, 0.84]
        ).T
        rows = np.argsort(high - low, kind="stable")[: len(low) // 2]
        return rows, middle[rows]
    p = model.predict_proba(unlabelled)
    place = p.argmax(1)
    rows = [
        np.flatnonzero(place == k)[np.argsort(-p[place == k, k], kind="stable")]
        for k in range(p.shape[1])
    ]
    rows = np.concatenate([of_class[: (len(of_class) + 1) // 2] for of_class in rows])
    return rows, p[rows]


@contextmanager
def same_trees(model):
    """Fit no trees anew: they are those of a model of the same rows and columns."""
    with patch.object(base, "add_learners", lambda rows, _: rows.with_learners(model.learners_)):
        yield


def teach(make, X, y, unlabelled, rows, predicted):
    """Fit a model to labelled rows, and to others by their predictions.

    These weigh together as much as the labelled ones: a copy for each class by its probability.
    """
    share = min(1.0, len(y) / len(rows))
    if predicted.ndim == 1:
        more, labels, weights = unlabelled.iloc[rows], predicted, np.full(len(rows), share)
    else:
        copies, classes = np.nonzero(predicted > 0.05)
        more, labels = unlabelled.iloc[rows[copies]], np.unique(y)[classes]
        weights = share * predicted[copies, classes]
    frame = pd.concat([X, more], ignore_index=True)
    weights = np.concatenate([np.ones(len(y)), weights])
    with patch.object(fitting, "scale_weights", lambda weights, n: weights):
        return make().fit(frame, np.concatenate([y, labels]), weights)


def score(make, X, y, unlabelled, X_test, y_test):
    """Return the scores of every way."""

    def told(model):
        answers = answer(model, X_test)
        if isinstance(model, TabTransferRegressor):
            error = np.sqrt(np.mean((y_test - answers) ** 2)) / y_test.std()
            return r2_score(y_test, answers), error
        classes = model.classes_
        area = (
            roc_auc_score(y_test == classes[1], answers[:, 1])
            if len(classes) == 2
            else roc_auc_score(y_test, answers, multi_class="ovo", labels=classes)
        )
        return area, log_loss(y_test, answers, labels=classes)

    found = {}
    model = make().fit(X, y)
    found["base"] = told(model)
    with network_sees(unlabelled), same_trees(model):
        found["b"] = told(make().fit(X, y))
    found["c"] = told(teach(make, X, y, unlabelled, *sure_half(model, unlabelled)))
    found["a"], found["ab"] = found["base"], found["b"]
    if model.encoder_.transform(X).categorical.any():  # else the network undoes what a does
        with encoder_sees(unlabelled):
            model = make().fit(X, y)
            found["a"] = told(model)
            with network_sees(unlabelled), same_trees(model):
                found["ab"] = told(make().fit(X, y))
    return {
        f"{way}_{name}": round(float(value), 5)
        for way, values in found.items()
        for name, value in zip(("score", "loss"), values, strict=True)
    }


def draw(table, kind):
    """Return the rows of a table in an order whose beginnings are stratified, and their targets."""
    y = table.y
    if kind == "regression":
        y = pd.to_numeric(y, errors="coerce")
        rows = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(y.to_numpy(float))))
        return table.X.iloc[rows].reset_index(drop=True), y.iloc[rows].to_numpy(float)
    counts = y.value_counts(normalize=True)
    rows = np.flatnonzero(y.isin(counts.index[counts >= LEAST_SHARE]))
    names = y.iloc[rows].astype(str).to_numpy()
    order = stratified_order(names, np.random.default_rng(0))
    return table.X.iloc[rows[order]].reset_index(drop=True), names[order]


def find(folder, names):
    """Return the named tables, in that order, and their kinds."""
    known = {
        table.name: (kind, table)
        for kind in ("classification", "regression")
        for table in load_corpus(folder, kind)
    }
    return [known[name] for name in names]


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    folder, out, *names = sys.argv[1:]
    out = Path(out)
    done = set(pd.read_csv(out)["table"]) if out.exists() else set()
    for kind, table in find(Path(folder), names):
        X, y = draw(table, kind)
        if table.name in done:
            continue
        first = max(N_LABELLED)
        test = slice(first, first + N_TEST)
        more = X.iloc[first + N_TEST :][:N_UNLABELLED].reset_index(drop=True)
        estimator = TabTransferRegressor if kind == "regression" else TabTransferClassifier

        def make(estimator=estimator):
            return estimator(random_state=0, n_threads=1)

        lines = []
        for n in N_LABELLED:
            if kind != "regression" and set(y[:n]) != set(y[test]):
                continue
            start = time.time()
            scores = score(make, X[:n], y[:n], more, X[test], y[test])
            about = {"table": table.name, "task": kind, "n": n, "n_unlabelled": len(more)}
            lines.append(about | scores | {"seconds": round(time.time() - start)})
            print(lines[-1], flush=True)
        with open(out, "a", newline="") as file:
            writer = csv.DictWriter(file, list(lines[0]))
            if not out.stat().st_size:
                writer.writeheader()
            writer.writerows(lines)


if __name__ == "__main__":
    main()
