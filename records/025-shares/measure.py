"""Shares of network and learners in predictions of classes, by how much speaks for the network.

usage: python records/025-shares/measure.py CORPUS ROWS FOLDER OUT.csv TABLE...

CORPUS holds tables as `tabtransfer pretrain` takes them; of each TABLE, ROWS or three quarters are
trained on, and up to 3,000 others predicted. What network and learners predict is kept in FOLDER.
Then, eight times, 1,000 of the predicted rows find the shares, and the others are scored.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier
from tabtransfer.inference import blend
from tabtransfer.pretrain.real_tables.corpus import RealTable, load_corpus

PRIORS = (10.0, 3.0, 1.0, 0.3)
N_ASKED = 1000
N_DRAWS = 8


def predict(table: RealTable, n_rows: int, path: Path) -> None:
    """Fit a model, and keep what its network and its learners predict."""
    known = table.y.notna().to_numpy()
    X, y = table.X[known].reset_index(drop=True), table.y[known].reset_index(drop=True).astype(str)
    counts = y.value_counts()
    common = y.isin(counts[counts >= 20].index[:10]).to_numpy()
    X, y = X[common].reset_index(drop=True), y[common].to_numpy()
    n_rows = min(int(len(y) * 0.75), n_rows)
    n_query = min(len(y) - n_rows, 3000)
    places = np.arange(len(y))
    train, query = train_test_split(
        places, train_size=n_rows, test_size=n_query, random_state=0, stratify=y
    )
    model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    fitted = model.fitted_
    learners = fitted.learners.predict(fitted.encoder.transform(X.iloc[query]))
    model.fitted_ = replace(fitted, blend=None)
    network = model.predict_proba(X.iloc[query])
    labels = np.searchsorted(model.classes_, y[query])
    np.savez(path, network=network, learners=learners, labels=labels)


def scores(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return ROC AUC, of all pairs of classes where there are more than two, and log-loss."""
    classes = np.arange(probabilities.shape[1])
    probabilities = probabilities.clip(1e-6)
    probabilities /= probabilities.sum(1, keepdims=True)
    loss = log_loss(labels, probabilities, labels=classes)
    if len(classes) == 2:
        return roc_auc_score(labels, probabilities[:, 1]), loss
    return roc_auc_score(labels, probabilities, multi_class="ovo", labels=classes), loss


def simulate(path: Path, prior: float | None) -> np.ndarray:
    """Return mean scores and share of the network, by shares that other rows found."""
    kept = np.load(path)
    labels, parts = kept["labels"], np.concatenate([kept["network"][:, None], kept["learners"]], 1)
    parts = parts[:, ~np.isnan(parts).any((0, 2))]
    random, found = np.random.default_rng(0), []
    for _ in range(N_DRAWS):
        asked, others = np.split(random.permutation(len(labels)), [N_ASKED])
        shares = np.eye(parts.shape[1])[0]
        if prior is not None:
            blend._PRIOR_CLASSES = prior
            likelihoods = parts[asked, :, labels[asked]]
            shares = blend._most_likely(likelihoods, np.ones(len(asked)))
        mixed = np.einsum("rlk,l->rk", parts[others], shares)
        if (np.bincount(labels[others], minlength=parts.shape[2]) < 2).any():
            continue
        found.append((*scores(mixed, labels[others]), shares[0]))
    return np.mean(found, 0)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    corpus, rows, folder, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    tables = {table.name: table for table in load_corpus(Path(corpus))}
    lines = []
    for name in sys.argv[5:]:
        path = folder / f"{name}-{rows}.npz"
        if not path.exists():
            predict(tables[name], rows, path)
        for prior in (None, *PRIORS):
            auc, loss, share = simulate(path, prior)
            lines.append((name, rows, prior, auc, loss, share))
    columns = ["table", "rows", "prior", "roc_auc", "log_loss", "share_of_network"]
    pd.DataFrame(lines, columns=columns).round(5).to_csv(out, index=False)
