import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.target import encode_labels, read_numbers


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        (np.array(["b", "a", "b"], dtype=object), ["a", "b"]),
        (pd.Series(["b", "a", "b"]), ["a", "b"]),
        (pd.array(["b", "a", "b"], dtype="string"), ["a", "b"]),
        (pd.Categorical(["b", "a", "b"], categories=["b", "c", "a"]), ["a", "b"]),
        ([5, -3, 5], [-3, 5]),
        (np.array([5, -3, 5], dtype=object), [-3, 5]),
        (pd.array([5, -3, 5], dtype="Int64"), [-3, 5]),
        ([2.0, 1.0, 2.0], [1.0, 2.0]),
        ([True, False, True], [False, True]),
        (np.array([True, False, True], dtype=object), [False, True]),
        (pd.array([True, False, True], dtype="boolean"), [False, True]),
    ],
)
def test_labels_of_any_type(y, classes):
    found, codes = encode_labels(y)
    assert found.tolist() == classes and type(found.tolist()[0]) is type(classes[0])
    np.testing.assert_array_equal(codes, [1, 0, 1])


def test_a_single_class_works():
    classes, codes = encode_labels(["a", "a"])
    assert classes.tolist() == ["a"] and codes.tolist() == [0, 0]


@pytest.mark.parametrize(
    "y",
    [
        np.array([1.0, np.nan]),
        ["a", None],
        pd.Series(["a", None]),
        pd.array([1, pd.NA], dtype="Int64"),
        pd.Categorical(["a", None]),
        np.array([1, pd.NaT], dtype=object),
    ],
)
def test_missing_labels_are_counted_and_placed(y):
    with pytest.raises(TabTransferError, match="1 labels are missing, the first in row 1"):
        encode_labels(y)


@pytest.mark.parametrize("y", [[0.5, 1.5], np.array([0.5, 2], dtype=object)])
def test_continuous_targets_are_refused_with_a_way_out(y):
    with pytest.raises(TabTransferError, match=r"Unknown label type: continuous.*pandas\.qcut"):
        encode_labels(y)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_infinite_targets_are_refused():
    with pytest.raises(ValueError, match="infinity"):
        encode_labels([np.inf, 1.0])


def test_mixed_labels_are_refused_with_a_way_out():
    with pytest.raises(TabTransferError, match=r"mix the types int, str.*astype\(str\)"):
        encode_labels(np.array(["a", 1], dtype=object))


def test_no_labels_at_all():
    with pytest.raises(TabTransferError, match="requires y"):
        encode_labels(None)


def test_a_column_is_flattened_with_a_warning_and_more_are_refused():
    with pytest.warns(DataConversionWarning):
        assert encode_labels(np.array([[1], [2]]))[1].tolist() == [0, 1]
    with pytest.raises(TabTransferError, match=r"1d array.*wrap.*MultiOutputRegressor"):
        encode_labels(np.ones((3, 2)))


@pytest.mark.parametrize(
    "y",
    [
        [1, 0, 3],
        [1.0, 0.0, 3.0],
        np.array([1, 0.0, 3], dtype=object),
        pd.Series([1, 0, 3], index=[5, 6, 7]),
        pd.array([1, 0, 3], dtype="Int64"),
        pd.array([1, 0, 3], dtype="Float32"),
        np.array([1, 0, 3], dtype=np.float16),
        pd.Categorical([1, 0, 3]),
    ],
)
def test_numbers_of_any_type(y):
    found = read_numbers(y)
    assert found.dtype == np.float64 and found.tolist() == [1.0, 0.0, 3.0]


def test_booleans_are_numbers():
    assert read_numbers([True, False]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "str values, the first of them 'a'"),
        ([1.0, "b"], "numbers"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "datetime64"),
        ([[1], [2, 3]], "values"),
        ([1.0, None], "1 labels are missing, the first in row 1"),
        ([1.0, np.inf], "1 targets are not finite, the first in row 1"),
        (pd.array([1, pd.NA], dtype="Int64"), "1 labels are missing"),
    ],
)
def test_what_is_no_number(y, message):
    y = np.array(y, dtype=object) if message == "values" else y
    with pytest.raises(TabTransferError, match=message):
        read_numbers(y)
