"""Scores of the regressor on tables, to be run on the commits before and after.

usage: python records/026-shares-of-numbers/measure.py CORPUS ROWS OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; half of each, up to ROWS, are trained on,
and up to 1,500 others predicted. RMSE, mean absolute error and pinball loss are over the standard
deviation of the training targets.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferRegressor
from tabtransfer.pretrain.real_tables.corpus import RealTable, load_corpus

LEVELS = np.array([0.05, 0.15, 0.25, 0.35, 0.45, 0.5, 0.55, 0.65, 0.75, 0.85, 0.95])


def measure(table: RealTable, most: int) -> dict[str, object]:
    """Fit, and score other rows."""
    known = table.y.notna().to_numpy()
    X, y = table.X[known].reset_index(drop=True), table.y[known].to_numpy(float)
    n_train, places = min(len(y) // 2, most), np.arange(len(y))
    train, query = train_test_split(
        places, train_size=n_train, test_size=min(len(y) - n_train, 1500), random_state=0
    )
    start = time.process_time()
    model = TabTransferRegressor(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    seconds = time.process_time() - start
    found = model.predict(X.iloc[query], output="distribution")
    quantiles = found.quantile(LEVELS)
    errors, below = y[query] - found.mean(), y[query][:, None] - quantiles
    deviation = y[train].std()
    blend = model.fitted_.blend
    return {
        "table": table.name,
        "n": n_train,
        "rmse": np.sqrt(np.mean(errors**2)) / deviation,
        "mae": np.abs(errors).mean() / deviation,
        "pinball": np.maximum(LEVELS * below, (LEVELS - 1) * below).mean() / deviation,
        "coverage_90": ((below[:, 0] >= 0) & (below[:, -1] <= 0)).mean(),
        "fit_seconds": seconds,
        "share_of_network": 1.0 if blend is None else blend.shares[0],
    }


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, most, out, *names = sys.argv[1:]
    tables = [
        table
        for table in load_corpus(Path(corpus), "regression")
        if not names or table.name in names
    ]
    rows = [measure(table, int(most)) for table in tables]
    pd.DataFrame(rows).round(4).to_csv(out, index=False)


if __name__ == "__main__":
    main()
