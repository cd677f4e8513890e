"""The ratings that TabArena publishes, from the mean ranks beside them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.analysis.elo import fit_elo

# Mean ranks and ratings of 78 methods on the 51 tables of TabArena-Lite, from
# packages/tabflow_slurm/experiments/eval_output/example_tabarena_v0pt1_local/leaderboards/lite.csv
# of https://github.com/autogluon/tabarena (commit 29bdbf9, Apache-2.0), ranks to three digits.
BOARD = pd.read_csv(Path(__file__).with_name("tabarena_lite.csv"), index_col="method")
N_TABLES = 51


@pytest.fixture(scope="module")
def ratings():
    """Rate the methods by wins that give each its mean rank.

    Where every two methods meet equally often, the likelihood of the Bradley-Terry model depends on
    each method's number of wins alone, and that on its mean rank; so any such wins will do.
    """
    ranks = BOARD["rank"].to_numpy()
    wins = N_TABLES * (0.5 + (ranks[None, :] - ranks[:, None]) / len(ranks))
    np.fill_diagonal(wins, 0.0)
    assert wins.sum(axis=1) == pytest.approx(N_TABLES * (len(ranks) - ranks), rel=1e-3)
    anchor = BOARD.index.get_loc("RandomForest (default)")
    return pd.Series(fit_elo(wins, anchor), BOARD.index)


def test_every_rating_is_the_published_one(ratings):
    off = (ratings - BOARD["elo"]).abs()
    assert off.mean() < 0.5
    # The weakest method wins 4 % of its meetings; its rating depends most on how the fit is done.
    assert off.iloc[:-1].max() < 2
    assert off.iloc[-1] < 6


def test_the_order_is_the_published_one(ratings):
    assert list(ratings.sort_values(ascending=False).index) == list(BOARD.index)
    names = ["CatBoost (tuned)", "CatBoost (default)", "RandomForest (default)"]
    assert ratings[names].tolist() == pytest.approx([1369.5, 1345.1, 1000.0], abs=1)
