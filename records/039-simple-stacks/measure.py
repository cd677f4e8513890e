"""Scores of simple stacks of a forest, boosted trees and a kernel, without a network.

usage: python records/039-simple-stacks/measure.py CORPUS ROWS OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; ROWS of each are trained on, and up to
3,000 others predicted. Shares are found by the training rows, each predicted without its label.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.optimize import nnls
from sklearn.model_selection import train_test_split

from tabtransfer.inference.shares import _most_likely
from tabtransfer.learners import DistinctRows, fit_learners
from tabtransfer.learners.choice import N_FOLDS, choose_learners
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.pretrain.real_tables.corpus import load_corpus

KINDS = ("classification", "regression")
RIDGE = 3.0  # rows that speak for equal shares
ROUNDS = 50


def least_squares(parts, channels):
    n_parts = parts.shape[1]
    rows = parts.transpose(0, 2, 1).reshape(-1, n_parts)
    system = np.vstack([rows, RIDGE**0.5 * np.eye(n_parts)])
    goal = np.append(channels.reshape(-1), np.full(n_parts, RIDGE**0.5 / n_parts))
    return nnls(system, goal)[0]


def greedy(loss, n_parts):
    """Add the part that helps most, again and again (Caruana et al. 2004)."""
    counts = np.zeros(n_parts)
    for step in range(1, ROUNDS + 1):
        losses = [loss((counts + one) / step) for one in np.eye(n_parts)]
        counts += np.eye(n_parts)[int(np.argmin(losses))]
    return counts / ROUNDS


def measure(X, y, train, query, n_classes):
    encoder = TableEncoder().fit(X.iloc[train])
    table, asked = encoder.transform(X.iloc[train]), encoder.transform(X.iloc[query])
    rows = DistinctRows.of(table.cells, y[train], None)
    settings = choose_learners(rows.n_rows, n_classes)
    learners = fit_learners(table, y[train], n_classes, rows, settings, N_FOLDS, seed=0)
    own, told = learners.out_of_fold, learners.predict(asked)
    n_parts = own.shape[1]
    if n_classes:
        likelihoods = own[np.arange(len(train)), :, y[train]]
        channels, centre, scale = np.eye(n_classes)[y[train]], 0.0, 1.0
        mixture = _most_likely(likelihoods, np.ones(len(train)))
        found = greedy(lambda s: -np.log((likelihoods @ s).clip(1e-9)).mean(), n_parts)
    else:
        centre, scale = y[train].mean(), y[train].std()
        channels = ((y[train] - centre) / scale)[:, None]
        parts = (own - centre) / scale
        found = greedy(lambda s: ((parts[..., 0] @ s - channels[:, 0]) ** 2).mean(), n_parts)
        mixture = found
    shares = {
        "boosting": np.array([0.0, 1.0, 0.0]),
        "mean": np.full(n_parts, 1.0 / n_parts),
        "least_squares": least_squares((own - centre) / scale, channels),
        "most_likely": mixture,
        "greedy": found,
    }
    scores = {}
    for name, share in shares.items():
        mixed = centre + np.einsum("l,rlk->rk", share, told - centre)
        if n_classes:
            mixed = mixed.clip(1e-9) / mixed.clip(1e-9).sum(1, keepdims=True)
            scores[name] = -np.log(mixed[np.arange(len(query)), y[query]]).mean()
        else:
            scores[name] = ((mixed[:, 0] - y[query]) ** 2).mean() ** 0.5
    return scores


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, n_train, out, *names = sys.argv[1:]
    found = []
    tables = [(kind, table) for kind in KINDS for table in load_corpus(Path(corpus), kind)]
    for kind, table in tables:
        if names and table.name not in names:
            continue
        known = table.y.notna().to_numpy()
        X, n_classes = table.X[known], 0
        if kind == "regression":
            y = table.y[known].to_numpy(float)
        else:
            y = np.unique(table.y[known].astype(str), return_inverse=True)[1]
            n_classes = int(y.max()) + 1
        if len(y) < 1.2 * int(n_train) or n_classes > 10:
            continue
        train, query = train_test_split(
            np.arange(len(y)),
            train_size=int(n_train),
            test_size=min(len(y) - int(n_train), 3000),
            random_state=0,
            stratify=y if n_classes else None,
        )
        found.append({"table": table.name, **measure(X, y, train, query, n_classes)})
        print(found[-1], flush=True)
        pd.DataFrame(found).round(6).to_csv(out, index=False)


if __name__ == "__main__":
    main()
