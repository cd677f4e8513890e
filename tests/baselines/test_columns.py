import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.errors import TabTransferError


def test_every_kind_of_column_becomes_text_or_floats(messy):
    X, _ = messy
    prepared = ColumnPreparer().fit_transform(X)
    assert list(prepared.columns) == list(X.columns)
    numbers = {"float", "int", "nullable int", "numbers as objects", "all missing"}
    for name in X.columns:
        missing = X[name].isna()
        if name in numbers:
            assert prepared[name].dtype == np.float64
            assert (prepared[name].isna() == missing).all()
            assert (prepared[name][~missing] == X[name][~missing]).all()
        else:
            assert prepared[name].dtype == object
            assert (prepared[name][missing] == "__missing__").all()
            assert (prepared[name][~missing] == X[name][~missing].map(str)).all()


def test_infinite_values_become_missing():
    prepared = ColumnPreparer().fit_transform(pd.DataFrame({"x": [np.inf, -np.inf, 1.0]}))
    assert prepared["x"].isna().tolist() == [True, True, False]


def test_columns_are_put_in_the_order_of_fit():
    preparer = ColumnPreparer().fit(pd.DataFrame({"a": [1], "b": ["x"]}))
    assert list(preparer.transform(pd.DataFrame({"b": ["y"], "a": [2], "c": [3]}))) == ["a", "b"]


def test_what_was_text_in_fit_stays_text():
    preparer = ColumnPreparer().fit(pd.DataFrame({"code": ["1", "x"]}))
    assert preparer.transform(pd.DataFrame({"code": [1, 2]}))["code"].tolist() == ["1", "2"]


def test_arrays_are_taken():
    assert ColumnPreparer().fit_transform([[1, 2], [3, 4]]).to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "X, message",
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"\['a'\] occur more than once"),
        (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}), r"\['when'\] hold dates"),
        (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"]).tz_localize("UTC")}), "hold dates"),
        (pd.DataFrame({"z": [1j]}), r"\['z'\] hold dates, durations or complex"),
    ],
)
def test_columns_that_cannot_be_read_are_named(X, message):
    with pytest.raises(TabTransferError, match=message):
        ColumnPreparer().fit(X)


def test_changed_columns_are_named():
    preparer = ColumnPreparer().fit(pd.DataFrame({"age": [1.0], "city": ["Kyiv"]}))
    with pytest.raises(TabTransferError, match=r"Columns \['city'\] .* absent"):
        preparer.transform(pd.DataFrame({"age": [1.0]}))
    with pytest.raises(TabTransferError, match="'age' held numbers"):
        preparer.transform(pd.DataFrame({"age": ["old"], "city": ["Kyiv"]}))
