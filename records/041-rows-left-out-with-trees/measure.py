"""Measure what leaving out the rows that `explain` names does, where trees are among the inputs.

usage: python records/041-rows-left-out-with-trees/measure.py OUT.csv TABLE...
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from tabtransfer import TabTransferClassifier, TabTransferRegressor, leave_out_effect
from tabtransfer.datasets.suites import load_table

N_TRAIN, N_QUERY, N_TOP = 120, 12, 12


def measure(name, trees):
    table = load_table(name)
    kind = TabTransferRegressor if table.task == "regression" else TabTransferClassifier
    rows = np.random.default_rng(0).permutation(len(table.X))[: N_TRAIN + N_QUERY]
    X, y = table.X.iloc[rows].reset_index(drop=True), table.y.iloc[rows].reset_index(drop=True)
    model = kind(trees=trees, random_state=0, n_threads=1).fit(X[:N_TRAIN], y[:N_TRAIN])
    query = X[N_TRAIN:]
    named = model.explain(query, n_rows=N_TOP).rows
    top = [group.tolist() for _, group in named.groupby("query", sort=False)["row"]]
    rng = np.random.default_rng(0)
    random = [rng.choice(N_TRAIN, N_TOP, replace=False).tolist() for _ in range(N_QUERY)]
    effects = [np.abs(leave_out_effect(model, query, left)).mean() for left in (top, random)]
    return {"table": name, "trees": trees, "named": effects[0], "random": effects[1]}


def main():
    warnings.filterwarnings("ignore")
    out, *names = sys.argv[1:]
    found = pd.read_csv(out).to_dict("records") if Path(out).exists() else []
    for name in names:
        for trees in (False, True):
            found.append(measure(name, trees))
            print(found[-1], flush=True)
            pd.DataFrame(found).to_csv(out, index=False)


if __name__ == "__main__":
    main()
