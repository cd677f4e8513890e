"""What several tests of the estimators share; `test_trees` has estimators with trees."""

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor


@pytest.fixture
def classifier(small_checkpoint):
    return TabTransferClassifier(2, checkpoint=small_checkpoint, trees=False, random_state=0)


@pytest.fixture
def regressor(regression_checkpoint):
    return TabTransferRegressor(2, checkpoint=regression_checkpoint, trees=False, random_state=0)


@pytest.fixture(params=["classification", "regression"])
def estimator(request):
    name = "classifier" if request.param == "classification" else "regressor"
    return request.getfixturevalue(name)


@pytest.fixture
def make_frame():
    def make_frame(n_rows=60):
        """Columns of several types and a target that is numbers and classes at once."""
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(
            {
                "number": rng.lognormal(size=n_rows),
                "holes": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
                "mostly zero": np.where(rng.random(n_rows) < 0.9, 0.0, rng.normal(size=n_rows)),
                "text": rng.choice(["a", "b", "c", None], n_rows),
            }
        )
        return frame, (frame["number"] * 2.0).round().clip(upper=4).astype(int)

    return make_frame


@pytest.fixture(scope="session")
def frame():
    """A column of every type that files have."""
    rng = np.random.default_rng(0)
    n_rows = 60
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            "whole": rng.integers(0, 100, n_rows),
            "flag": rng.random(n_rows) < 0.5,
            "word": rng.choice(["red", "a, b", 'say "no"', "two\nlines", "007"], n_rows),
            "id": [f"{index:04d}" for index in range(n_rows)],
        }
    )
    frame["kind"] = np.where(frame["number"] > 0, "yes", "no")
    frame.loc[[1, 5], "number"] = np.nan
    frame.loc[[0, 5], "word"] = None
    return frame
