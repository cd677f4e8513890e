import math

import pytest

from tabtransfer.bench.analysis.comparison import compare_methods, comparison_command

OFFSETS = (0.0, 0.01, 0.02, 0.0, 0.01, 0.02)


@pytest.fixture
def one_table(make_results):
    """Make results of one table from `{method: ROC AUC}`, with noise of its own for a method."""

    def make(scores, seconds=None, noise=None, n_splits=6):
        results = make_results({"t": scores}, n_splits=n_splits, offsets=OFFSETS)
        for method, spread in (noise or {}).items():
            rows = results["method"] == method
            wobble = [spread, -spread] * (n_splits // 2)
            results.loc[rows, "error"] += wobble
        fit = results["method"].map(seconds or {}).fillna(2.0)
        return results.assign(fit_seconds=fit, predict_seconds=0.0)

    return make


def test_a_clear_winner(one_table):
    results = one_table({"a": 0.9, "b": 0.8, "c": 0.7}, noise={"b": 0.001, "c": 0.001})
    found = compare_methods(results)
    assert [one.method for one in found.entrants] == ["a", "b", "c"]
    assert found.choice == "a"
    assert not found.entrants[1].ties
    first, *rest = found.sentences
    assert first.startswith("Use a: it has the lowest 1 − ROC AUC, 0.09 on average over 6 splits")
    assert "52.6 % below b, the next (0.19; 95 % interval" in first
    assert rest == []


def test_a_tie_goes_to_the_best_unless_another_is_much_cheaper(one_table):
    scores, noise = {"a-tuned": 0.8, "b": 0.799, "c": 0.798}, {"b": 0.05, "c": 0.05}
    dear = compare_methods(one_table(scores, {"b": 1.0, "c": 1.5}, noise))
    assert dear.choice == "a-tuned"
    assert "b (p = 1.00, 1 s) and c (p = 1.00, 1.5 s) can't be told apart" in dear.sentences[1]
    quick = compare_methods(one_table(scores, {"a-tuned": 0.9, "b": 0.1, "c": 1.5}, noise))
    assert quick.choice == "a-tuned"
    cheap = compare_methods(one_table(scores, {"b": 0.3, "c": 1.5}, noise))
    assert cheap.choice == "b"
    assert "Use b: it can't be told apart from a-tuned" in cheap.sentences[0]
    assert "and needs no tuning and takes 0.3 s instead of 2 s." in cheap.sentences[0]
    assert cheap.sentences[1].startswith("Nor can c (p = ")


def test_cheap_but_far_behind_is_no_choice(one_table):
    results = one_table({"a": 0.8, "b": 0.75}, {"b": 0.1}, {"b": 0.2})
    found = compare_methods(results)
    assert found.entrants[1].ties
    assert found.choice == "a"


def test_one_split_decides_nothing(one_table):
    found = compare_methods(one_table({"a": 0.9, "b": 0.8}, n_splits=1))
    assert found.choice == "a"
    assert "one split can't tell methods apart" in found.sentences[0]
    assert math.isnan(found.entrants[1].p)


def test_those_that_did_not_finish_are_named(one_table):
    results = one_table({"a": 0.9, "b": 0.8, "c": None, "d": 0.9}, n_splits=2)
    late = results["method"] == "d"
    results.loc[late, ["status", "reason"]] = ["left_out", "the time was over"]
    found = compare_methods(results)
    assert found.left_out == {
        "c": "skipped: its <weights> aren't here",
        "d": "the time was over",
    }
    none = compare_methods(one_table({"a": None}))
    assert none.choice is None and none.entrants == ()


def test_the_command_that_measures_it_again(one_table):
    results = one_table({"a": 0.9, "b": 0.8}).assign(suite="file:shop.csv", time_limit=15.0)
    assert comparison_command(results) == (
        "tabtransfer compare shop.csv --target y --task classification --time 60s --methods a,b "
        "--seed 0 --max-train 1000 --threads 1 --jobs 1"
    )


def test_intervals_are_possible_and_from_three_splits_at_least(one_table):
    scores = {"a": 0.985, "b": 0.98}
    two = compare_methods(one_table(scores, n_splits=2))
    assert all(math.isnan(one.error.low) for one in two.entrants)
    assert "interval" not in two.sentences[0]
    six = compare_methods(one_table(scores, noise={"a": 0.01, "b": 0.01}))
    assert six.entrants[0].error.low == 0.0  # 1 − ROC AUC isn't below
    assert 0 < six.entrants[0].error.high < 1


def test_rounding_is_no_error(one_table):
    results = one_table({"a": 0.9, "b": 0.9}, n_splits=3)
    exact = results["method"] == "a"
    results.loc[exact, "error"] = 0.0
    results.loc[~exact, "error"] = [5.551e-17, 0.0, 0.0]
    found = compare_methods(results.assign(error=results["error"].where(exact, 0.5 + 5.551e-17)))
    assert found.entrants[0].error.mean == 0.0
    nearly = compare_methods(one_table({"a": 0.9, "b": 0.9 + 1e-17}, n_splits=3))
    assert nearly.entrants[1].behind.mean == 0.0


def test_a_command_from_foreign_results_runs_nothing_else(one_table):
    results = one_table({"a": 0.9, "b; reboot": 0.8}).assign(
        suite="file:x.csv; touch y", time_limit=15.0, target="$(id)"
    )
    command = comparison_command(results)
    assert "compare 'x.csv;' touch y --target '$(id)'" in command
    assert "--methods 'a,b; reboot'" in command
