import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier

from tabtransfer.baselines.histogram import HISTOGRAM_BOOSTING
from tabtransfer.datasets.suites import load_table


def test_predictions_are_those_of_scikit_learn_on_pandas_categories():
    table = load_table("germancredit")
    direct = HistGradientBoostingClassifier(random_state=5).fit(table.X[::2], table.y[::2])
    ours = HISTOGRAM_BOOSTING.make(5, 1).fit(table.X[::2], table.y[::2])
    assert np.allclose(ours.predict_proba(table.X[1::2]), direct.predict_proba(table.X[1::2]))


def test_the_fit_of_the_diabetes_table_is_that_of_scikit_learns_documentation():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    ours = HISTOGRAM_BOOSTING.make_regressor(0, 1).fit(X, y)
    assert ours.score(X, y) == pytest.approx(0.93, abs=0.01)


def test_more_categories_than_scikit_learn_takes_are_taken():
    X = pd.DataFrame({"code": [f"c{i % 300}" for i in range(900)], "x": np.arange(900.0)})
    model = HISTOGRAM_BOOSTING.make(0, 1).fit(X, X["x"] > 450)
    assert model.score(X, X["x"] > 450) > 0.95
