import math
from dataclasses import replace

import pytest

from tabtransfer.bench.analysis.transfer_gain import Crossing, GainCurve
from tabtransfer.bench.report.gain_sentences import describe_curve
from tabtransfer.gains import Gain

POINT = Gain(n_tables=9, mean=0.02, low=0.01, high=0.04, wins=6, ties=1, losses=2)


def _describe(crossing, method="tabtransfer", base="catboost", task="classification"):
    return describe_curve(GainCurve(task, method, base, {32: POINT, 1024: POINT}, crossing))


@pytest.mark.parametrize(
    ("crossing", "words"),
    [
        (
            Crossing(True, 543.0, 210.0, math.inf, 1),
            "pays on average up to about 540 rows against catboost (95 % interval 210 to none up "
            "to 1,024).",
        ),
        (
            Crossing(False, 543.0, 210.0, 900.0, 1),
            "pays on average only from about 540 rows on against catboost (95 % interval 210 to "
            "900).",
        ),
        (
            Crossing(True, math.inf, 0.0, math.inf, 0),
            "pays on average against catboost at every size measured, 32 to 1,024 rows (the "
            "crossing's 95 % interval below 32 to none up to 1,024; even the sign is open).",
        ),
        (
            Crossing(False, math.inf, math.inf, math.inf, 0),
            "pays on average against catboost at no size measured, 32 to 1,024 rows (so too in "
            "95 % of resamples).",
        ),
        (
            Crossing(True, 100.0, math.nan, math.nan, 2),
            "pays on average up to about 100 rows against catboost (no interval from one table). "
            "The mean gain changes its sign 2 times: see the curve.",
        ),
    ],
)
def test_every_kind_of_curve_has_its_words(crossing, words):
    assert _describe(crossing) == f"On tables of classes, pretraining {words}"


def test_arms_are_told_by_what_they_do():
    crossing = Crossing(True, math.inf, math.inf, math.inf, 0)
    told = _describe(crossing, base="tabtransfer-synthetic", task="regression")
    assert told.startswith(
        "On tables of numbers, pretraining on real tables too pays on average against "
        "pretraining on synthetic tables alone at every size"
    )
    told = _describe(crossing, "tabtransfer-finetuned", "tabtransfer-scratch")
    assert "with fine-tuning pays on average against the same network trained from scratch" in told
    assert "pretraining pays on average against a stack of the same inputs at" in _describe(
        crossing, base="stack"
    )


def test_sizes_at_which_the_gain_may_be_a_loss_are_named():
    points = {32: POINT, 64: replace(POINT, low=-0.01), 128: replace(POINT, low=-0.02)}
    crossing = Crossing(True, math.inf, 60.0, math.inf, 0)
    told = describe_curve(GainCurve("classification", "tabtransfer", "catboost", points, crossing))
    assert told.endswith(" At 64 and 128 rows the interval of the mean gain holds 0.")
