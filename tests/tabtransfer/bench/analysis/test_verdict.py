import pandas as pd
import pytest

from tabtransfer.bench.analysis.verdict import judge

N = 8


def _scores(over_catboost, over_scratch, n=N):
    """Return results where tabtransfer is this far above the two, with a little spread."""
    spread = [0.001 * (i % 3 - 1) for i in range(n)]
    return {
        f"t{i}": {
            "tabtransfer": 0.8,
            "catboost": 0.8 - over_catboost(i) - spread[i],
            "tabtransfer-scratch": 0.8 - over_scratch(i) - spread[i],
        }
        for i in range(n)
    }


@pytest.mark.parametrize(
    ("over_catboost", "over_scratch", "state", "words"),
    [
        (lambda i: 0.02, lambda i: 0.05, "contradicted", "transfer works and beats"),
        (lambda i: -0.02, lambda i: 0.05, "supported", "pretraining helps but the result stays"),
        (lambda i: 0.02, lambda i: -0.05, "supported", "pretraining does harm"),
        (lambda i: 0.02 * (-1) ** i, lambda i: 0.05, "undecided", "it is open whether it beats"),
        (lambda i: 0.02, lambda i: 0.02 * (-1) ** i, "undecided", "whether transfer works is open"),
    ],
)
def test_the_intervals_decide(make_results, over_catboost, over_scratch, state, words):
    verdict = judge(make_results(_scores(over_catboost, over_scratch)))
    assert verdict.state == state
    assert f"is {state} here" in verdict.sentences[0]
    assert words in verdict.sentences[1]


def test_sentences_give_means_intervals_and_records(make_results):
    verdict = judge(make_results(_scores(lambda i: -0.02, lambda i: 0.05)))
    first, second = verdict.sentences
    assert "over 8 tables" in first
    assert "0.020 below that of catboost" in first
    assert "95 % interval −0.02" in first
    assert "0 won, 0 tied, 8 lost" in first
    assert "8 won, 0 tied, 0 lost" in second
    assert [sentence.count(". ") for sentence in verdict.sentences] == [0, 0]


def test_too_few_tables_decide_nothing(make_results):
    verdict = judge(make_results(_scores(lambda i: 0.02, lambda i: 0.05, n=5)))
    assert verdict.state == "undecided"
    assert "fewer than 6 tables" in verdict.sentences[1]


@pytest.mark.parametrize("absent", ["catboost", "tabtransfer-scratch", "tabtransfer"])
def test_a_missing_method_decides_nothing_and_is_named(make_results, absent):
    scores = _scores(lambda i: 0.02, lambda i: 0.05)
    for row in scores.values():
        row[absent] = None
    verdict = judge(make_results(scores))
    assert verdict.state == "undecided"
    assert absent in " ".join(verdict.sentences)
    assert "nothing is decided" in verdict.sentences[1]


def _judge_beside_stack(make_results, over_stack, over_catboost=0.02, n_stacks=N):
    """Judge where tabtransfer is this far above the stack, on the first tables alone."""
    scores = _scores(lambda i: over_catboost, lambda i: 0.05)
    for i, row in enumerate(scores.values()):
        row["stack"] = 0.8 - over_stack(i) - 0.001 * (i % 3 - 1) if i < n_stacks else None
    return judge(make_results(scores))


@pytest.mark.parametrize(
    ("over_stack", "over_catboost", "state", "words"),
    [
        (lambda i: 0.01, 0.02, "contradicted", "transfer works and beats"),
        (lambda i: 0.01 * (-1) ** i, 0.02, "undecided", "whether transfer works is open and it"),
        (lambda i: -0.01, 0.02, "supported", "the inputs do better without the network"),
        (lambda i: 0.01, -0.02, "supported", "pretraining helps but the result stays"),
        (lambda i: 0.01 * (-1) ** i, -0.02, "supported", "what it adds is unclear and"),
    ],
)
def test_transfer_is_credited_only_beyond_a_stack_that_was_measured(
    make_results, over_stack, over_catboost, state, words
):
    verdict = _judge_beside_stack(make_results, over_stack, over_catboost)
    assert verdict.state == state and verdict.kinds[0].over_stack.n_tables == N
    _, second, third = verdict.sentences
    assert second.endswith("8 won, 0 tied, 0 lost).") and words not in second
    assert third.startswith("What pretraining adds beyond a stack of the same inputs: ")
    assert words in third


def test_the_gain_over_the_stack_is_told_with_its_interval(make_results):
    third = _judge_beside_stack(make_results, lambda i: 0.01).sentences[2]
    assert "inputs: +0.010 (95 % interval +0.009 to +0.010; 8 won, 0 tied, 0 lost), so" in third


def test_a_stack_on_few_tables_leaves_transfer_open(make_results):
    verdict = _judge_beside_stack(make_results, lambda i: 0.01, n_stacks=5)
    assert verdict.state == "undecided"
    assert "fewer than 6 tables decide nothing" in verdict.sentences[2]


def test_a_stack_without_a_score_changes_nothing(make_results):
    without = judge(make_results(_scores(lambda i: 0.02, lambda i: 0.05)))
    assert _judge_beside_stack(make_results, lambda i: 0.01, n_stacks=0) == without
    assert without.kinds[0].over_stack is None and len(without.sentences) == 2


def _with_numbers(make_results, over_catboost, n=N):
    """Make results on tables of numbers where tabtransfer's RMSE is a share of the baseline."""
    results = make_results(_scores(lambda i: over_catboost, lambda i: 0.05, n))
    results["table"] = results["family"] = "n" + results["table"]
    return results.assign(task="regression", r2=1 - (1 - results["roc_auc"]) ** 2, roc_auc=None)


def test_tables_of_numbers_are_judged_by_their_own_score(make_results):
    verdict = judge(_with_numbers(make_results, 0.02))
    assert verdict.state == "contradicted"
    assert "over 8 tables of numbers the mean 1 − RMSE / baseline of" in verdict.sentences[0]
    assert "0.020 above that of catboost" in verdict.sentences[0]


@pytest.mark.parametrize(
    ("n", "over_catboost", "state"),
    [(N, 0.02, "contradicted"), (N, -0.02, "undecided"), (4, -0.02, "contradicted")],
    ids=["agree", "differ", "too few"],
)
def test_both_kinds_decide_where_there_are_enough_tables(make_results, n, over_catboost, state):
    classes = make_results(_scores(lambda i: 0.02, lambda i: 0.05))
    both = pd.concat([classes, _with_numbers(make_results, over_catboost, n)])
    verdict = judge(both)
    assert verdict.state == state
    said = " ".join(verdict.sentences)
    assert "Over 8 tables of classes" in said or "over 8 tables of classes" in said
    assert f"Over {n} tables of numbers" in said
    assert ("on tables of classes contradicted, on tables of numbers supported" in said) == (
        state == "undecided"
    )


def test_the_verdict_says_why_it_counts_fewer_tables(make_results):
    results = make_results(_scores(lambda i: 0.02, lambda i: 0.05))
    results.loc[results["table"].isin(["t0", "t1"]), "family"] = "pair"
    results.loc[(results["table"] == "t7") & (results["method"] == "catboost"), "status"] = "failed"
    said = judge(results).sentences[0]
    assert "over 6 tables of classes (of 8: families count once, 1 lacks a score of one" in said
