import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.sample_weights import read_sample_weights, scale_weights


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
