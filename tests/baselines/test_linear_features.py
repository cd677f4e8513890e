import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tabtransfer.baselines.linear import LINEAR
from tabtransfer.baselines.linear_features import LINEAR_FEATURES


@pytest.fixture(scope="module")
def bent():
    """Return a column and a target that falls and rises with it; a row in ten is missing."""
    x = np.linspace(-3.0, 3.0, 200)
    target = np.where(np.arange(200) % 10, x**2, 9.0)
    return pd.DataFrame({"x": np.where(np.arange(200) % 10, x, np.nan)}), target


def test_a_line_of_splines_bends_and_sees_what_is_missing(bent):
    X, target = bent
    straight = LINEAR.make_for("regression", 0, 1).fit(X, target).score(X, target)
    features = LINEAR_FEATURES.make_for("regression", 0, 1).fit(X, target).score(X, target)
    assert straight < 0.1
    assert features > 0.95


def test_any_frame_is_taken_and_learned_from(messy):
    X, y = messy
    model = LINEAR_FEATURES.make_for("binary", 0, 1).fit(X.iloc[:80], y.iloc[:80])
    news = X.iloc[80:].assign(string="sideways")
    probabilities = model.predict_proba(X.iloc[80:])[:, 1]
    assert roc_auc_score(y.iloc[80:] == "yes", probabilities) > 0.8
    assert np.isfinite(model.predict_proba(news)).all()


def test_columns_that_never_vary_are_taken():
    X = pd.DataFrame({"one": [1.0] * 4, "none": [np.nan] * 4, "text": ["a"] * 4})
    model = LINEAR_FEATURES.make_for("binary", 0, 1).fit(X, ["u", "v", "u", "v"])
    assert model.predict_proba(X) == pytest.approx(0.5)
