import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning

from tabtransfer.errors import ColumnWarning, TabTransferError
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
    with pytest.warns(ColumnWarning, match="All 2 labels are 'a'"):
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
        np.ma.array([1, -9999], mask=[False, True]),
        np.ma.array(["a", "?"], mask=[False, True]),
    ],
)
def test_missing_labels_are_counted_and_placed(y):
    with pytest.raises(TabTransferError, match="1 labels are missing, the first in row 1"):
        encode_labels(y)


def test_masks_count_and_masked_arrays_without_one_are_read():
    y = np.ma.array([1.5, -9999, 2.5], mask=[False, True, False])
    with pytest.raises(
        TabTransferError, match=r"1 labels are missing.*row 1.*getmaskarray"
    ) as error:
        read_numbers(y)
    keep = ~np.ma.getmaskarray(y)  # the way out that the message names
    assert "keep = ~numpy.ma.getmaskarray(y)" in str(error.value)
    assert read_numbers(y[keep]).tolist() == [1.5, 2.5]
    assert encode_labels(np.ma.array([3, 1]))[0].tolist() == [1, 3]


@pytest.mark.parametrize(
    "y",
    [
        pd.interval_range(0, 3),
        pd.period_range("2020", periods=3, freq="M"),
        pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
        pd.to_timedelta([1, 2, 3], unit="s"),
        [datetime.date(2020, 1, day) for day in (1, 2, 3)],
        [Decimal(1), Decimal(2), Decimal(3)],
        [("a", 1), ("b", 2), ("c", 3)],
        np.array([b"a", b"b", b"c"]),
    ],
    ids=lambda y: type(y[0]).__name__,
)
def test_labels_that_are_no_words_or_numbers_are_refused_with_a_way_out(y):
    cells = np.empty(3, dtype=object)
    cells[:] = list(y)
    for labels in (pd.Series(cells), pd.Series(y)):
        with pytest.raises(TabTransferError, match=r"Unknown label type: the labels are.*strings"):
            encode_labels(labels)
        assert len(encode_labels([str(label) for label in labels])[0]) == 3


def test_numpy_strings_are_strings():
    labels = np.array(["a", np.str_("b"), "a"], dtype=object)
    assert encode_labels(labels)[0].tolist() == ["a", "b"]
    assert encode_labels(np.array([True, np.bool_(False)], dtype=object))[0].tolist() == [
        False,
        True,
    ]


def test_ways_out_for_dates_and_durations_work():
    for y, way in (
        (pd.to_datetime(["2020-01-01", "2020-01-03"]).to_series(), "pandas.Timedelta"),
        (pd.to_timedelta([1, 3], unit="D").to_series(), "y / pandas.Timedelta"),
    ):
        with pytest.raises(TabTransferError, match=way) as error:
            read_numbers(y)
        formula = str(error.value).split("for example with ")[1].rstrip(".")
        numbers = read_numbers(eval(formula, {"y": y, "pandas": pd}))
        assert numbers[1] - numbers[0] == 2.0


@pytest.mark.parametrize("y", [[0.5, 1.5], np.array([0.5, 2], dtype=object)])
def test_continuous_targets_are_refused_with_a_way_out(y):
    with pytest.raises(TabTransferError, match=r"Unknown label type: continuous.*pandas\.qcut"):
        encode_labels(y)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
def test_infinite_targets_are_refused():
    with pytest.raises(ValueError, match="infinity"):
        encode_labels([np.inf, 1.0])


def test_mixed_labels_are_refused_with_a_way_out():
    with pytest.raises(TabTransferError, match=r"mix the types int, str.*\[str\(label\)"):
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
        [Decimal(1), Decimal("0.00"), Decimal(3)],
        np.ma.array([1, 0, 3]),
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
