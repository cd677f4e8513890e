import numpy as np
import pytest

from tabtransfer import TabTransferError
from tabtransfer.distillation.trees import MISSING, fit_trees, predict_trees, tree_cells


@pytest.fixture(scope="module")
def cells():
    return np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)


def test_probabilities_are_learned_as_they_are(cells):
    sure = np.where(cells[:, :1] > 0, [0.7, 0.2, 0.1], [0.1, 0.1, 0.8])
    booster = fit_trees(cells, sure, np.ones(300), 3, seed=0)
    assert np.abs(predict_trees(booster, cells, 3) - sure).mean() < 0.03


def test_weights_count_as_rows(cells):
    labels = np.eye(2)[(np.arange(300) < 100).astype(int)]
    weights = np.where(np.arange(300) < 100, 2.0, 1.0)
    booster = fit_trees(cells, labels, weights, 2, seed=0)
    assert predict_trees(booster, cells, 2)[:, 1].mean() == pytest.approx(0.5, abs=0.05)


def test_missing_cells_are_a_number_below_all_others():
    cells = tree_cells(np.array([[np.nan], [-3.0]], np.float32))
    assert cells[0, 0] == MISSING < cells[1, 0] and cells.dtype == np.float32


def test_copies_of_a_row_do_not_say_how_many_trees_are_enough(cells):
    noise = np.random.default_rng(1).normal(size=(300, 1))
    booster = fit_trees(np.repeat(cells, 3, 0), np.repeat(noise, 3, 0), np.ones(900), 0, seed=0)
    assert predict_trees(booster, cells, 0).std() < 0.3


def test_few_different_rows_are_watched_one_by_one():
    cells = np.repeat(np.float32([[0.0], [1.0]]), 50, 0)
    booster = fit_trees(cells, cells.astype(np.float64), np.ones(100), 0, seed=0)
    assert np.abs(predict_trees(booster, cells, 0) - cells).max() < 0.1


def test_rows_that_are_alike_teach_nothing():
    with pytest.raises(TabTransferError, match="alike in every column"):
        fit_trees(np.ones((60, 2), np.float32), np.eye(2)[np.arange(60) % 2], np.ones(60), 2, 0)


@pytest.mark.parametrize(
    "targets, n_classes",
    [
        (np.r_[1.0 + 1e-9, np.ones(299)][:, None], 0),  # one number, for CatBoost
        (np.tile([0.999, 0.001], (300, 1)), 2),
        (np.tile([0.001, 0.998, 0.001], (300, 1)), 3),
    ],
)
def test_targets_that_are_alike_teach_nothing(cells, targets, n_classes):
    with pytest.raises(TabTransferError, match="next to the same target"):
        fit_trees(cells, targets, np.ones(300), n_classes, seed=0)
