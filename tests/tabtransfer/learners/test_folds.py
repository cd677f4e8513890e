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


def test_copies_are_dealt_to_folds_where_rows_recur_by_nature():
    cells = np.append(np.arange(40), [0, 1, 1, 2, 2, 2, 2, 2, 2, 2]).astype(np.float32)[:, None]
    labels = np.arange(50) % 2
    labels[40:] = 0, 1, 1, *[0] * 7
    rows = DistinctRows.of(cells, labels, None)
    dealt = rows.in_folds(labels[rows.first], 5, np.random.default_rng(0))
    assert rows.recur and dealt.row.tolist() == [0, 0, 1, 1, 1, *[2] * 5, *range(3, 40)]
    assert dealt.weights[:10].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 1, 1]
    for row in range(3):
        folds = dealt.folds[dealt.row == row]
        assert len(set(folds)) == len(folds)
    assert np.bincount(dealt.folds).tolist() == [10, 10, 9, 9, 9]
    values = np.arange(47.0)[:, None]
    assert dealt.mean(values)[:4, 0].tolist() == [0.5, 3.0, (5 + 6 + 7) * 2 / 8 + 17 / 8, 10.0]


def test_whole_weights_are_dealt_to_folds_as_copies_are(table):
    cells, labels = table
    times = np.random.default_rng(1).integers(1, 9, 80)
    order = np.random.default_rng(2).permutation(np.arange(80).repeat(times))
    dealt = []
    for rows, known in (
        (DistinctRows.of(cells, labels, times.astype(float)), labels),
        (DistinctRows.of(cells[order], labels[order], None), labels[order]),
    ):
        assert rows.recur
        found = rows.in_folds(known[rows.first], 3, np.random.default_rng(0))
        dealt.append((found.row, found.weights, found.folds))
    for one, other in zip(*dealt, strict=True):
        np.testing.assert_array_equal(one, other)


def test_repeated_rows_and_parts_of_rows_are_in_one_fold():
    cells, labels = np.arange(30, dtype=np.float32)[:, None], np.arange(30) % 2
    twice = DistinctRows.of(cells.repeat(2, 0), labels.repeat(2), None)
    halves = DistinctRows.of(cells[[0, *range(30)]], labels[[1, *range(30)]], np.full(31, 0.5))
    for rows, known in ((twice, labels.repeat(2)), (halves, labels[[1, *range(30)]])):
        dealt = rows.in_folds(known[rows.first], 5, np.random.default_rng(0))
        assert not rows.recur and dealt.row.tolist() == list(range(rows.n_rows))
        np.testing.assert_array_equal(
            dealt.folds, rows.folds(known[rows.first], 5, np.random.default_rng(0))
        )


def test_rows_of_equal_cells_and_other_labels_are_dealt_as_copies_are():
    cells, labels = np.repeat(np.arange(30, dtype=np.float32), 2)[:, None], np.arange(60) % 2
    rows = DistinctRows.of(cells, labels, None)
    dealt = rows.in_folds(labels[rows.first], 5, np.random.default_rng(0))
    assert rows.recur and (dealt.folds[::2] != dealt.folds[1::2]).mean() > 0.5


def test_folds_of_rows_without_copies_are_those_of_groups():
    cells, labels = np.arange(60, dtype=np.float32)[:, None], np.arange(60) % 3
    rows = DistinctRows.of(cells, labels, None)
    dealt = rows.in_folds(labels, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(dealt.folds, rows.folds(labels, 5, np.random.default_rng(0)))
    assert dealt.weights.tolist() == rows.weights.tolist()
