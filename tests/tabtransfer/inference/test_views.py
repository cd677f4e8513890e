import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context

from tabtransfer.inference.views import KINDS, MAX_COLUMNS, ViewKind, ViewMaker
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable

PLAIN = ViewKind(normal_numbers=False)
NORMAL = ViewKind(normal_numbers=True)


def make_table(n_rows=60):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "skewed": rng.lognormal(sigma=2.0, size=n_rows),
            "holes": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
            "few": rng.choice(["a", "b", "c", None], n_rows),
            "flag": rng.choice(["yes", "no"], n_rows),
            "many": [f"v{i % 20}" for i in range(n_rows)],
        }
    )
    return TableEncoder().fit(X).transform(X)


def make_views(table, n_classes):
    return ViewMaker(LabelledTable(table, np.arange(table.n_rows) % n_classes, n_classes))


def test_plain_views_reorder_columns_and_renumber_categories():
    table = make_table()
    view = make_views(table, 3).draw(PLAIN, np.random.default_rng(1))
    shown = view.show(table)
    assert sorted(view.columns) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(shown.missing, table.missing[:, view.columns])
    np.testing.assert_array_equal(shown.categorical, table.categorical[view.columns])
    for place, source in enumerate(view.columns):
        pairs = np.unique(np.c_[table.values[:, source], shown.values[:, place]], axis=0)
        if not table.categorical[source]:
            np.testing.assert_array_equal(shown.values[:, place], table.values[:, source])
        elif not table.missing[:, source].any():  # one new code for each old one
            assert len(pairs) == table.n_categories[source]
            assert set(pairs[:, 1]) == set(range(table.n_categories[source]))


def test_views_keep_numbers_when_asked_to():
    table = make_table()
    kind = ViewKind(normal_numbers=False, renumbered=False)
    view = make_views(table, 8).draw(kind, np.random.default_rng(0))
    np.testing.assert_array_equal(view.show(table).values, table.values[:, view.columns])
    np.testing.assert_array_equal(view.class_order, np.arange(8))


def test_views_differ_and_classes_are_permuted():
    maker, rng = make_views(make_table(), 8), np.random.default_rng(0)
    views = [maker.draw(PLAIN, rng) for _ in range(6)]
    assert len({tuple(view.columns) for view in views}) > 1
    assert len({tuple(view.class_order) for view in views}) > 1
    assert all(sorted(view.class_order) == list(range(8)) for view in views)


def test_the_same_seed_draws_the_same_view():
    table = make_table()
    shown = [
        make_views(table, 2).draw(KINDS[1], np.random.default_rng(5)).show(table).values
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*shown)


def test_quantiles_make_numbers_normal_and_keep_holes_and_categories():
    table = make_table()
    view = make_views(table, 2).draw(NORMAL, np.random.default_rng(0))
    shown = view.show(table)
    place = int(np.flatnonzero(view.columns == 0)[0])
    ordered = shown.values[np.argsort(table.values[:, 0]), place]
    assert (np.diff(ordered) >= 0).all() and abs(np.median(ordered)) < 0.1
    assert abs(np.std(ordered[2:-2]) - 1) < 0.2
    np.testing.assert_array_equal(shown.missing, table.missing[:, view.columns])
    assert (shown.values[shown.missing] == 0).all()


def test_columns_that_tell_nothing_are_left_out():
    X = pd.DataFrame({"constant": [1.0] * 4, "empty": [None] * 4, "told": [None, 1.0, 1.0, 1.0]})
    table = TableEncoder().fit(X).transform(X)
    assert make_views(table, 2).draw(PLAIN, np.random.default_rng(0)).columns.tolist() == [2]


def test_a_table_that_tells_nothing_keeps_a_column():
    table = TableEncoder().fit(np.ones((4, 3))).transform(np.ones((4, 3)))
    assert make_views(table, 2).draw(KINDS[1], np.random.default_rng(0)).columns.tolist() == [0]


def test_wide_tables_show_a_part_of_their_columns():
    X = np.random.default_rng(0).normal(size=(5, MAX_COLUMNS + 50))
    table = TableEncoder().fit(X).transform(X)
    view = make_views(table, 2).draw(PLAIN, np.random.default_rng(0))
    assert len(set(view.columns)) == MAX_COLUMNS


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_shown_each_on_its_own(kind):
    table = make_table()
    view = make_views(table, 2).draw(kind, np.random.default_rng(0))
    alone = view.show(table.take(slice(7, 8)))
    np.testing.assert_array_equal(alone.values[0], view.show(table).values[7])


def test_showing_leaves_the_table_as_it_was():
    table = make_table()
    before = table.values.copy()
    for kind in KINDS:
        make_views(table, 2).draw(kind, np.random.default_rng(0)).show(table)
    np.testing.assert_array_equal(table.values, before)


def test_views_pickle_and_ignore_the_wish_for_pandas_output():
    table = make_table()
    with config_context(transform_output="pandas"):
        view = make_views(table, 2).draw(NORMAL, np.random.default_rng(0))
        shown = pickle.loads(pickle.dumps(view)).show(table)
    np.testing.assert_array_equal(shown.values, view.show(table).values)
