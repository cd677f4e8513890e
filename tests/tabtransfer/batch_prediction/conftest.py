"""Models fitted to a table with a column of every type that files have."""

from __future__ import annotations

import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor


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
