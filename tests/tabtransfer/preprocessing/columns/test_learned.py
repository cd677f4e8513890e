import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns import UnsupportedColumnError, learn_column
from tabtransfer.preprocessing.columns.category import CategoryColumn
from tabtransfer.preprocessing.columns.date import DateColumn
from tabtransfer.preprocessing.columns.learned import EmptyColumn
from tabtransfer.preprocessing.columns.number import DurationColumn, NumberColumn
from tabtransfer.preprocessing.columns.text import TextColumn
from tabtransfer.preprocessing.columns.written_number import WrittenNumberColumn


def encode(cells, other=None):
    column = pd.Series(cells)
    learned = learn_column(column, "z")
    values = learned.encode(column if other is None else pd.Series(other), "z")
    assert values.shape[1] == len(learned.n_categories)
    return values[:, 0]


@pytest.mark.parametrize(
    "cells",
    [
        [1, 2, 4],
        np.array([1, 2, 4], np.uint8),
        np.array([1, 2, 4], np.float16),
        pd.array([1, 2, 4], dtype="Int64"),
        pd.array([1, 2, 4], dtype="Float32"),
        pd.array([1, 2, 4], dtype="int64[pyarrow]"),
        pd.Series([1, 2.0, 4], dtype=object),
        [Decimal(1), Decimal(2), Decimal(4)],
        [Fraction(1), 2, 4.0],
    ],
)
def test_numbers_of_every_type_are_standardised(cells):
    column = pd.Series(cells)
    assert isinstance(learn_column(column, "z"), NumberColumn)
    np.testing.assert_allclose(encode(column), [-1 / 1.5, 0.0, 2 / 1.5])


@pytest.mark.parametrize(
    "cells",
    [
        [1.0, np.nan, 3.0],
        [1, None, 3],
        pd.array([1, pd.NA, 3], dtype="Int64"),
        pd.array([1.0, pd.NA, 3.0], dtype="double[pyarrow]"),
        pd.Series([1, pd.NA, 3], dtype=object),
        pd.Series([1, pd.NaT, 3], dtype=object),
        [Decimal(1), Decimal("NaN"), Decimal(3)],
        ["a", np.nan, "b"],
        ["a", None, "b"],
        pd.Series(["a", pd.NA, "b"], dtype=object),
        pd.Series(["a", pd.NaT, "b"], dtype=object),
        pd.array(["a", pd.NA, "b"], dtype="string"),
        pd.Categorical(["a", None, "b"]),
        [True, None, False],
        pd.array([True, pd.NA, False], dtype="boolean"),
    ],
)
def test_missing_is_missing_however_it_is_written(cells):
    np.testing.assert_array_equal(np.isnan(encode(cells)), [False, True, False])


def test_large_offsets_keep_their_digits():
    values = encode(1.6e9 + np.array([0.0, 0.25, 0.5, 0.75]))
    np.testing.assert_allclose(np.diff(values.astype(np.float32)), np.diff(values)[0], rtol=1e-6)
    assert np.diff(values)[0] > 0.5


def test_numbers_beyond_all_measure_stay_finite():
    values = encode([-1.7e308, 1.7e308, 0.0, 1.0, 2.0, 3.0]).astype(np.float32)
    assert np.isfinite(values**2).all()


@pytest.mark.parametrize("cells", [[5, 5, 5], [5.0, np.nan, 5.0], [1e-320, 1e-320]])
def test_constant_columns_become_zero(cells):
    values = encode(cells)
    np.testing.assert_array_equal(values[~np.isnan(values)], 0.0)


@pytest.mark.parametrize("cells", [[None, None], [np.nan] * 2, [pd.NaT] * 2, [pd.NA] * 2])
def test_columns_without_a_cell_are_missing_whatever_comes_later(cells):
    assert isinstance(learn_column(pd.Series(cells), "z"), EmptyColumn)
    assert np.isnan(encode(cells, ["text", 3])).all()


@pytest.mark.parametrize(
    "cells",
    [
        ["b", "a", "b"],
        pd.array(["b", "a", "b"], dtype="string"),
        pd.array(["b", "a", "b"], dtype="string[pyarrow]"),
        pd.Categorical(["b", "a", "b"], categories=["c", "b", "a"]),
        [2, "1", 2.0],
        [True, False, True],
        np.array([True, False, True]),
        pd.array([True, False, True], dtype="boolean"),
        pd.Series([True, False, True], dtype=object),
        pd.Categorical([7, 3, 7]),
    ],
)
def test_categories_become_codes(cells):
    learned = learn_column(pd.Series(cells), "z")
    assert learned.n_categories == (2,)
    np.testing.assert_array_equal(encode(cells), [1, 0, 1])


def test_categories_not_seen_in_training_are_missing():
    np.testing.assert_array_equal(encode(["a", "b"], ["b", "new", 3]), [1, np.nan, np.nan])


@pytest.mark.parametrize("later", [[1, 0], [1.0, 0.0], ["1", "0"], [True, False]])
def test_categories_match_across_types(later):
    np.testing.assert_array_equal(encode([False, True], later), [1, 0])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (pd.date_range("2020", periods=3), DateColumn),
        ([datetime.date(2020, 1, 1), None, datetime.datetime(2020, 1, 1, 5)], DateColumn),
        (pd.to_timedelta([1, 2], unit="s"), DurationColumn),
        ([datetime.time(1), None], DurationColumn),
        ([f"name {number}" for number in range(41)], TextColumn),
        ([f"name {number}" for number in range(40)], CategoryColumn),
        ([str(number) for number in range(100)], WrittenNumberColumn),
        ([str(number) for number in range(40)], CategoryColumn),
        ([f"{number:03d}" for number in range(100)], CategoryColumn),
        ([*(f"name {number}" for number in range(100)), 3], CategoryColumn),
        (pd.Categorical([f"name {number}" for number in range(100)]), CategoryColumn),
        (["2024-05-13", "2023-12-24"], DateColumn),
    ],
)
def test_the_kind_follows_the_cells(cells, kind):
    assert type(learn_column(pd.Series(cells), "z")) is kind


def test_ordered_categories_become_their_ranks():
    cells = pd.Categorical(["high", "low", "mid"], ["low", "mid", "high", "top"], ordered=True)
    learned = learn_column(pd.Series(cells), "z")
    assert learned.n_categories == (0,)
    np.testing.assert_array_equal(encode(cells), [2, 0, 1])


def test_number_columns_read_numbers_written_as_text():
    np.testing.assert_array_equal(encode([1.0, 3.0], ["1", "3"]), encode([1.0, 3.0]))


def test_words_where_numbers_were_name_column_and_word():
    with pytest.raises(TabTransferError, match=r"'z' held numbers.*'abc'.*clean it"):
        encode([1.0, 2.0], ["1.0", "abc"])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 10**400])
def test_infinite_values_are_refused_in_training_and_later(value):
    cells = pd.Series([1.0, value], dtype=object)
    for raises in (lambda: encode(cells), lambda: encode([1.0, 2.0], cells)):
        with pytest.raises(TabTransferError, match=r"'z'.*infinity.*row 1.*replace"):
            raises()


@pytest.mark.parametrize(
    ("cells", "what", "remedy"),
    [
        (pd.Series([1 + 2j, 0]), "complex", "real and imaginary"),
        (pd.Series([1 + 2j, None], dtype=object), "complex", "real and imaginary"),
        ([[1, 2], [3]], "list values", "columns of its own"),
        ([{"a": 1}, "b"], "dict values", "columns of its own"),
        ([b"a", b"b"], "bytes values", "decode"),
        ([b"a", "b"], "bytes values", "decode"),
        ([datetime.date(2020, 1, 1), "unknown"], "dates beside str.*row 1", "to_datetime"),
        ([datetime.timedelta(1), 3], "durations beside int.*row 1", "to_timedelta"),
        (
            pd.array([[1], [2]], dtype=pd.ArrowDtype(pyarrow.list_(pyarrow.int64()))),
            "ndarray values",
            "columns of its own",
        ),
    ],
)
def test_other_types_are_refused_with_column_and_remedy(cells, what, remedy):
    for raises in (lambda: encode(cells), lambda: encode([1, 2], cells)):
        with pytest.raises(UnsupportedColumnError, match=rf"(?s)'z'.*{what}.*{remedy}"):
            raises()


@pytest.mark.parametrize("first", [[1.0, 2.0], ["a", "b"], [f"name {n}" for n in range(50)]])
@pytest.mark.parametrize(
    ("later", "what"),
    [(pd.date_range("2020", periods=2), "dates"), ([datetime.timedelta(1), None], "durations")],
)
def test_dates_where_there_were_none_are_refused(first, later, what):
    with pytest.raises(UnsupportedColumnError, match=rf"'z' held .* in fit.*now holds {what}"):
        encode(first, later)
