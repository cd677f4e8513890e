import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.linear import LINEAR
from tabtransfer.datasets.suites import load_table


def test_predictions_are_those_of_a_regression_on_columns_made_by_hand():
    table = load_table("penguins")
    text = pd.DataFrame(
        {
            name: table.X[name].astype(object).where(table.X[name].notna(), "__missing__")
            for name in ("island", "sex")
        }
    )
    numbers = table.X.drop(columns=["island", "sex"]).astype(float)
    train, test = slice(None, None, 2), slice(1, None, 2)
    mean = numbers[train].mean()
    filled = numbers.fillna(mean)
    scaled = (filled - filled[train].mean()) / filled[train].std(ddof=0)
    values = np.hstack([pd.get_dummies(text).to_numpy(dtype=float), scaled.to_numpy()])
    by_hand = LogisticRegression(max_iter=1000).fit(values[train], table.y[train])
    ours = LINEAR.make(0, 1).fit(table.X[train], table.y[train])
    expected = by_hand.predict_proba(values[test])
    assert np.allclose(ours.predict_proba(table.X[test]), expected, atol=1e-3)


def test_rare_levels_beyond_fifty_share_one():
    X = pd.DataFrame({"code": [f"c{i // 2}" for i in range(120)] + ["common"] * 60})
    y = np.arange(180) % 2
    model = LINEAR.make(0, 1).fit(X, y)
    assert model.named_steps["model"].n_features_in_ == 50 + 30  # levels, numbers of the text


def test_ridge_coefficients_are_those_of_the_normal_equations():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    values = ((X - X.mean()) / X.std(ddof=0)).to_numpy()
    penalty = np.eye(values.shape[1]) / 0.25
    expected = np.linalg.solve(values.T @ values + penalty, values.T @ y.to_numpy())
    model = LINEAR.make_regressor(0, 1).set_params(model__C=0.25).fit(X, y)
    assert np.allclose(model.named_steps["model"].coef_, expected)
    assert np.allclose(model.predict(X), values @ expected + y.mean())
