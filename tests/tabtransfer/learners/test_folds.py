import numpy as np
import pytest

from tabtransfer.learners.folds import DistinctRows


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 3, (80, 2)).astype(np.float32)
    cells[rng.random(cells.shape) < 0.2] = np.nan
    return cells, rng.integers(0, 2, 80)


def test_distinct_rows_and_their_weights_are_those_of_a_count(table):
    cells, labels = table
    rows = DistinctRows.of(cells, labels, None)
    keys = [
        (*np.nan_to_num(row, nan=-1.0).tolist(), label) for row, label in zip(*table, strict=True)
    ]
    assert rows.n_rows == len(set(keys))
    for place, weight in zip(rows.first, rows.weights, strict=True):
        assert keys.count(keys[place]) == weight
    assert all(
        keys[rows.first[place]] == key for place, key in zip(rows.inverse, keys, strict=True)
    )


def test_copies_of_a_row_are_in_one_fold_whatever_their_labels(table):
    cells, labels = table
    rows = DistinctRows.of(cells, labels, None)
    folds = rows.folds(labels[rows.first], 4, np.random.default_rng(0))
    by_cells = {}
    for place, fold in zip(rows.first, folds, strict=True):
        by_cells.setdefault(tuple(np.nan_to_num(cells[place], nan=-1.0)), set()).add(fold)
    assert all(len(found) == 1 for found in by_cells.values())
    assert len(by_cells) == rows.n_groups


def test_the_order_and_number_of_copies_do_not_matter(table):
    cells, labels = table
    times = np.random.default_rng(1).integers(1, 4, 80)
    order = np.random.default_rng(2).permutation(np.arange(80).repeat(times))
    weighted = DistinctRows.of(cells, labels, times.astype(float))
    repeated = DistinctRows.of(cells[order], labels[order], None)
    np.testing.assert_array_equal(cells[weighted.first], cells[order][repeated.first])
    np.testing.assert_array_equal(labels[weighted.first], labels[order][repeated.first])
    np.testing.assert_allclose(weighted.weights, repeated.weights)


def test_each_fold_has_its_share_of_every_class():
    cells = np.arange(100, dtype=np.float32)[:, None]
    labels = (np.arange(100) < 10).astype(int)
    rows = DistinctRows.of(cells, labels, None)
    folds = rows.folds(labels[rows.first], 5, np.random.default_rng(0))
    assert np.bincount(folds).tolist() == [20] * 5
    assert np.bincount(folds[labels[rows.first] == 1]).tolist() == [2] * 5
