"""Forests of several settings among the learners: scores of the estimators.

usage: python records/023-forest-leaves/measure.py FOLDER ROWS OUT.csv [SETTING …]

FOLDER holds tables as `tabtransfer pretrain` takes them; of those with 1.3 times as many rows, ROWS
are trained on and up to 2,000 others predicted. Boosted trees and kernels are fitted once a table.
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.inference import fitting
from tabtransfer.learners import choice
from tabtransfer.learners.boosting import BoostingSettings
from tabtransfer.learners.kernel import KernelSettings
from tabtransfer.pretrain.real_tables.corpus import load_corpus

SETTINGS: dict[str, dict[str, Any]] = {
    "leaf 2, half of the columns": {"least_rows": 2, "column_share": 0.5},
    "leaf 1, half of the columns": {"least_rows": 1, "column_share": 0.5},
    "leaf 1, all columns": {"least_rows": 1, "column_share": 1.0},
    "leaf 2, all columns": {"least_rows": 2, "column_share": 1.0},
    "leaf 1, half of the columns, 100 trees": {
        "least_rows": 1,
        "column_share": 0.5,
        "n_trees": 100,
    },
}
chosen: dict[str, Any] = {}
fitted: dict[bytes, Any] = {}


def remember(kind: type) -> None:
    """Fit a learner once to the same rows."""
    fit = kind.fit

    def again(self: Any, cells: np.ndarray, *others: Any, **named: Any) -> Any:
        parts = [repr(self).encode(), cells.tobytes()]
        parts += [x.tobytes() if isinstance(x, np.ndarray) else repr(x).encode() for x in others]
        name = b"|".join(parts)
        if name not in fitted:
            fitted[name] = fit(self, cells, *others, **named)
        return fitted[name]

    kind.fit = again


def choose(n_rows: int, *others: Any, **named: Any) -> Any:
    """Choose learners, with a forest of the settings at hand."""
    found = choice.choose_learners(n_rows, *others, **named)
    return found and (replace(found[0], **chosen), *found[1:])


def measure(X: pd.DataFrame, y: np.ndarray, n_rows: int, numbers: bool) -> dict[str, float]:
    """Return the scores and seconds of each setting."""
    rows = np.arange(len(y))
    n_asked = min(len(y) - n_rows, 2000)
    known, asked = train_test_split(
        rows, train_size=n_rows, test_size=n_asked, random_state=0, stratify=None if numbers else y
    )
    fitted.clear()
    scores = {}
    for name in sys.argv[4:] or SETTINGS:
        chosen.clear()
        chosen.update(SETTINGS[name])
        start = time.process_time()
        if numbers:
            model = TabTransferRegressor(random_state=0, n_threads=1).fit(X.iloc[known], y[known])
            scores[f"{name}: R2"] = r2_score(y[asked], model.predict(X.iloc[asked]))
        else:
            model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[known], y[known])
            found, classes = model.predict_proba(X.iloc[asked]), model.classes_
            scores[f"{name}: log loss"] = log_loss(y[asked], found, labels=classes)
            two = len(classes) == 2
            truth, score = (y[asked] == classes[1], found[:, 1]) if two else (y[asked], found)
            scores[f"{name}: ROC AUC"] = roc_auc_score(truth, score, multi_class="ovo")
        scores[f"{name}: seconds"] = time.process_time() - start
    return scores


def main() -> None:
    """Measure every table that is large enough."""
    folder, n_rows, out = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    fitting.choose_learners = choose
    remember(BoostingSettings)
    remember(KernelSettings)
    lines = []
    for task in ("classification", "regression"):
        for table in load_corpus(folder, task):
            kept = table.y.notna()
            if task == "classification":
                counts = table.y.value_counts()
                kept &= table.y.isin(counts.index[counts >= 4][:10])
            if kept.sum() < 1.3 * n_rows:
                continue
            y = table.y[kept].to_numpy()
            y = y.astype(float) if task == "regression" else y.astype(str)
            X = table.X[kept].reset_index(drop=True)
            scores = measure(X, y, n_rows, task == "regression")
            lines.append({"table": table.name, "rows": n_rows, **scores})
            pd.DataFrame(lines).to_csv(out, index=False, float_format="%.5f")
            print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
