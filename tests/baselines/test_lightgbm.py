import lightgbm
import numpy as np
import pandas as pd

from tabtransfer.baselines.lightgbm import FrameLightGBMClassifier, FrameLightGBMRegressor
from tabtransfer.datasets.suites import load_table

TRAIN, TEST = slice(None, None, 2), slice(1, None, 2)
OURS = {"verbosity": -1, "n_jobs": 1, "force_col_wise": True, "deterministic": True}


def test_predictions_are_those_of_lightgbm_called_directly():
    table = load_table("germancredit")
    direct = lightgbm.LGBMClassifier(random_state=7, **OURS)  # 100 trees, its own default
    expected = direct.fit(table.X[TRAIN], table.y[TRAIN]).predict_proba(table.X[TEST])
    ours = FrameLightGBMClassifier(random_state=7).fit(table.X[TRAIN], table.y[TRAIN])
    assert ours.n_trees_ == 100
    assert list(ours.classes_) == list(direct.classes_)
    assert np.allclose(ours.predict_proba(table.X[TEST]), expected)
    assert (ours.predict(table.X[TEST]) == direct.predict(table.X[TEST])).all()


def test_numbers_are_predicted_as_by_lightgbm_called_directly():
    table = load_table("card")
    options = {"num_leaves": 5, "subsample": 0.7, "subsample_freq": 1}
    direct = lightgbm.LGBMRegressor(n_estimators=30, random_state=7, **OURS, **options)
    expected = direct.fit(table.X[TRAIN], table.y[TRAIN]).predict(table.X[TEST])
    ours = FrameLightGBMRegressor(n_trees=30, options=options, random_state=7)
    assert np.allclose(ours.fit(table.X[TRAIN], table.y[TRAIN]).predict(table.X[TEST]), expected)


def test_names_that_lightgbm_refuses_are_taken():
    X = pd.DataFrame({'a"[1]': np.arange(60.0), "b,{c}:": ["x", "y"] * 30})
    y = np.arange(60) > 30
    assert FrameLightGBMClassifier(n_trees=5).fit(X, y).score(X, y) > 0.9
