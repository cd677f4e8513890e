import datetime
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow
import pytest
from scipy import sparse
from sklearn import config_context

from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.preprocessing.encoder import TableEncoder, read_table

FRAME = pd.DataFrame({"size": [1.0, 2.0, None], "colour": ["red", "blue", None]})


def test_fit_and_transform_give_values_flags_and_categories():
    table = TableEncoder().fit(FRAME).transform(FRAME)
    assert table.values.dtype == np.float32 and table.missing.dtype == bool
    np.testing.assert_array_equal(table.values, [[-1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(table.missing, [[0, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(table.categorical, [False, True])
    np.testing.assert_array_equal(table.n_categories, [0, 2])


def test_take_keeps_rows_and_columns_together():
    table = TableEncoder().fit(FRAME).transform(FRAME).take(np.array([2, 0]))
    np.testing.assert_array_equal(table.values, [[0, 0], [-1, 1]])
    np.testing.assert_array_equal(table.missing, [[1, 1], [0, 0]])


def test_fit_leaves_the_frame_as_it_was():
    before = FRAME.copy(deep=True)
    TableEncoder().fit(FRAME).transform(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: rows,
        lambda rows: np.array(rows, dtype=object),
        lambda rows: np.array(rows),  # numpy makes strings of all cells
        lambda rows: pd.DataFrame(rows),
        lambda rows: pd.DataFrame(rows).astype({0: "category"}),
        lambda rows: pd.DataFrame(rows).astype({1: "Sparse[float]", 2: "Sparse[float]"}),
        lambda rows: pl.DataFrame(rows, schema=["a", "b", "c"], orient="row"),
        lambda rows: pyarrow.Table.from_pylist(
            [dict(zip("abc", row, strict=True)) for row in rows]
        ),
    ],
    ids=["lists", "objects", "strings", "frame", "categorical", "sparse", "polars", "arrow"],
)
def test_tables_of_every_kind_read_alike(make):
    rows = [["a", 1.5, np.nan], ["b", 2.5, 3.0], ["a", 4.5, 5.0]]
    table = TableEncoder().fit(make(rows)).transform(make(rows))
    expected = TableEncoder().fit(pd.DataFrame(rows)).transform(pd.DataFrame(rows))
    np.testing.assert_array_equal(table.values, expected.values)
    np.testing.assert_array_equal(table.missing, expected.missing)
    np.testing.assert_array_equal(table.categorical, [True, False, False])


def test_columns_match_by_name_in_any_order():
    encoder = TableEncoder().fit(FRAME)
    np.testing.assert_array_equal(
        encoder.transform(FRAME[["colour", "size"]]).values, encoder.transform(FRAME).values
    )


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME[["size"]], "missing 'colour'"),
        (FRAME.assign(extra=1), "not seen in fit: 'extra'"),
        (FRAME.rename(columns={"size": "Size"}), "missing 'size'; not seen in fit: 'Size'"),
    ],
)
def test_other_columns_are_named(frame, message):
    with pytest.raises(TabTransferError, match=message):
        TableEncoder().fit(FRAME).transform(frame)


def test_long_lists_of_columns_are_cut():
    wide = pd.DataFrame(np.zeros((2, 30))).add_prefix("c")
    with pytest.raises(TabTransferError, match=r"'c9' and 19 more"):
        TableEncoder().fit(wide).transform(wide[["c29"]])


def test_unnamed_columns_match_by_position():
    encoder = TableEncoder().fit(FRAME.to_numpy())
    np.testing.assert_array_equal(
        encoder.transform(FRAME).values, TableEncoder().fit(FRAME).transform(FRAME).values
    )
    with pytest.raises(TabTransferError, match="X has 1 features, but TableEncoder is expecting 2"):
        encoder.transform(FRAME[["size"]])


def test_repeated_column_names_are_refused():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(TabTransferError, match="several columns named 'a'"):
        TableEncoder().fit(frame)


@pytest.mark.parametrize("make", [np.empty, lambda shape: pd.DataFrame(np.empty(shape))])
@pytest.mark.parametrize(("shape", "what"), [((0, 3), "0 sample"), ((3, 0), "0 feature")])
def test_empty_tables_are_refused(make, shape, what):
    with pytest.raises(ValueError, match=rf"{what}\(s\).*minimum of 1 is required"):
        TableEncoder().fit(make(shape))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), "Reshape your data"),
        (np.ones((2, 2, 2)), "dim 3"),
        (np.array([[1 + 1j]]), "Complex data not supported"),
        (sparse.csr_array(np.eye(3) * 1j), "Complex data not supported"),
        (np.zeros(3, [("a", int), ("b", float)]), r"fields 'a', 'b'.*pandas\.DataFrame"),
        (pl.LazyFrame({"a": [1]}), r"X\.collect\(\)"),
    ],
)
def test_what_is_no_table_is_refused(X, message):
    with pytest.raises((ValueError, TypeError), match=message):
        TableEncoder().fit(X)


def test_errors_of_arrays_name_the_column_by_position():
    X = np.ones((4, 3))
    X[2, 1] = np.inf
    with pytest.raises(TabTransferError, match=r"Column 1 holds 1 infinite values .*row 2"):
        TableEncoder().fit(X)


def test_read_table_does_not_change_frames():
    assert read_table(FRAME) is FRAME


def test_a_global_wish_for_pandas_output_changes_nothing():
    with config_context(transform_output="pandas"):
        table = TableEncoder().fit(FRAME).transform(FRAME)
    assert isinstance(table.values, np.ndarray)


MANY = pd.DataFrame(
    {
        "when": pd.date_range("2024-05-13", periods=60, freq="31h", tz="Europe/Paris"),
        "size": np.arange(60.0),
        "name": [f"street {number}" for number in range(60)],
        "took": pd.to_timedelta(np.arange(60), unit="s"),
    }
)
MANY.iloc[7] = None


def test_columns_of_several_values_remember_where_they_came_from():
    encoder = TableEncoder().fit(MANY)
    table = encoder.transform(MANY)
    np.testing.assert_array_equal(encoder.sources_, [0] * 6 + [1] + [2] * 31 + [3])
    assert table.values.shape == (60, 39) and np.isfinite(table.values).all()
    np.testing.assert_array_equal(np.flatnonzero(table.n_categories), [7])
    assert table.missing[7].all() and table.missing.sum() == 39
    assert encoder.n_features_in_ == 4 and encoder.feature_names_in_ == list(MANY.columns)


def test_rows_are_encoded_alone_as_in_a_batch():
    encoder = TableEncoder().fit(MANY)
    table = encoder.transform(MANY)
    for row in range(0, 60, 7):
        alone = encoder.transform(MANY.iloc[row : row + 1])
        np.testing.assert_array_equal(alone.values[0], table.values[row])
        np.testing.assert_array_equal(alone.missing[0], table.missing[row])


@pytest.mark.parametrize("wish", ["pandas", "polars"])
def test_a_global_wish_for_frames_changes_no_value(wish):
    expected = TableEncoder().fit(MANY).transform(MANY)
    with config_context(transform_output=wish):
        table = TableEncoder().fit(MANY).transform(MANY)
    np.testing.assert_array_equal(table.values, expected.values)


def test_polars_columns_keep_their_types():
    day = datetime.datetime(2024, 5, 13, 7)
    frame = pl.DataFrame(
        {
            "date": [day.date(), None],
            "time": [day.time(), None],
            "stamp": pl.Series([day, None]).dt.replace_time_zone("Europe/Paris"),
            "span": [datetime.timedelta(1), None],
            "category": pl.Series(["a", None], dtype=pl.Categorical),
            "rank": pl.Series(["b", "a"], dtype=pl.Enum(["b", "a"])),
            "decimal": pl.Series(["1.5", None]).cast(pl.Decimal(5, 2)),
            "flag": [True, None],
            "whole": [1, None],
        }
    )
    encoder = TableEncoder().fit(frame)
    kinds = [type(column).__name__.removesuffix("Column") for column in encoder.columns_]
    expected = "Date Duration Date Duration Category Category Number Category Number"
    assert kinds == expected.split()
    assert encoder.columns_[5].ordered and encoder.columns_[5].codes == {"b": 0, "a": 1}


def test_sparse_tables_equal_dense_ones():
    X = np.random.default_rng(0).poisson(0.3, (20, 5)).astype(float)
    expected = TableEncoder().fit(X).transform(X).values
    for make in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.lil_array):
        encoder = TableEncoder().fit(make(X))
        np.testing.assert_array_equal(encoder.transform(make(X)).values, expected)
        np.testing.assert_array_equal(encoder.transform(X).values, expected)


@pytest.mark.slow
def test_very_wide_sparse_tables_keep_their_fullest_columns():
    X = sparse.random_array((50, 4000), density=0.05, format="csr", rng=np.random.default_rng(0))
    encoder = TableEncoder().fit(X)
    assert encoder.transform(X[:3]).values.shape == (3, 2000) and encoder.n_features_in_ == 4000
    filled = X.count_nonzero(axis=0)
    left_out = np.setdiff1d(np.arange(4000), encoder.sources_)
    assert filled[encoder.sources_].min() >= filled[left_out].max()


def test_masked_cells_are_missing():
    X = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], [[True, False], [False, False]])
    np.testing.assert_array_equal(TableEncoder().fit(X).transform(X).missing, [[1, 0], [0, 0]])


def test_many_texts_share_their_topics():
    frame = pd.concat([MANY[["name"]].add_suffix(str(number)) for number in range(10)], axis=1)
    encoder = TableEncoder().fit(frame)
    np.testing.assert_array_equal(encoder.sources_, np.repeat(np.arange(10), 11))


def test_wide_tables_of_every_kind_are_encoded():
    rng = np.random.default_rng(0)
    n_rows = 3_000
    frame = pd.DataFrame(rng.normal(size=(n_rows, 30))).add_prefix("number")
    for index in range(10):
        frame[f"category{index}"] = rng.choice(list("abcdefgh"), n_rows)
    for index in range(5):
        frame[f"date{index}"] = pd.to_datetime(rng.integers(0, 10**9, n_rows), unit="s")
    for index in range(5):
        frame[f"text{index}"] = rng.choice(
            [f"street {i} of town {i % 97}" for i in range(2000)], n_rows
        )
    encoder = TableEncoder().fit(frame)
    table = encoder.transform(frame)
    assert table.n_rows == n_rows and set(encoder.sources_) == set(range(50))
    assert np.isfinite(table.values[~table.missing]).all()


def test_few_rows_in_which_most_categories_are_unknown_warn():
    frame = pd.DataFrame({"sex": ["m", "f"], "town": ["Rome", "Oslo"], "is": [True, False]})
    encoder = TableEncoder().fit(frame.assign(size=[1.0, 2.0]))

    def row(sex, town, known, n_rows=1):
        return pd.DataFrame({"sex": sex, "town": town, "is": known, "size": 1.0}, range(n_rows))

    for n_rows in (1, 4):
        with pytest.warns(ColumnWarning, match=r"2 of 3 columns .*'sex', 'town'.*'male' in 'sex'"):
            table = encoder.transform(row("male", "Roma", True, n_rows))
        assert table.missing[0].tolist() == [True, True, False, False]
    with pytest.warns(ColumnWarning, match="2 of 2 columns"):
        encoder.transform(row("male", "Roma", None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.transform(row("male", "Oslo", True))  # one new category is nothing odd
        encoder.transform(row("male", None, None))
        encoder.transform(row("?", "-", "n/a"))
        encoder.transform(pd.concat([row("male", "Roma", "x"), row("m", "Oslo", True)]))
