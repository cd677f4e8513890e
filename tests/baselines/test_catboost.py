import os

import numpy as np
import pytest
from catboost import CatBoostClassifier
from sklearn.base import clone

from tabtransfer.baselines.catboost import FrameCatBoostClassifier, make_catboost
from tabtransfer.datasets.splits import stratified_splits
from tabtransfer.datasets.suites import load_table


@pytest.mark.parametrize("name", ["penguins", "germancredit"])
def test_predictions_are_those_of_catboost_called_directly(name):
    table = load_table(name)
    split = stratified_splits(table.y, n_splits=1, max_train=150)[0]
    X = table.X.copy()
    categories = list(X.select_dtypes("category"))
    for column in categories:
        X[column] = X[column].cat.add_categories("__missing__").fillna("__missing__").astype(str)
    direct = CatBoostClassifier(
        iterations=60,
        cat_features=categories,
        thread_count=1,
        random_seed=7,
        allow_writing_files=False,
        verbose=False,
    ).fit(X.iloc[split.train], table.y.iloc[split.train])
    ours = FrameCatBoostClassifier(iterations=60, random_state=7).fit(
        table.X.iloc[split.train], table.y.iloc[split.train]
    )
    assert ours.model_.get_cat_feature_indices() == direct.get_cat_feature_indices()
    assert list(ours.classes_) == list(direct.classes_)
    expected = direct.predict_proba(X.iloc[split.test])
    assert np.array_equal(ours.predict_proba(table.X.iloc[split.test]), expected)
    assert (ours.predict(table.X.iloc[split.test]) == direct.classes_[expected.argmax(1)]).all()


def test_defaults_are_catboosts_own(messy):
    X, y = messy
    settings = make_catboost(random_state=3, n_threads=2).fit(X, y).model_.get_params()
    text = ["string", "nullable string", "category", "number category", "bool", "nullable bool"]
    assert settings == {
        "iterations": 1000,
        "random_seed": 3,
        "thread_count": 2,
        "cat_features": text,
        "allow_writing_files": False,
        "verbose": False,
    }
    assert (
        CatBoostClassifier(iterations=1000, verbose=False)
        .fit([[0], [1]], [0, 1])
        .get_all_params()["iterations"]
        == 1000
    )


def test_settings_are_handed_on_and_no_files_are_written(messy, tmp_path, monkeypatch):
    X, y = messy
    monkeypatch.chdir(tmp_path)
    model = clone(FrameCatBoostClassifier(iterations=5, options={"depth": 3})).fit(X, y)
    assert model.model_.get_all_params()["depth"] == 3
    assert model.model_.tree_count_ == 5
    assert os.listdir(tmp_path) == []
