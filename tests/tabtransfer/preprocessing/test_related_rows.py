import warnings

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.preprocessing.related_rows import add_related
from tabtransfer.preprocessing.training_input import TrainingInput

FRAME = pd.DataFrame(
    {
        "size": [1, 2, 3],
        "town": pd.Categorical(["x", "y", "x"]),
        "sold": pd.to_datetime(["2024-01-01", "2024-02-01", None]),
    }
)
OWN = TrainingInput(FRAME, np.array(["a", "b", "a"]), None)


def add(X, y, own=OWN, is_regression=False, max_rows=100):
    return add_related(own, (X, y), is_regression, max_rows, seed=0)


def test_columns_are_matched_by_name_and_what_is_lacking_is_missing():
    X = pd.DataFrame({"town": pd.Categorical(["z", "x"]), "colour": [1, 2], "size": [7.5, None]})
    with pytest.warns(ColumnWarning, match="X has no columns 'colour'"):
        rows = add(X, ["b", "a"])
    assert rows.frame.columns.tolist() == ["size", "town", "sold"]
    assert rows.frame["size"].tolist()[:4] == [1, 2, 3, 7.5]
    assert rows.frame["town"].tolist() == ["x", "y", "x", "z", "x"]
    assert isinstance(rows.frame["town"].dtype, pd.CategoricalDtype)
    assert rows.frame["sold"].dtype.kind == "M" and rows.frame["sold"].isna()[3:].all()
    assert rows.target.tolist() == ["a", "b", "a", "b", "a"]
    assert rows.related.tolist() == [False] * 3 + [True] * 2
    assert rows.frame.index.tolist() == [0, 1, 2, "related 0", "related 1"]


def test_rows_of_other_classes_are_left_out_with_a_warning():
    with pytest.warns(UserWarning, match=r"1 of 3 related rows have .* \('longer'\)"):
        rows = add(FRAME, ["a", "longer", "b"])
    assert rows.target.tolist() == ["a", "b", "a", "a", "b"]
    numbers = TrainingInput(FRAME, np.array([0, 1, 0]), None)
    assert add(FRAME, [0.0, 1.0, 1.0], numbers).target.dtype.kind == "i"


def test_own_rows_come_first_where_there_is_little_room():
    weighted = TrainingInput(FRAME, np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 1.0]))
    X, y = pd.concat([FRAME] * 10), np.arange(30.0) / 4
    rows = add(X, y, weighted, is_regression=True, max_rows=8)
    assert len(rows.frame) == 8 and rows.target[:3].tolist() == [1.0, 2.0, 3.0]
    assert rows.weights.tolist() == [2.0] + [1.0] * 7
    assert not add(X, y, weighted, is_regression=True, max_rows=2).related.any()


def test_an_ordered_category_keeps_its_order():
    size = pd.CategoricalDtype(["s", "m"], ordered=True)
    frame = pd.DataFrame({"size": pd.Series(["s", "m"], dtype=size)})
    own = TrainingInput(frame, np.array(["a", "b"]), None)
    joined = add(pd.DataFrame({"size": ["m", "xl"]}), ["a", "b"], own).frame["size"]
    assert joined.dtype == size and joined.tolist()[:3] == ["s", "m", "m"] and joined.isna().iloc[3]


@pytest.mark.parametrize(
    ("X", "y", "reason"),
    [
        (FRAME.rename(columns=str.upper), ["a", "b", "a"], "none of the columns of X"),
        (FRAME, ["A", "B", "A"], "none of the classes of y"),
        (FRAME.assign(size=["one", "two", None]), ["a", "b", "a"], "'size' hold numbers in X"),
        (FRAME.assign(town=[1, 2, 2]), ["a", "b", "a"], "categories of column 'town' are of"),
    ],
)
def test_what_cannot_be_related_is_refused(X, y, reason):
    with warnings.catch_warnings(), pytest.raises(TabTransferError, match=reason):
        warnings.simplefilter("ignore")
        add(X, y)


def test_related_rows_are_a_pair():
    with pytest.raises(TabTransferError, match="must be a pair"):
        add_related(OWN, FRAME, False, 100, seed=0)
