"""Tools of other packages that explain models work on both estimators."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import PartialDependenceDisplay, partial_dependence, permutation_importance

from tabtransfer import TabTransferClassifier, TabTransferRegressor


@pytest.fixture(scope="module", params=["classes", "numbers"])
def fitted(request):
    """A model, what it predicts (2 numbers a row, or 1), and rows it hasn't seen."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["cause", "noise", "other"])
    if request.param == "classes":
        y = np.where(X["cause"] > 0, "yes", "no")
        model = TabTransferClassifier(1, random_state=0).fit(X[:40], y[:40])
        return model, model.predict_proba, X[40:], y[40:]
    y = X["cause"]
    model = TabTransferRegressor(1, random_state=0).fit(X[:40], y[:40])
    return model, model.predict, X[40:], y[40:]


class TestScikitLearn:
    def test_permutation_importance(self, fitted):
        model, _, X, y = fitted
        found = permutation_importance(model, X, y, n_repeats=2, random_state=0)
        assert found.importances_mean.argmax() == 0
        assert found.importances_mean[0] > 0.2

    def test_partial_dependence(self, fitted):
        model, _, X, _ = fitted
        found = partial_dependence(model, X, ["cause"], grid_resolution=5, kind="both")
        [average] = found["average"]  # of the last class, or the mean
        assert average[0] < average[-1]
        assert found["individual"].shape == (1, 20, 5)

    def test_partial_dependence_of_a_category(self):
        X = pd.DataFrame({"colour": ["red", "blue"] * 20, "size": np.arange(40.0)})
        model = TabTransferRegressor(1, random_state=0).fit(X, X["colour"] == "red")
        found = partial_dependence(model, X, ["colour"], categorical_features=["colour"])
        by_colour = dict(zip(found["grid_values"][0], found["average"][0], strict=True))
        assert by_colour["red"] > by_colour["blue"] + 0.5

    def test_partial_dependence_is_drawn(self, fitted):
        matplotlib.use("Agg")
        model, _, X, _ = fitted
        display = PartialDependenceDisplay.from_estimator(
            model, X, ["cause", ("cause", "noise")], grid_resolution=4
        )
        assert len(display.figure_.axes) > 2
        matplotlib.pyplot.close("all")


@pytest.mark.filterwarnings("ignore")  # of shap's own
class TestShap:
    """Shapley values sum to the prediction less the mean prediction of the background."""

    def test_kernel_explainer(self, fitted):
        shap = pytest.importorskip("shap")
        _, predict, X, _ = fitted
        explainer = shap.KernelExplainer(predict, X[:8])
        values = np.asarray(explainer.shap_values(X[8:11], silent=True))  # (rows, columns, …)
        total = values.sum(1) + explainer.expected_value
        np.testing.assert_allclose(total, predict(X[8:11]), atol=1e-6)
        assert np.abs(values).mean((0, *range(2, values.ndim))).argmax() == 0

    @pytest.mark.slow
    def test_explainer_with_a_masker(self, fitted):
        shap = pytest.importorskip("shap")
        _, predict, X, _ = fitted
        explainer = shap.Explainer(predict, shap.maskers.Independent(X[:8]))
        found = explainer(X[8:11])
        np.testing.assert_allclose(
            found.values.sum(1) + found.base_values, predict(X[8:11]), atol=1e-6
        )
        assert np.abs(found.values).mean((0, *range(2, found.values.ndim))).argmax() == 0
