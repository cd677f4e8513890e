import os

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from sklearn.base import clone

from tabtransfer.baselines.catboost import (
    CATBOOST,
    FrameCatBoostClassifier,
    FrameCatBoostRegressor,
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
    model = CATBOOST.make(random_state=3, n_threads=2).fit(X[["float", "bool"]], y)
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


GAPS = {
    "numbers": pd.Series([1.5, np.nan, 2.0] * 20).astype("category"),
    "whole numbers": pd.Series([1, 2, 3] * 20).astype("category"),
    "strings and NaN": pd.Series(["a", np.nan, "b"] * 20, dtype=object),
    "strings and None": pd.Series(["a", None, "b"] * 20, dtype=object),
    "strings and NA": pd.Series(["a", pd.NA, "b"] * 20, dtype=object),
    "nullable strings": pd.Series(["a", pd.NA, "b"] * 20, dtype="string"),
    "strings beside numbers": pd.Series(["a", 1, 2.5] * 20, dtype=object),
    "booleans and None": pd.Series([True, None, False] * 20, dtype=object),
    "nullable booleans": pd.Series([True, pd.NA, False] * 20, dtype="boolean"),
}


@pytest.mark.parametrize("column", GAPS.values(), ids=GAPS)
def test_categories_may_be_missing_or_numbers(column):
    X = pd.DataFrame({"code": column})
    y = np.arange(60) % 3
    model = FrameCatBoostClassifier(n_trees=30).fit(X, y)
    assert model.model_.get_cat_feature_indices() == [0]
    assert model.score(X, y) == 1.0
    later = X.assign(code=[None] * 60)
    assert np.isfinite(model.predict_proba(later)).all()


def test_threads_reach_catboost_in_fit_and_predict(messy, monkeypatch):
    X, y = messy
    seen = []
    ask = CatBoostClassifier.predict_proba
    monkeypatch.setattr(
        CatBoostClassifier,
        "predict_proba",
        lambda self, X, **settings: seen.append(settings) or ask(self, X, **settings),
    )
    model = FrameCatBoostClassifier(n_trees=5, n_threads=2).fit(X, y)
    model.predict(X)
    assert model.model_.get_params()["thread_count"] == 2
    assert seen == [{"thread_count": 2}]
