from dataclasses import replace

import numpy as np

from tabtransfer.learners.boosting import BoostingSettings, ColumnBins


def test_a_bin_of_a_category_is_a_column_of_its_own():
    cells = np.array([[0, 5.0], [1, 6.0], [2, 7.0], [np.nan, 8.0]], np.float32)
    numbers = ColumnBins.of(cells, 64, np.array([True, False]), 32).number(cells)
    np.testing.assert_array_equal(numbers[:, 0], [0, 1, 2, np.nan])
    np.testing.assert_array_equal(numbers[:, 2:], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_columns_of_two_or_many_categories_are_codes():
    cells = np.column_stack([np.arange(99) % 2, np.arange(99) % 33, np.arange(99)])
    bins = ColumnBins.of(cells.astype(np.float32), 254, np.array([True, True, False]), 32)
    assert len(bins.indicated) == 0
    assert bins.number(cells).shape == (99, 3)


def test_of_many_columns_those_of_the_fewest_categories_are_indicated():
    cells = np.stack([np.arange(300) % n for n in (30, 3, 30, 4, 30, 30, 30)], 1)
    bins = ColumnBins.of(cells.astype(np.float32), 64, np.ones(7, bool), 32)
    assert bins.indicated.tolist() == [0, 1, 2, 3, 4, 5]
    assert bins.number(cells[:1]).shape == (1, 7 + 3 + 4 + 4 * 30)


def test_one_category_among_many_is_told_apart_by_one_split():
    codes = np.arange(600) % 20
    cells, y = codes[:, None].astype(np.float32), (codes == 11).astype(int)
    settings = BoostingSettings(n_trees=20, depth=1, learning_rate=0.3)
    right = []
    for most_levels in (0, 19, 20):
        chosen = replace(settings, most_levels=most_levels)
        fit = chosen.fit(cells, y, np.ones(600), 2, seed=0, categorical=np.array([True]))
        right.append((fit.predict(cells).argmax(1) == y).all())
    assert right == [False, False, True]


def test_rows_too_few_to_draw_samples_of_are_boosted_as_they_are():
    cells, y = np.arange(4, dtype=np.float32)[:, None], np.array([0.0, 1.0, -1.0, 2.0])
    settings = BoostingSettings(n_trees=300, depth=2, learning_rate=0.5)
    for seed in range(5):
        fit = settings.fit(cells, y, np.ones(4), 0, seed=seed)
        np.testing.assert_allclose(fit.predict(cells)[:, 0], y, atol=0.01)
