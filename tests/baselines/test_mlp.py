import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.neural_network import MLPClassifier, MLPRegressor

from tabtransfer.baselines.mlp import MLP, FrameMLPClassifier, FrameMLPRegressor
from tabtransfer.datasets.suites import load_table

TRAIN, TEST = slice(None, None, 4), slice(1, None, 4)
QUICK = {"max_iter": 20}


def scaled(X):
    values = X.to_numpy(dtype=float)
    return (values - values[TRAIN].mean(axis=0)) / values[TRAIN].std(axis=0)


def test_predictions_are_those_of_scikit_learn_on_scaled_columns():
    table = load_table("wine")
    values = scaled(table.X)
    direct = MLPClassifier(random_state=5, **QUICK).fit(values[TRAIN], table.y[TRAIN])
    ours = FrameMLPClassifier(QUICK, random_state=5).fit(table.X[TRAIN], table.y[TRAIN])
    assert np.allclose(ours.predict_proba(table.X[TEST]), direct.predict_proba(values[TEST]))


def test_numbers_are_predicted_as_by_scikit_learn_on_a_scaled_target():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    values, y = scaled(X), y.to_numpy()
    mean, spread = y[TRAIN].mean(), y[TRAIN].std()
    direct = MLPRegressor(random_state=5, **QUICK).fit(values[TRAIN], (y[TRAIN] - mean) / spread)
    ours = FrameMLPRegressor(QUICK, random_state=5).fit(X[TRAIN], y[TRAIN])
    assert np.allclose(ours.predict(X[TEST]), direct.predict(values[TEST]) * spread + mean)


def test_a_target_of_large_numbers_is_learned():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = MLP.make_regressor(0, 1).fit(X, y * 1e6)
    assert model.score(X, y * 1e6) > 0.5
