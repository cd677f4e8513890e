import math

import pandas as pd
import pytest

from tabtransfer.bench.analysis.elo import pairwise_wins
from tabtransfer.bench.analysis.ranking import (
    improvability,
    rank_methods,
    relative_gain,
    win_matrix,
)

SCORES = {
    "t1": {"a": 0.90, "b": 0.80, "c": 0.85},
    "t2": {"a": 0.70, "b": 0.75, "c": 0.70},
    "t3": {"a": 0.60, "b": None, "c": 0.65},
}


def test_ranks_improvability_and_wins_by_hand(make_results):
    board = rank_methods(make_results(SCORES))
    # b was skipped on t3, where it counts as half a win over either, as on t1 and t2.
    assert board["rank"].to_dict() == pytest.approx({"a": 6 / 3, "b": 4 / 2, "c": 6 / 3})
    expected = (0 + (1 - 0.25 / 0.30) + (1 - 0.35 / 0.40)) / 3
    assert board.loc["a", "improvability"] == pytest.approx(expected)
    # a beat b and c on t1, tied with c and lost to b on t2, lost to c on t3.
    assert board.loc["a", "win_rate"] == pytest.approx((1 + 0.25 + 0) / 3)
    assert board["n_best"].to_dict() == {"a": 1, "b": 1, "c": 1}
    assert board["n_families"].to_dict() == {"a": 3, "b": 2, "c": 3}
    assert board["elo"].isna().all()  # from three tables: nobody's lead has an end
    for name in ("rank", "improvability", "win_rate"):
        assert (board[f"{name}_low"] <= board[name]).all()
        assert (board[f"{name}_high"] >= board[name]).all()


def test_tables_of_a_family_count_once(make_results):
    scores = {
        "d1": {"a": 0.9, "b": 0.8},
        "d2": {"a": 0.9, "b": 0.8},
        "e": {"a": 0.8, "b": 0.9},
    }
    results = make_results(scores)
    results.loc[results["table"] != "e", "family"] = "d"
    board = rank_methods(results)
    assert board["rank"].to_dict() == {"a": 1.5, "b": 1.5}
    methods, wins = pairwise_wins(results)
    assert methods == ["a", "b"] and wins.sum(axis=0).tolist() == [[0, 1], [1, 0]]


def test_no_error_leaves_nothing_to_improve():
    errors = pd.DataFrame({"a": [0.0, 0.0], "b": [0.0, 0.2]})
    assert improvability(errors)["b"].tolist() == [0.0, 1.0]
    assert relative_gain(errors, "a", "b").tolist() == [0.0, 1.0]


def test_win_matrix_has_shares_that_add_to_one(make_results):
    matrix = win_matrix(make_results(SCORES))
    assert matrix.loc["a", "c"] == pytest.approx(1.5 / 3)
    assert matrix.loc["a", "b"] + matrix.loc["b", "a"] == pytest.approx(1)
    assert math.isnan(matrix.loc["a", "a"])
