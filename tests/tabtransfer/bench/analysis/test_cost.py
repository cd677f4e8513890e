import pytest

from tabtransfer.bench.analysis.cost import harness_share, seconds_per_thousand


def test_seconds_are_per_thousand_rows_that_each_step_sees(make_results):
    results = make_results({"t": {"a": 0.9, "b": None}, "u": {"a": 0.9}})
    results["n_test"] = [250.0, None, 250.0]
    board = seconds_per_thousand(results)  # 2 s for 75 rows, 0.5 s for 250
    assert board.loc["a"].tolist() == pytest.approx([26.667, 2.0], abs=0.001)
    assert "b" not in board.index


def test_the_harness_share_is_what_no_method_used(make_results):
    results = make_results({"t": {"a": 0.9, "b": None}, "u": {"a": 0.9}})
    assert harness_share(results) == pytest.approx(0.1 / 2.6)  # the skipped job isn't counted
    results.loc[0, "quantile_seconds"] = 0.1
    assert harness_share(results) == pytest.approx(0.1 / 5.2)
