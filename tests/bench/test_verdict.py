import pytest

from tabtransfer.bench.verdict import judge

N = 8


def _scores(over_catboost, over_scratch, n=N):
    """Give tables where tabtransfer is this far above the two, with a little spread."""
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
