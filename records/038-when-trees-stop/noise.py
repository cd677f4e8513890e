"""What boosted trees tell of labels that are noise, out of fold.

usage: python records/038-when-trees-stop/noise.py
"""

import numpy as np
from sklearn.metrics import roc_auc_score

from tabtransfer.learners import DistinctRows, fit_learners
from tabtransfer.learners.choice import choose_learners
from tabtransfer.preprocessing.encoder import TableEncoder

N_ROWS = 600


def out_of_fold(X, y, n_classes, seed):
    table = TableEncoder().fit(X).transform(X)
    settings = [None, choose_learners(N_ROWS, n_classes)[1], None]
    rows = DistinctRows.of(table.cells, y, None)
    learners = fit_learners(table, y, n_classes, rows, settings, 5, seed=seed)
    return learners.out_of_fold[:, 1, -1]


def main():
    areas, losses, correlations = [], [], []
    for seed in range(8):
        random = np.random.default_rng(seed)
        X, y = random.normal(size=(N_ROWS, 8)), random.integers(0, 2, N_ROWS)
        predicted = out_of_fold(X, y, 2, seed)
        areas.append(roc_auc_score(y, predicted))
        losses.append(-np.log(np.where(y, predicted, 1.0 - predicted)).mean())
        target = random.normal(size=N_ROWS)
        correlations.append(np.corrcoef(target, out_of_fold(X, target, 0, seed))[0, 1])
    for name, values in (("ROC AUC", areas), ("log loss", losses), ("correlation", correlations)):
        print(f"{name} {np.mean(values):.3f} ({np.std(values, ddof=1) / len(values) ** 0.5:.3f})")


if __name__ == "__main__":
    main()
