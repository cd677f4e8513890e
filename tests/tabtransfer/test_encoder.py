import numpy as np
import pandas as pd
import pyarrow
import pytest
from scipy import sparse
from sklearn import config_context

from tabtransfer.encoder import TableEncoder, read_table
from tabtransfer.errors import TabTransferError

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
        lambda rows: pyarrow.Table.from_pylist(
            [dict(zip("abc", row, strict=True)) for row in rows]
        ),
    ],
    ids=["lists", "objects", "strings", "frame", "categorical", "arrow"],
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
        (sparse.csr_array(np.eye(3)), "[Ss]parse"),
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
