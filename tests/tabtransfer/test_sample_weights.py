import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.sample_weights import class_weight_of_rows, read_sample_weights, scale_weights


@pytest.mark.parametrize("weights", [[1, 0, 2.5], pd.Series([1, 0, 2.5], index=[7, 8, 9])])
def test_weights_of_any_kind_are_read_as_a_copy(weights):
    found = read_sample_weights(weights, 3)
    assert found.tolist() == [1.0, 0.0, 2.5] and found is not weights


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], r"shape \(2,\), but X has 3 rows"),
        (2.0, r"shape \(\), but X has 3 rows"),
        ([[1.0], [1.0], [1.0]], r"shape \(3, 1\)"),
        ([1.0, -1.0, -2.0], "2 negative weights, the first in row 1"),
        ([1.0, np.nan, 1.0], "1 missing or infinite weights, the first in row 1"),
        ([np.inf, 1.0, 1.0], "missing or infinite weights, the first in row 0"),
        ([0.0, 0.0, 0.0], "zero for every row"),
        (["a", "b", "c"], "must hold numbers"),
        ([1.0, None, 1.0], "missing"),
    ],
)
def test_weights_that_cannot_be_used(weights, message):
    with pytest.raises(TabTransferError, match=message):
        read_sample_weights(weights, 3)


class TestClassWeights:
    classes = np.array(["a", "b", "c"])
    labels = np.array([0, 0, 0, 0, 1, 2])

    def of_rows(self, class_weight, weights=None):
        return class_weight_of_rows(class_weight, self.classes, self.labels, weights)

    @pytest.mark.parametrize("weights", [None, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 0.5])])
    def test_balanced_classes_weigh_the_same(self, weights):
        rows = self.of_rows("balanced", weights) * (1.0 if weights is None else weights)
        by_class = np.bincount(self.labels, rows)
        np.testing.assert_allclose(by_class, by_class.mean())
        assert rows.sum() == pytest.approx(6.0 if weights is None else weights.sum())

    def test_a_mapping_may_leave_classes_out(self):
        assert self.of_rows({"b": 3.0, "c": 0.5}).tolist() == [1, 1, 1, 1, 3, 0.5]

    @pytest.mark.parametrize(
        ("class_weight", "message"),
        [
            ({"b": 1.0, "d": 2.0}, "classes that y doesn't have: 'd'. The classes are 'a', 'b'"),
            ({"b": 0.0}, "class 'b' has 0.0: to leave a class out, drop its rows"),
            ({"b": -1}, "'b' has -1"),
            ({"b": np.nan}, "'b' has nan"),
            ({"b": "much"}, "'b' has 'much'"),
            ("even", 'None, "balanced" or a mapping'),
            ([1.0, 2.0, 3.0], "a mapping"),
        ],
    )
    def test_class_weights_that_cannot_be_used(self, class_weight, message):
        with pytest.raises(TabTransferError, match=message):
            self.of_rows(class_weight)


class TestScale:
    def test_whole_weights_stay(self):
        weights = np.array([1.0, 2.0, 5.0])
        assert scale_weights(weights, 100) is weights

    def test_ones_are_none(self):
        assert scale_weights(np.ones(4), 100) is None and scale_weights(None, 100) is None

    @pytest.mark.parametrize(
        ("unit", "expected"), [(1e-300, 4.0), (0.1, 4.0), (0.7, 7.0), (50.0, 100.0), (4e307, 100.0)]
    )
    def test_sums_stay_between_the_rows_and_the_most_that_are_read(self, unit, expected):
        found = scale_weights(unit * np.array([1.0, 2.0, 3.0, 4.0]), 100)
        np.testing.assert_allclose(found / found.sum(), [0.1, 0.2, 0.3, 0.4])
        assert found.sum() == pytest.approx(expected)

    def test_more_rows_than_are_read_at_once_count_as_they_are(self):
        found = scale_weights(np.array([1.0, 2.0, 3.0]), 2)
        np.testing.assert_allclose(found, [0.5, 1.0, 1.5])
