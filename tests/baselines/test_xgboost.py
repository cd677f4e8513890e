import numpy as np
import pandas as pd
import xgboost

from tabtransfer.baselines.xgboost import FrameXGBoostClassifier, FrameXGBoostRegressor
from tabtransfer.datasets.suites import load_table

TRAIN, TEST = slice(None, None, 2), slice(1, None, 2)


def test_predictions_are_those_of_xgboost_called_directly():
    table = load_table("penguins")
    labels, codes = np.unique(table.y, return_inverse=True)
    direct = xgboost.XGBClassifier(enable_categorical=True, n_jobs=1, random_state=7)
    expected = direct.fit(table.X[TRAIN], codes[TRAIN]).predict_proba(table.X[TEST])
    ours = FrameXGBoostClassifier(random_state=7).fit(table.X[TRAIN], table.y[TRAIN])
    assert ours.n_trees_ == 100
    assert list(ours.classes_) == list(labels)
    assert np.allclose(ours.predict_proba(table.X[TEST]), expected, atol=1e-6)


def test_numbers_are_predicted_as_by_xgboost_called_directly():
    table = load_table("card")
    options = {"max_depth": 3, "subsample": 0.7}
    direct = xgboost.XGBRegressor(
        n_estimators=30, enable_categorical=True, n_jobs=1, random_state=7, **options
    )
    expected = direct.fit(table.X[TRAIN], table.y[TRAIN]).predict(table.X[TEST])
    ours = FrameXGBoostRegressor(n_trees=30, options=options, random_state=7)
    assert np.allclose(ours.fit(table.X[TRAIN], table.y[TRAIN]).predict(table.X[TEST]), expected)


def test_names_that_xgboost_refuses_and_empty_categories_are_taken():
    X = pd.DataFrame({"a[1]<": np.arange(60.0), "none": pd.Series([None] * 60, dtype="category")})
    y = np.arange(60) > 30
    assert FrameXGBoostClassifier(n_trees=5).fit(X, y).score(X, y) > 0.9
