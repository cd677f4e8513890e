import warnings

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns.category import CategoryColumn


def encode(cells, later):
    return CategoryColumn.learn(pd.Series(cells)).encode(pd.Series(later), "z").ravel()


@pytest.mark.parametrize(
    ("cells", "later"),
    [
        ([False, True], ["False", "True"]),
        ([False, True], ["false", "TRUE"]),
        (["False", "True"], [False, True]),
        (["false", "true"], [0.0, 1.0]),
        (["1.5", "2.5"], ["1.50", "2.500"]),
        (["1.50", "2.50"], [1.5, 2.5]),
        ([1, "x"], ["1.0", "X"]),
        (["No", "Yes"], ["no", " yes "]),
        (["new  york", "paris"], ["New York", "PARIS"]),
        (pd.Categorical(["a", "b"]), ["A", "B"]),
    ],
)
def test_the_same_value_written_otherwise_is_the_same_category(cells, later):
    np.testing.assert_array_equal(encode(cells, later), [0, 1])


def test_spellings_that_fit_tells_apart_stay_apart():
    found = encode(["YES", "Yes", "007", "7"], ["yes", "YES", "007", "7.0", "07"])
    np.testing.assert_array_equal(found, [np.nan, 2, 0, 1, np.nan])


def test_a_column_that_holds_nothing_known_warns():
    with pytest.warns(ColumnWarning, match="'z' holds none of the categories of fit in 6 cells"):
        encode(["m", "f"], ["male", "female"] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode(["m", "f"], ["male"])  # one new category is nothing odd
        encode(["m", "f"], ["male", "m"] * 3)
        encode(["m", "f"], ["?"] * 9)
