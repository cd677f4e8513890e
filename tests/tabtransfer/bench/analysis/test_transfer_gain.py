import math

import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.analysis.scores import add_score
from tabtransfer.bench.analysis.transfer_gain import find_crossing, gain_curves


@pytest.fixture
def make_sizes(make_results):
    """Build nested results from `{size: {table: {method: score or None}}}`."""

    def make(by_size, **changes):
        parts = [
            make_results(scores).assign(max_train=size, n_train=size)
            for size, scores in by_size.items()
        ]
        return pd.concat(parts, ignore_index=True).assign(splits="nested", **changes)

    return make


def _curve(results, method, base, task="classification"):
    (found,) = [
        curve
        for curve in gain_curves(results)
        if (curve.task, curve.method, curve.base) == (task, method, base)
    ]
    return found


def test_gains_and_their_crossing_by_hand(make_sizes):
    def tables(gain):
        return {
            f"t{i}": {"tabtransfer": 0.8 + gain + 0.001 * i, "catboost": 0.8 + 0.001 * i}
            for i in range(3)
        }

    curve = _curve(
        make_sizes({32: tables(0.06), 128: tables(0.02), 512: tables(-0.02)}),
        *("tabtransfer", "catboost"),
    )
    assert [round(point.mean, 6) for point in curve.points.values()] == [0.06, 0.02, -0.02]
    assert [(point.wins, point.losses) for point in curve.points.values()] == [
        (3, 0),
        (3, 0),
        (0, 3),
    ]
    # Half-way from 128 to 512 in the logarithm; tables that agree leave no doubt.
    assert curve.crossing.size == pytest.approx(256)
    assert (curve.crossing.low, curve.crossing.high) == pytest.approx((256, 256))
    assert curve.crossing.starts_above and curve.crossing.n_changes == 1


def test_small_tables_drop_out_and_a_family_counts_once(make_sizes):
    small = {
        "a1": {"tabtransfer": 0.9, "catboost": 0.8},
        "b": {"tabtransfer": 0.7, "catboost": 0.6},
    }
    also = {"a2": {"tabtransfer": 0.6, "catboost": 0.8}}
    results = make_sizes({32: {**small, **also}, 64: {"b": {"tabtransfer": 0.7, "catboost": 0.8}}})
    results["family"] = results["table"].str[0]
    curve = _curve(results, "tabtransfer", "catboost")
    # The family a is at (0.1 - 0.2) / 2 = -0.05 and b at 0.1, so the mean is 0.025.
    assert (curve.points[32].n_tables, curve.points[64].n_tables) == (2, 1)
    assert curve.points[32].mean == pytest.approx(0.025)
    assert curve.points[64].mean == pytest.approx(-0.1)
    assert curve.crossing.size == pytest.approx(32 * 2 ** (0.025 / 0.125))


def test_numbers_are_scored_apart_by_the_share_of_the_error_that_is_gone(make_sizes):
    scores = {
        "t": {"tabtransfer": 0.9, "catboost": 0.8},
        "u": {"tabtransfer": 0.7, "catboost": 0.8},
    }
    results = make_sizes({32: scores})
    numeric = results["table"] == "u"
    results.loc[numeric, "task"] = "regression"
    results.loc[numeric, "roc_auc"] = np.nan
    results["r2"] = results["method"].map({"tabtransfer": 0.84, "catboost": 0.75}).where(numeric)
    classes = _curve(results, "tabtransfer", "catboost")
    numbers = _curve(results, "tabtransfer", "catboost", "regression")
    assert classes.points[32].mean == pytest.approx(0.1)
    # An R² of 0.84 is 0.4 of the baseline's RMSE, one of 0.75 is 0.5 of it.
    assert numbers.points[32].mean == pytest.approx(0.1)
    assert add_score(results).loc[numeric, "score"].tolist() == pytest.approx([0.6, 0.5])


def test_arms_are_compared_with_scratch_with_synthetic_and_with_every_opponent(make_sizes):
    names = ["catboost", "tabtransfer-scratch", "tabtransfer", "tabtransfer-synthetic", "tabpfn"]
    names.insert(4, "stack")
    scores = dict.fromkeys(names, 0.8) | {"tabpfn": None}
    found = gain_curves(make_sizes({32: {"t": scores}, 64: {"t": scores}}))
    assert [(curve.method, curve.base) for curve in found] == [
        ("tabtransfer", "tabtransfer-scratch"),
        ("tabtransfer-synthetic", "tabtransfer-scratch"),
        ("tabtransfer", "tabtransfer-synthetic"),
        ("tabtransfer", "catboost"),
        ("tabtransfer-synthetic", "catboost"),
        ("tabtransfer-scratch", "catboost"),
        ("tabtransfer", "stack"),
        ("tabtransfer-synthetic", "stack"),
        ("tabtransfer-scratch", "stack"),
    ]


def test_curves_that_do_not_cross_end_at_infinity():
    above = find_crossing(pd.DataFrame({10: [0.2, 0.1], 20: [0.1, 0.2]}))
    assert (above.starts_above, above.n_changes) == (True, 0)
    assert above.size == above.low == above.high == math.inf
    below = find_crossing(pd.DataFrame({10: [-0.2, -0.1], 20: [-0.1, -0.2]}))
    assert (below.starts_above, below.size) == (False, math.inf)


def test_a_curve_that_starts_below_crosses_upwards():
    crossing = find_crossing(pd.DataFrame({10: [-0.1, -0.1], 1000: [0.3, 0.3]}))
    assert not crossing.starts_above
    assert crossing.size == crossing.low == pytest.approx(10 * 100**0.25)


def test_the_first_of_several_changes_counts():
    crossing = find_crossing(pd.DataFrame({10: [0.1], 100: [-0.1], 1000: [0.1]}))
    assert crossing.size == pytest.approx(10**1.5)
    assert crossing.n_changes == 2
    assert math.isnan(crossing.low) and math.isnan(crossing.high)


def test_doubt_reaches_to_both_ends():
    # One table gains at both sizes and one loses at both: a draw holds both in half the cases.
    crossing = find_crossing(pd.DataFrame({10: [0.3, -0.1], 100: [0.1, -0.3]}))
    assert crossing.size == pytest.approx(10**1.5)
    assert (crossing.low, crossing.high) == (0.0, math.inf)


def test_draws_without_a_table_at_every_size_do_not_count():
    # Two of the three tables end at 10 rows; 8 of 27 draws hold those alone and say nothing.
    gains = pd.DataFrame({10: [0.1, 0.1, 0.1], 100: [np.nan, np.nan, -0.1]})
    crossing = find_crossing(gains)
    assert (crossing.size, crossing.low, crossing.high) == pytest.approx((10**1.5,) * 3)


def test_a_gain_of_exactly_zero_crosses_there():
    crossing = find_crossing(pd.DataFrame({10: [0.0, 0.0], 100: [0.1, 0.1]}))
    assert crossing.size == pytest.approx(10)
