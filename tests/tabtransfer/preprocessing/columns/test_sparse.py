import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tabtransfer.preprocessing.columns import sparse as sparse_columns
from tabtransfer.preprocessing.columns.sparse import dense, unread_columns


@pytest.fixture
def frame():
    cells = np.tril(np.ones((6, 6)))[:, ::-1]  # column i holds i + 1 ones
    return pd.DataFrame.sparse.from_spmatrix(sparse.csc_array(cells))


def test_columns_with_the_fewest_cells_are_left_out(frame, monkeypatch):
    monkeypatch.setattr(sparse_columns, "MAX_SPARSE_COLUMNS", 4)
    assert sorted(unread_columns(frame)) == [0, 1]


def test_many_rows_leave_room_for_fewer_columns(frame, monkeypatch):
    monkeypatch.setattr(sparse_columns, "MAX_SPARSE_CELLS", 18)
    assert sorted(unread_columns(frame)) == [0, 1, 2]
    monkeypatch.setattr(sparse_columns, "MAX_SPARSE_CELLS", 1)
    assert sorted(unread_columns(frame)) == [0, 1, 2, 3, 4]


def test_dense_columns_are_all_read(frame, monkeypatch):
    monkeypatch.setattr(sparse_columns, "MAX_SPARSE_COLUMNS", 1)
    mixed = frame.astype({0: float, 3: float})
    assert sorted(unread_columns(mixed)) == [1, 2, 4]


def test_there_is_room_for_ordinary_tables(frame):
    assert unread_columns(frame).size == 0


def test_cells_come_back_with_their_fill_value():
    column = pd.Series(pd.arrays.SparseArray([np.nan, 2.0, np.nan]))
    np.testing.assert_array_equal(dense(column), [np.nan, 2.0, np.nan])
    assert dense(dense(column)).dtype == float
