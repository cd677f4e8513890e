"""A table with a column of every type that files have, and models fitted to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor


@pytest.fixture(scope="session")
def frame():
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


@pytest.fixture(scope="session")
def X(frame):
    return frame.drop(columns=["id", "kind"])


@pytest.fixture(scope="session")
def classifier(X, frame, small_checkpoint):
    model = TabTransferClassifier(2, checkpoint=small_checkpoint, random_state=0)
    return model.fit(X, frame["kind"])


@pytest.fixture(scope="session")
def regressor(X, frame, regression_checkpoint):
    model = TabTransferRegressor(2, checkpoint=regression_checkpoint, random_state=0)
    return model.fit(X, frame["whole"] / 7)
