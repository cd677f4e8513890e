"""Ways to give the network's distributions the mixed mean, on rows that nothing has seen.

usage: python records/033-tilted-distributions/measure.py CORPUS ROWS OUT.csv [TABLE...]

CORPUS holds tables as `tabtransfer pretrain` takes them; ROWS of each are trained on, and up to
3,000 others predicted by the ensemble that doesn't read the rows asked about (for shares) and by
the one that does. Root mean square error and pinball loss are those of the network alone times.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split

import tabtransfer.inference.fitting as fitting
from tabtransfer import TabTransferRegressor
from tabtransfer.inference.blend import spread_out
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.inference.shares import _least_squares
from tabtransfer.inference.tilting import tilt
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.pretrain.real_tables.corpus import load_corpus

PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
NARROWER = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
SPREADS = (*NARROWER, 1.2, 1.4, 1.7, 2.0)
LEVELS = np.array(quantile_levels(99))


def shift(quantiles, means):
    return quantiles + means - quantile_means(quantiles)


WAYS = {  # move, spreads, handicap, whether coverage counts
    "before": (shift, (1.0,), 0.2, False),
    "tilt": (tilt, (1.0,), 0.2, False),
    "tilt, handicap .1": (tilt, (1.0,), 0.1, False),
    "shift and spread": (shift, SPREADS, 0.1, True),
    "tilt and spread": (tilt, SPREADS, 0.1, True),
    "tilt and narrower": (tilt, NARROWER, 0.1, True),
    "tilt and spread, any coverage": (tilt, SPREADS, 0.1, False),
    "tilt and spread, handicap .2": (tilt, SPREADS, 0.2, True),
    "tilt and spread, handicap 0": (tilt, SPREADS, 0.0, True),
}


def judge(quantiles, targets):
    """Return root mean square error, pinball loss and coverage of the central 90 %."""
    below = targets[:, None] - quantiles
    errors = targets - quantile_means(quantiles)[:, 0]
    pinball = np.maximum(LEVELS * below, (LEVELS - 1.0) * below).mean()
    covered = ((below[:, 4] >= 0.0) & (below[:, 94] <= 0.0)).mean()
    return np.sqrt(np.mean(errors**2)), pinball, covered


def choose(asked, learners, targets, way):
    """Return shares and spread by rows that the network hasn't read."""
    move, spreads, handicap, covers = WAYS[way]
    means = np.column_stack([quantile_means(asked), learners[..., 0]])
    shares = _least_squares(means, targets, np.ones(len(targets)), handicap)
    network = np.arange(means.shape[1]) == 0
    rmse, pinball, covered = judge(asked, targets)
    least, needed, found = np.log(rmse * pinball), min(0.9, covered - 0.02), (1.0 * network, 1.0)
    for part in PARTS:
        mixed = part * shares + (1.0 - part) * network
        moved = move(asked, (means @ mixed)[:, None]) if part else asked
        for spread in spreads:
            rmse, pinball, covered = judge(spread_out(moved, spread), targets)
            if np.log(rmse * pinball) < least - 1e-4 and (covered >= needed or not covers):
                least, found = np.log(rmse * pinball), (mixed, spread)
    return found


def measure(table, n_train):
    known = table.y.notna().to_numpy()
    X, y = table.X[known].reset_index(drop=True), table.y[known].to_numpy(float)
    n_query = min(len(y) - n_train, 3000)
    train, query = train_test_split(
        np.arange(len(y)), train_size=n_train, test_size=n_query, random_state=0
    )
    kept = {}

    def keep(quantiles, held_back, handicap=0.0):
        kept.update(asked=quantiles, learners=held_back.table.learners, targets=held_back.labels)
        return found(quantiles, held_back, handicap)

    found, fitting.fit_shares_of_numbers = fitting.fit_shares_of_numbers, keep
    try:
        model = TabTransferRegressor(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
    finally:
        fitting.fit_shares_of_numbers = found
    if not kept:
        return
    encoded = model.fitted_.encode(model.encoder_.align(X.iloc[query]))
    alone = model.fitted_.unmixed(model.fitted_.placed_network(), encoded)
    network = judge(alone, y[query])
    for way, (move, *_) in WAYS.items():
        shares, spread = choose(kept["asked"], kept["learners"], kept["targets"], way)
        means = np.column_stack([quantile_means(alone), encoded.learners[..., 0]]) @ shares
        moved = move(alone, means[:, None]) if shares[0] < 1.0 else alone
        rmse, pinball, covered = judge(spread_out(moved, spread), y[query])
        yield {
            "table": table.name,
            "n": n_train,
            "way": way,
            "rmse": rmse / network[0],
            "pinball": pinball / network[1],
            "covered": covered,
            "covered_by_network": network[2],
            "share_of_network": shares[0],
            "spread": spread,
        }


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    corpus, n_train, out, *names = sys.argv[1:]
    rows = []
    for table in load_corpus(Path(corpus), "regression"):
        enough = table.y.notna().sum() >= 1.2 * int(n_train)
        if enough and (not names or table.name in names):
            rows += measure(table, int(n_train))
            pd.DataFrame(rows).round(5).to_csv(out, index=False)
            print(table.name, flush=True)


if __name__ == "__main__":
    main()
