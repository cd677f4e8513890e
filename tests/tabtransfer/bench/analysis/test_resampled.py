import math

import pytest

from tabtransfer.bench.analysis.resampled import corrected_mean, split_errors


def test_by_hand():
    # Mean 0.02, variance 0.0002, factor 1/2 + 50/100 = 1: t = 0.02 / 0.014142 = √2. With one
    # degree of freedom t is Cauchy: p = 1 - 2/π·atan(√2), and 97.5 % lie below tan(0.475 π).
    found = corrected_mean([0.01, 0.03], n_train=100, n_test=50)
    assert found.mean == pytest.approx(0.02)
    assert found.p == pytest.approx(1 - 2 / math.pi * math.atan(math.sqrt(2)))
    reach = math.tan(0.475 * math.pi) * math.sqrt(0.0002)
    assert (found.low, found.high) == pytest.approx((0.02 - reach, 0.02 + reach))


def test_more_test_rows_mean_more_overlap_and_a_wider_interval():
    values = [0.1, 0.2, 0.15, 0.12]
    narrow, wide = corrected_mean(values, 90, 10), corrected_mean(values, 50, 50)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert wide.p > narrow.p


def test_splits_without_spread_or_alone():
    assert corrected_mean([0.0, 0.0], 2, 1).p == 1
    assert corrected_mean([0.1, 0.1], 2, 1).p == 0
    alone = corrected_mean([0.1], 2, 1)
    assert alone.mean == 0.1
    assert math.isnan(alone.low) and math.isnan(alone.high) and math.isnan(alone.p)


def test_errors_are_those_of_methods_that_finished_all_splits(make_results):
    scores = {"t": {"a": 0.9, "b": 0.8, "c": 0.7, "never": 0.9}}
    results = make_results(scores, n_splits=3, offsets=(0.0, 0.01, 0.02))
    method, split = results["method"], results["split"]
    results.loc[(method == "a") & (split == 2), "status"] = "left_out"  # the time was over
    results.loc[(method == "c") & (split == 1), "status"] = "failed"
    results.loc[method == "never", "status"] = "left_out"
    results = results[(method != "never") | (split == 0)]
    errors = split_errors(results)
    assert list(errors.columns) == ["a", "b"]
    assert errors["a"].tolist() == pytest.approx([0.1, 0.09])
