"""Scores of the network alone and of mixtures with its learners, by a third of the rows held out.

usage: python records/037-shares-of-classes/measure.py CORPUS ROWS SEED OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; ROWS of each are trained on, stratified,
and up to 5,000 others predicted. Classes of fewer than 30 rows are left out, and so are tables of
more than ten classes.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import tabtransfer.estimators.base as base
import tabtransfer.inference.fitting as fitting
import tabtransfer.inference.rows_for_shares as rows_for_shares
from tabtransfer import TabTransferClassifier
from tabtransfer.inference.shares import fit_shares_of_classes
from tabtransfer.pretrain.real_tables.corpus import load_corpus

PARTS = (1.0, 0.5, 0.25)
LEAST_GAIN = 2.0  # standard errors
found = {}


def add_blend(model, prepared):
    """Find shares as for numbers, but keep the model without them."""
    training = prepared.training
    rows_for_shares._FEWEST_OF_CLASSES = 0
    rows = rows_for_shares.rows_to_ask_about(training, model.seed)
    asked = fitting.build_model(
        prepared, model.network, model.resources, model.calibration, unread=rows
    )
    held = training.take(rows)
    network = asked.unmixed(asked.placed_network(), held.table)
    shares = np.array(fit_shares_of_classes(network, held).shares)
    parts = np.concatenate([network[:, None], np.nan_to_num(held.table.learners)], 1)
    own = parts[np.arange(len(rows)), :, held.labels]
    gains = np.log((own @ shares).clip(1e-9)) - np.log(own[:, 0].clip(1e-9))
    found.update(shares=shares, sure=gains.mean() / (gains.std() / len(rows) ** 0.5 + 1e-12))
    return model


def measure(X, y, train, query):
    base.add_blend = add_blend
    model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    fitted = model.fitted_
    table = fitted.encode(model.encoder_.align(X.iloc[query]))
    network = fitted.unmixed(fitted.placed_network(), table)
    parts = np.concatenate([network[:, None], np.nan_to_num(table.learners)], 1)
    alone = np.arange(parts.shape[1]) == 0
    ways = {"network": alone, **{f"part_{part}": part for part in PARTS}}
    ways["sure"] = float(found["sure"] > LEAST_GAIN)
    scores = {"sure_by": found["sure"], "shares": " ".join(map(str, found["shares"]))}
    for name, way in ways.items():
        shares = alone if name == "network" else way * found["shares"] + (1.0 - way) * alone
        mixed = np.einsum("l,rlk->rk", shares.astype(float), parts)
        own = mixed[np.arange(len(query)), y[query]]
        scored = mixed[:, 1] if mixed.shape[1] == 2 else mixed / mixed.sum(1, keepdims=True)
        scores[f"log_loss_{name}"] = -np.log(own.clip(1e-9)).mean()
        scores[f"roc_auc_{name}"] = roc_auc_score(y[query], scored, multi_class="ovo")
    return scores


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, n_train, seed, out, *names = sys.argv[1:]
    rows = []
    for table in load_corpus(Path(corpus)):
        labels = table.y.astype(str).where(table.y.notna())
        known = labels.map(labels.value_counts()).ge(30).to_numpy()
        X, y = table.X[known], np.unique(labels[known], return_inverse=True)[1]
        if (names and table.name not in names) or len(y) < 1.2 * int(n_train) or y.max() > 9:
            continue
        train, query = train_test_split(
            np.arange(len(y)),
            train_size=int(n_train),
            test_size=min(len(y) - int(n_train), 5000),
            random_state=int(seed),
            stratify=y,
        )
        rows.append({"table": table.name, "n": n_train, **measure(X, y, train, query)})
        print(rows[-1], flush=True)
        pd.DataFrame(rows).round(5).to_csv(out, index=False)


if __name__ == "__main__":
    main()
