import math

import pytest

from tabtransfer.bench.analysis.regimes import judge_regimes
from tabtransfer.bench.analysis.table_ranks import rank_on_tables


def test_without_gaps_they_are_plain_ranks(make_results):
    scores = {"t": {"a": 0.9, "b": 0.8, "c": 0.8}, "u": {"a": 0.5, "b": 0.7, "c": 0.6}}
    ranks = rank_on_tables(make_results(scores))
    assert ranks.loc["t"].tolist() == [1, 2.5, 2.5]
    assert ranks.loc["u"].tolist() == [3, 1, 2]


@pytest.mark.parametrize("status", ["failed", "timeout", "out_of_memory"])
def test_a_method_that_fails_is_last(make_results, status):
    scores = {"t": {"a": None, "b": 0.8, "c": 0.7}, "u": {"a": 0.9, "b": 0.8, "c": 0.7}}
    results = make_results(scores)
    results.loc[results["roc_auc"].isna(), "status"] = status
    ranks = rank_on_tables(results)
    assert ranks.loc["t"].tolist() == [3, 1, 2]
    assert ranks.loc["u"].tolist() == [1, 2, 3]


def test_a_skipped_method_counts_as_on_other_tables(make_results):
    scores = {"t": {"a": 0.9, "b": 0.8, "c": None}, "u": {"a": 0.9, "b": 0.8, "c": 0.85}}
    ranks = rank_on_tables(make_results(scores))
    assert ranks.loc["t", ["a", "b"]].tolist() == [1, 3]  # behind a and, as on u, behind c
    assert math.isnan(ranks.loc["t", "c"])
    never_met = rank_on_tables(make_results({"t": {"a": 0.9}, "u": {"b": 0.8}}))
    assert (never_met.loc["t", "a"], never_met.loc["u", "b"]) == (1.5, 1.5)


def test_a_table_that_weights_know_is_nobodys_gain(make_results):
    """The best method is skipped on half of the tables: it stays first, the second second."""
    scores = {
        f"t{i}": {"best": None if i % 2 else 0.9, "second": 0.85, "third": 0.8} for i in range(12)
    }
    results = make_results(scores)
    assert rank_on_tables(results).mean().tolist() == [1, 2, 3]
    regime = judge_regimes(results)[0]
    assert (regime.winner, regime.runner_up, regime.state) == ("best", "second", "supported")
