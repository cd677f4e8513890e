"""Measure which weights of training rows foretell what leaving the rows out does.

Run it with ``python measure.py TABLE...``; it appends to ``figures.csv`` beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from tabtransfer import TabTransferClassifier, TabTransferRegressor, row_weights
from tabtransfer.datasets.suites import load_table
from tabtransfer.leave_out import leave_out_effect

N_TRAIN, N_QUERY, N_GROUPED = 120, 40, 20
N_TOP = N_TRAIN // 10
FIGURES = Path(__file__).with_name("figures.csv")


def shares(amounts: np.ndarray) -> np.ndarray:
    amounts = np.abs(amounts)
    return amounts / amounts.sum(1, keepdims=True)


def measure(name: str) -> pd.DataFrame:
    table = load_table(name)
    regression = table.card.task == "regression"
    rows = np.random.default_rng(0).permutation(len(table.X))[: N_TRAIN + N_QUERY]
    X, y = table.X.iloc[rows].reset_index(drop=True), table.y.iloc[rows].reset_index(drop=True)
    model = (TabTransferRegressor if regression else TabTransferClassifier)(random_state=0)
    model.fit(X[:N_TRAIN], y[:N_TRAIN])
    query = X[N_TRAIN:]
    with patch.object(row_weights, "_largest", wraps=row_weights._largest) as spy:
        model.explain(query)
    attention, effects = spy.call_args.args[:2]
    weights = {
        "attention": shares(attention),
        "kernels": shares(effects),
        "both": (shares(attention) + shares(effects)) / 2.0,
    }
    single = np.stack(
        [leave_out_effect(model, query, [[row]] * N_QUERY) for row in range(N_TRAIN)], 1
    )
    rng = np.random.default_rng(0)
    random = [rng.choice(N_TRAIN, N_TOP, replace=False) for _ in range(N_GROUPED)]
    by_chance = np.abs(leave_out_effect(model, query[:N_GROUPED], random)).mean()
    found = []
    for kind, weight in weights.items():
        top = np.argsort(-weight, 1)[:, :N_TOP]
        size = np.abs(single)
        signs = np.sign(single) == np.where(effects >= 0.0, 1.0, -1.0)
        together = np.abs(leave_out_effect(model, query[:N_GROUPED], top[:N_GROUPED])).mean()
        found.append(
            {
                "table": name,
                "weights": kind,
                "rank correlation": np.mean(
                    [spearmanr(w, s).statistic for w, s in zip(weight, size, strict=True)]
                ),
                "top rows one by one": np.take_along_axis(size, top, 1).mean() / size.mean(),
                "top rows at once": together / by_chance,
                "signs right": np.take_along_axis(signs, top, 1).mean(),
                "best possible one by one": np.sort(size, 1)[:, -N_TOP:].mean() / size.mean(),
            }
        )
    return pd.DataFrame(found)


if __name__ == "__main__":
    for table_name in sys.argv[1:]:
        figures = measure(table_name).round(3)
        print(figures.to_string(), flush=True)
        figures.to_csv(FIGURES, mode="a", header=not FIGURES.exists(), index=False)
