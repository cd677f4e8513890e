import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold

from tabtransfer.baselines.catboost import FrameCatBoostClassifier, FrameCatBoostRegressor
from tabtransfer.baselines.catboost_bag import (
    CATBOOST_BAG,
    CatBoostBagClassifier,
    CatBoostBagRegressor,
)
from tabtransfer.datasets.suites import load_table


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """Stop boosting early, as what is tested doesn't depend on how many trees there are."""
    monkeypatch.setattr("tabtransfer.baselines.catboost.PATIENCE", 3)
    monkeypatch.setattr("tabtransfer.baselines.boosting.MOST_TREES", 40)


def test_probabilities_are_the_mean_of_models_of_stratified_folds():
    table = load_table("penguins")
    X, y = table.X, table.y.to_numpy()
    bag = clone(CatBoostBagClassifier(random_state=7)).fit(X[::2], y[::2])
    folds = StratifiedKFold(5, shuffle=True, random_state=7).split(X[::2], y[::2])
    expected = np.mean(
        [
            FrameCatBoostClassifier(random_state=7)
            .fit(X[::2].iloc[rows], y[::2][rows], (X[::2].iloc[held], y[::2][held]))
            .predict_proba(X[1::2])
            for rows, held in folds
        ],
        axis=0,
    )
    found = bag.predict_proba(X[1::2])
    assert found == pytest.approx(expected) and found.sum(1) == pytest.approx(1.0)
    assert (bag.predict(X[1::2]) == bag.classes_[found.argmax(1)]).all()


def test_numbers_are_the_mean_of_models_of_folds():
    table = load_table("diabetes")
    X, y = table.X, table.y.to_numpy()
    bag = CatBoostBagRegressor(random_state=7).fit(X[::2], y[::2])
    expected = np.mean(
        [
            FrameCatBoostRegressor(random_state=7)
            .fit(X[::2].iloc[rows], y[::2][rows], (X[::2].iloc[held], y[::2][held]))
            .predict(X[1::2])
            for rows, held in KFold(5, shuffle=True, random_state=7).split(X[::2])
        ],
        axis=0,
    )
    assert bag.predict(X[1::2]) == pytest.approx(expected)


def test_classes_that_a_fold_lacks_keep_their_place():
    X = np.arange(21.0)[:, None]
    y = np.array(["a", "c"] * 10 + ["b"])
    bag = CatBoostBagClassifier().fit(X, y)
    assert sorted(len(model.classes_) for model in bag.models_) == [2, 3, 3, 3, 3]
    probabilities = bag.predict_proba(X)
    assert probabilities.shape == (21, 3) and probabilities.sum(1) == pytest.approx(1.0)


@pytest.mark.parametrize("n_rows", [2, 3, 5])
def test_few_rows_are_taken(n_rows):
    X, y = np.arange(n_rows)[:, None], np.array(["a", "b", "b", "a", "c"])[:n_rows]
    bag = CatBoostBagClassifier().fit(X, y)
    assert len(bag.models_) == (5 if n_rows == 5 else 1)
    assert bag.predict_proba(X).sum(1) == pytest.approx(1.0)
    numbers = CatBoostBagRegressor().fit(X, np.arange(n_rows))
    assert np.isfinite(numbers.predict(X)).all()


def test_any_frame_is_taken(messy):
    X, y = messy
    bag = CatBoostBagClassifier().fit(X[:80], y[:80])
    assert bag.score(X[80:], y[80:]) > 0.75


def test_models_are_those_of_the_method_catboost():
    bag = CATBOOST_BAG.make_for("binary", 3, 2)
    assert (bag.random_state, bag.n_threads) == (3, 2)
    assert type(CATBOOST_BAG.make_for("regression", 3, 2)) is CatBoostBagRegressor
    assert CATBOOST_BAG.packages == ("catboost",)
