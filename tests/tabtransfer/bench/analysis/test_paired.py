import math

import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.analysis.paired import critical_difference, holm, paired_tests


def test_holm_keeps_the_order_and_stops_at_one():
    # Smallest times 4, next times 3, ...; never below a smaller one.
    assert holm([0.02, 0.01, 0.8, 0.02]) == pytest.approx([0.06, 0.04, 0.8, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_always_better_on_eight_tables_has_the_exact_probability():
    errors = pd.DataFrame({"a": np.linspace(0.1, 0.2, 8), "b": np.linspace(0.12, 0.3, 8)})
    test = paired_tests(errors).iloc[0]
    assert test["p"] == pytest.approx(2 / 2**8)  # one of 256 patterns of signs, two sides
    assert (test["won"], test["tied"], test["lost"]) == (8, 0, 0)
    assert test["p_holm"] == test["p"]


def test_equal_errors_and_absent_pairs():
    errors = pd.DataFrame({"a": [0.1, 0.2], "b": [0.1, 0.2], "c": [np.nan, np.nan]})
    tests = paired_tests(errors)
    assert tests[["method", "base"]].to_numpy().tolist() == [["a", "b"]]
    assert tests["p"].tolist() == [1.0]


def test_critical_difference_is_that_of_the_published_table():
    # Demšar (2006), table 5: q at 0.05 for four classifiers is 2.569; his example has 14 tables.
    rng = np.random.default_rng(0)
    errors = pd.DataFrame(rng.random((14, 4)), columns=list("abcd"))
    found = critical_difference(errors)
    assert found.distance == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), abs=1e-3)
    assert found.ranks.is_monotonic_increasing


def test_groups_are_the_longest_runs_within_the_distance():
    noise = np.random.default_rng(0).random((30, 4))
    errors = pd.DataFrame(noise + np.array([0, 0, 2, 2]), columns=list("abcd"))
    found = critical_difference(errors)
    assert found.p < 1e-6
    assert [set(pair) for pair in found.groups()] == [{"a", "b"}, {"c", "d"}]


def test_tables_that_a_method_lacks_are_left_out_or_the_method_is():
    errors = pd.DataFrame(np.random.default_rng(0).random((5, 4)), columns=list("abcd"))
    errors.loc[0, "d"] = np.nan
    found = critical_difference(errors)  # d lacks one table of five, which no method is ranked on
    assert set(found.ranks.index) == set("abcd")
    assert found.n_tables == 4
    errors.loc[:1, "d"] = np.nan
    found = critical_difference(errors)
    assert set(found.ranks.index) == set("abc")
    assert found.n_tables == 5
    assert critical_difference(errors[["a", "b", "d"]]) is None
