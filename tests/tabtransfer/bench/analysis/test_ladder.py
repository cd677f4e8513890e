import math

import pytest

from tabtransfer.bench.analysis.comparison import compare_methods
from tabtransfer.bench.analysis.ladder import LADDER, find_ladder

SCORES = dict(zip(LADDER, (0.7, 0.75, 0.85, 0.8, 0.86, 0.86, 0.861), strict=True))


@pytest.fixture
def climb(make_results):
    """Find the ladder in results of one table; some rungs are left out, or have noise."""

    def climb(scores=SCORES, noise=(), n_splits=6):
        results = make_results({"t": scores}, n_splits=n_splits, offsets=(0.0, 0.01, 0.02) * 2)
        for method, spread in dict(noise).items():
            rows = results["method"] == method
            results.loc[rows, "error"] += [spread, -spread] * (n_splits // 2)
        return find_ladder(results, compare_methods(results))

    return climb


def test_each_rung_is_compared_with_the_one_below(climb):
    found = climb(noise={"catboost": 0.001, "tabtransfer-finetuned": 0.05})
    assert [rung.entrant.method for rung in found.rungs] == list(LADDER)
    assert [rung.below for rung in found.rungs] == [None, *LADDER[:-1]]
    steps = [rung.step.mean for rung in found.rungs[1:]]
    assert steps == pytest.approx([-0.05, -0.1, 0.05, -0.06, 0.0, -0.001])
    # Of six splits whose differences have the deviation .0011, with as many test as training rows:
    # t with 5 degrees of freedom times .0011 √(1/6 + 1).
    trees = found.rungs[2].step
    assert trees.high - trees.mean == pytest.approx(2.5706 * 0.0010954 * math.sqrt(7 / 6), rel=1e-3)


def test_sentences_tell_gains_and_losses_from_chance(climb):
    found = climb(noise={"tabtransfer-finetuned": 0.05})
    whole, clear, unclear = found.sentences
    assert whole == (
        "The ladder lowers the 1 − ROC AUC from 0.29 (linear) to 0.129 (tabtransfer-finetuned), by "
        "55.5 %."
    )
    assert "catboost −0.1 (−0.1 to −0.1); tabtransfer-scratch-no-trees 0.05 (0.05–0.05);" in clear
    assert unclear == "What may be chance on these splits: tabtransfer, tabtransfer-finetuned."


def test_a_rung_that_did_not_finish_is_stepped_over(climb):
    found = climb({**SCORES, "catboost": None})
    assert "catboost" not in [rung.entrant.method for rung in found.rungs]
    assert found.rungs[2].below == "linear-features"
    assert found.rungs[2].step.mean == pytest.approx(-0.05)


def test_one_split_tells_no_step_from_chance(climb):
    found = climb(n_splits=1)
    assert all(math.isnan(rung.p) for rung in found.rungs)
    assert found.sentences[1:] == ("One split tells no step from chance: give it more time.",)


@pytest.mark.parametrize(
    "scores",
    [
        {name: score for name, score in SCORES.items() if name != "linear-features"},
        {**dict.fromkeys(LADDER), "linear": 0.7},
    ],
    ids=["not all were asked for", "one finished"],
)
def test_without_two_rungs_of_the_whole_there_is_no_ladder(climb, scores):
    assert climb(scores) is None


def test_a_ladder_that_leads_nowhere_says_so(climb):
    found = climb({**SCORES, "linear": 0.9})
    assert found.sentences[0] == (
        "No rung of the ladder has a lower 1 − ROC AUC than the lowest, linear."
    )
