import os

import numpy as np
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from sklearn.base import clone

from tabtransfer.baselines.catboost import (
    FrameCatBoostClassifier,
    FrameCatBoostRegressor,
    make_catboost,
)
from tabtransfer.datasets.splits import stratified_splits
from tabtransfer.datasets.suites import load_table

SETTINGS = {
    "thread_count": 1,
    "random_seed": 7,
    "allow_writing_files": False,
    "verbose": False,
}


def with_text(X):
    """Return the frame with its categories as text, and their names."""
    X = X.copy()
    categories = list(X.select_dtypes("category"))
    for column in categories:
        X[column] = X[column].cat.add_categories("__missing__").fillna("__missing__").astype(str)
    return X, categories


@pytest.mark.parametrize("name", ["penguins", "germancredit"])
def test_predictions_are_those_of_catboost_called_directly(name):
    table = load_table(name)
    split = stratified_splits(table.y, n_splits=1, max_train=150)[0]
    X, categories = with_text(table.X)
    direct = CatBoostClassifier(iterations=60, cat_features=categories, **SETTINGS).fit(
        X.iloc[split.train], table.y.iloc[split.train]
    )
    ours = FrameCatBoostClassifier(n_trees=60, random_state=7).fit(
        table.X.iloc[split.train], table.y.iloc[split.train]
    )
    assert ours.model_.get_cat_feature_indices() == direct.get_cat_feature_indices()
    assert list(ours.classes_) == list(direct.classes_)
    expected = direct.predict_proba(X.iloc[split.test])
    assert np.array_equal(ours.predict_proba(table.X.iloc[split.test]), expected)
    assert (ours.predict(table.X.iloc[split.test]) == direct.classes_[expected.argmax(1)]).all()


def test_numbers_are_predicted_as_by_catboost_called_directly():
    table = load_table("diabetes")
    X, categories = with_text(table.X)
    assert categories == ["sex"]
    direct = CatBoostRegressor(iterations=40, cat_features=categories, **SETTINGS)
    expected = direct.fit(X[::2], table.y[::2]).predict(X[1::2])
    ours = FrameCatBoostRegressor(n_trees=40, random_state=7).fit(table.X[::2], table.y[::2])
    assert np.array_equal(ours.predict(table.X[1::2]), expected)


def test_defaults_are_catboosts_own(messy):
    X, y = messy
    model = make_catboost(random_state=3, n_threads=2).fit(X[["float", "bool"]], y)
    settings = model.model_.get_params()
    assert model.n_trees_ == 1000
    assert settings == {
        "random_seed": 3,
        "thread_count": 2,
        "cat_features": ["bool"],
        "allow_writing_files": False,
        "verbose": False,
    }


def test_settings_are_handed_on_and_no_files_are_written(messy, tmp_path, monkeypatch):
    X, y = messy
    monkeypatch.chdir(tmp_path)
    model = clone(FrameCatBoostClassifier(n_trees=5, options={"depth": 3})).fit(X, y)
    assert model.model_.get_all_params()["depth"] == 3
    assert model.n_trees_ == model.model_.tree_count_ == 5
    assert os.listdir(tmp_path) == []
