"""Mean labels of categories: whose labels they read, and that they help where categories cross."""

import dataclasses

import numpy as np
import pytest

from tabtransfer import TabTransferError
from tabtransfer.learners import BoostingSettings, DistinctRows, category_means, fit_learners
from tabtransfer.learners.archive import read_learners, write_learners
from tabtransfer.learners.category_means import (
    SMOOTHING,
    CategoryMeans,
    LabelledGroups,
    label_values,
)
from tabtransfer.preprocessing.encoded_table import EncodedTable

STOPS = BoostingSettings(n_trees=60, depth=3, learning_rate=0.3, patience=10)


def table_of(cells, n_categories):
    cells = np.asarray(cells, np.float32)
    n_categories = np.array(n_categories)
    missing = np.isnan(cells)
    return EncodedTable(np.nan_to_num(cells), missing, n_categories > 0, n_categories)


def crossed(n_rows=600, seed=0):
    """Two columns of six levels whose pairs, at random, decide the class; a number of no use."""
    rng = np.random.default_rng(seed)
    answer = np.random.default_rng(5).integers(2, size=(6, 6))
    codes = rng.integers(6, size=(n_rows, 2))
    cells = np.column_stack([codes, rng.normal(size=n_rows)])
    return table_of(cells, [6, 6, 0]), answer[codes[:, 0], codes[:, 1]]


def groups_of(cells, categorical, folds, labels, weights=None):
    weights = np.ones(len(labels)) if weights is None else weights
    return LabelledGroups.of(
        np.asarray(cells, np.float32), np.array(categorical), folds, labels[:, None], weights
    )


def test_a_mean_is_of_the_other_folds_and_drawn_towards_that_of_all():
    cells = [[0], [0], [1], [2], [0], [np.nan]]
    labels = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    folds = np.array([0, 1, 2, 0, 1, 2])
    means, known = groups_of(cells, [True], folds, labels).without(2)
    # Row 0 is of fold 0: rows 1 and 4 have its level, and are all that is left.
    assert known[0, 1] == pytest.approx((2 + 16 + SMOOTHING * 9.0) / (2 + SMOOTHING))
    default = (1 + 2 + 8 + 16) / 4
    found = means.append(np.array([[0], [2], [7], [np.nan]], np.float32))[:, 1]
    assert found[0] == pytest.approx((1 + 2 + 16 + SMOOTHING * default) / (3 + SMOOTHING))
    assert found[1] == pytest.approx((8 + SMOOTHING * default) / (1 + SMOOTHING))
    assert found[2:] == pytest.approx([default, default])


def test_no_label_of_the_fold_that_is_left_out_is_read():
    table, y = crossed()
    folds = np.arange(len(y)) % 5
    values = label_values(y, 2)[:, 0]
    other = np.where(folds == 3, 1.0 - values, values)
    one, changed = (
        groups_of(table.cells, table.categorical, folds, labels).without(3)
        for labels in (values, other)
    )
    np.testing.assert_array_equal(one[0].append(table.cells), changed[0].append(table.cells))
    seen = folds != 3
    np.testing.assert_array_equal(one[1][seen], changed[1][seen])


def test_a_rows_own_label_changes_no_mean_of_its_own():
    table, y = crossed()
    folds = np.arange(len(y)) % 5
    values = label_values(y, 2)[:, 0]
    other = values.copy()
    other[7] = 1.0 - other[7]
    known = [
        groups_of(table.cells, table.categorical, folds, labels).without(0)[1]
        for labels in (values, other)
    ]
    np.testing.assert_array_equal(known[0][7, :5], known[1][7, :5])


def test_the_pair_that_decides_is_found_and_others_are_not():
    table, y = crossed()
    folds = np.arange(len(y)) % 5
    groups = groups_of(table.cells, table.categorical, folds, label_values(y, 2)[:, 0])
    assert groups.without(0)[0].columns == ((0,), (1,), (0, 1))
    noise = np.random.default_rng(0).random(len(y))
    groups = groups_of(table.cells, table.categorical, folds, noise)
    assert groups.without(0)[0].columns == ((0,), (1,))


def test_a_weight_of_two_is_a_row_twice():
    table, y = crossed(200)
    folds = np.arange(len(y)) % 5
    values = label_values(y, 2)[:, 0]
    weights = 1.0 + (np.arange(len(y)) % 3 == 0)
    twice = np.repeat(np.arange(len(y)), weights.astype(int))
    weighted, _ = groups_of(table.cells, table.categorical, folds, values, weights).without(1)
    repeated, _ = groups_of(
        table.cells[twice], table.categorical, folds[twice], values[twice]
    ).without(1)
    assert weighted.columns == repeated.columns
    np.testing.assert_allclose(
        weighted.append(table.cells), repeated.append(table.cells), rtol=1e-6
    )


def test_tables_without_categories_of_three_levels_have_none():
    cells = np.column_stack([np.arange(40) % 2, np.arange(40) / 7])
    folds = np.arange(40) % 5
    assert groups_of(cells, [True, False], folds, np.arange(40.0)) is None


def fitted(table, y, n_classes=2, settings=STOPS, seed=0):
    rows = DistinctRows.of(table.cells, y, None)
    return fit_learners(table, y, n_classes, rows, [settings], 5, seed=seed)


def test_trees_read_means_where_categories_cross():
    (table, y), (query, truth) = crossed(600), crossed(300, seed=1)
    with_means = fitted(table, y)
    assert all(fit.means is not None for fit in with_means.fits[0])
    without = fitted(table, y, settings=dataclasses.replace(STOPS, patience=0))
    assert all(fit.means is None for fit in without.fits[0])
    right = [
        (learners.predict(query)[:, 0].argmax(1) == truth).mean()
        for learners in (with_means, without)
    ]
    assert right[0] > 0.97 > right[1]


def test_trees_do_without_means_where_these_mislead():
    rng = np.random.default_rng(0)
    cells = np.column_stack([rng.integers(250, size=500), rng.normal(size=500)])
    table, y = table_of(cells, [250, 0]), (cells[:, 1] > 0).astype(int)
    learners = fitted(table, y)
    assert all(fit.means is None for fit in learners.fits[0])


@pytest.mark.parametrize("n_classes", [0, 3])
def test_what_is_read_predicts_as_what_was_written(n_classes):
    table, y = crossed()
    y = y * 1.5 if not n_classes else y + (table.cells[:, 0] == 2)
    learners = fitted(table, y, n_classes)
    assert learners.fits[0][0].means is not None
    again = read_learners(write_learners(learners, 3))
    np.testing.assert_array_equal(again.predict(table), learners.predict(table))
    with pytest.raises(TabTransferError, match="refer to what isn't there"):
        read_learners(write_learners(learners, 4))


@pytest.mark.parametrize(
    ("part", "value"), [("columns", 99), ("columns", -1), ("counts", 10**6), ("n_columns", 7)]
)
def test_means_that_refer_to_what_is_not_there_are_refused(part, value):
    table, y = crossed(200)
    folds = np.arange(len(y)) % 5
    groups = groups_of(table.cells, table.categorical, folds, label_values(y, 2)[:, 0])
    parts = groups.without(0)[0].arrays()
    parts[part] = parts[part].copy()
    parts[part][0] = value
    with pytest.raises(TabTransferError, match="refer to what isn't there"):
        CategoryMeans.from_arrays(parts)


def test_columns_of_the_most_levels_are_left_out_where_memory_would_not_do(monkeypatch):
    rng = np.random.default_rng(0)
    cells = np.column_stack([rng.integers(200, size=400), rng.integers(4, size=400)])
    folds, labels = np.arange(400) % 5, rng.random(400)
    assert set(groups_of(cells, [True, True], folds, labels).single) == {(0,), (1,)}
    monkeypatch.setattr(category_means, "_MOST_SUMS", 200)
    assert set(groups_of(cells, [True, True], folds, labels).single) == {(1,)}


def test_many_classes_have_none():
    table, y = crossed()
    y = np.arange(len(y)) % 7
    assert all(fit.means is None for fit in fitted(table, y, 7).fits[0])
