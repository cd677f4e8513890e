import math

import numpy as np
import pytest

from tabtransfer.bench.analysis.leaderboard import leaderboard
from tabtransfer.bench.analysis.statistics import gains_by_kind, table_scores
from tabtransfer.gains import TIE, gain

SCORES = {
    "t1": {"a": 0.90, "b": 0.80, "ref": 0.85},
    "t2": {"a": 0.70, "b": 0.75, "ref": 0.70},
    "t3": {"a": 0.60, "b": None, "ref": 0.65},
}


def test_scores_are_means_over_splits(make_results):
    results = make_results(SCORES, n_splits=2, offsets=(0.0, 0.02))
    scores = table_scores(results)
    assert scores.loc["t1", "a"] == pytest.approx(0.91)
    assert scores.index.tolist() == ["t1", "t2", "t3"]
    assert math.isnan(scores.loc["t3", "b"])


def test_no_score_where_a_split_is_missing_that_others_finished(make_results):
    results = make_results(SCORES, n_splits=2, offsets=(0.0, 0.02))
    lost = (results["table"] == "t1") & (results["method"] == "a") & (results["split"] == 1)
    results.loc[lost, ["status", "roc_auc"]] = ["failed", np.nan]
    scores = table_scores(results)
    assert math.isnan(scores.loc["t1", "a"])
    assert scores.loc["t1", "b"] == pytest.approx(0.81)


def test_ranks_means_and_records_by_hand(make_results):
    board = leaderboard(make_results(SCORES), "ref").set_index("method")
    # a: 1, 2.5, 2 + half of b; b: 3, 1, skipped; ref: 2, 2.5, 1 + half of b.
    assert board["rank"].to_dict() == pytest.approx({"a": 2.0, "b": 2.0, "ref": 2.0})
    assert board["roc_auc"].to_dict() == pytest.approx({"a": 2.2 / 3, "b": 0.775, "ref": 2.2 / 3})
    assert board["n_tables"].to_dict() == {"a": 3, "b": 2, "ref": 3}
    assert board.loc["a", ["wins", "ties", "losses"]].tolist() == [1, 1, 1]
    assert board.loc["b", ["wins", "ties", "losses"]].tolist() == [1, 0, 1]
    assert board.loc["ref", ["wins", "ties", "losses"]].isna().all()
    assert board["roc_auc_low"].le(board["roc_auc"]).all()
    assert board["roc_auc_high"].ge(board["roc_auc"]).all()


def test_a_method_without_any_score_comes_last(make_results):
    scores = {name: {**row, "none": None} for name, row in SCORES.items()}
    board = leaderboard(make_results(scores), "ref")
    assert board["method"].iloc[-1] == "none"
    assert board["n_tables"].iloc[-1] == 0
    assert math.isnan(board["rank"].iloc[-1])
    assert board["rank"].max() <= 3  # it isn't counted among the ranks


def test_tie_is_a_distance_and_its_edge_is_a_tie(make_results):
    scores = {
        "t1": {"a": 0.8 + TIE, "b": 0.8},
        "t2": {"a": 0.8 + TIE * 1.1, "b": 0.8},
        "t3": {"a": 0.8 - TIE, "b": 0.8},
        "t4": {"a": 0.8 - TIE * 1.1, "b": 0.8},
    }
    value = gain(table_scores(make_results(scores)), "a", "b")
    assert (value.wins, value.ties, value.losses) == (1, 2, 1)


def test_gain_is_over_tables_with_both_scores(make_results):
    value = gain(table_scores(make_results(SCORES)), "a", "b")
    assert value.n_tables == 2
    assert value.mean == pytest.approx(0.025)
    assert (value.low, value.high) == pytest.approx((-0.05, 0.1))  # the two tables' own gains


def test_gain_without_a_common_table_is_none(make_results):
    scores = table_scores(make_results({"t1": {"a": 0.9, "b": None}}))
    assert gain(scores, "a", "b") is None
    assert gain(scores, "a", "absent") is None


def test_gains_by_kind_by_hand(make_results):
    kinds = {"t1": "numeric", "t2": "mixed", "t3": "mixed"}
    gains = gains_by_kind(make_results(SCORES, kinds), "a", "ref")
    assert list(gains) == ["all tables", "mixed", "numeric"]
    assert gains["all tables"].mean == pytest.approx(0.0)
    assert gains["mixed"].mean == pytest.approx(-0.025)
    assert gains["numeric"].mean == pytest.approx(0.05)
    assert math.isnan(gains["numeric"].low)
