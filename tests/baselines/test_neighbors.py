import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.neighbors import FrameNeighborsClassifier, FrameNeighborsRegressor
from tabtransfer.datasets.suites import load_table

TRAIN, TEST = slice(None, None, 2), slice(1, None, 2)


def neighbors_by_hand(X):
    """Order the training rows by distance from each test row, columns scaled by hand."""
    text = pd.get_dummies(X.select_dtypes("category").astype(str), dtype=float)
    numbers = X.select_dtypes("number").astype(float)
    filled = numbers.fillna(numbers[TRAIN].mean())
    scaled = (filled - filled[TRAIN].mean()) / filled[TRAIN].std(ddof=0)
    values = np.hstack([text.to_numpy(), scaled.to_numpy()])
    distances = np.linalg.norm(values[TEST][:, None] - values[TRAIN][None], axis=2)
    return distances.argsort(axis=1, kind="stable")


def test_the_nearest_rows_by_hand_vote():
    table = load_table("penguins")
    nearest = neighbors_by_hand(table.X)[:, :5]
    labels = table.y[TRAIN].to_numpy()[nearest]
    ours = FrameNeighborsClassifier().fit(table.X[TRAIN], table.y[TRAIN])
    expected = np.stack([(labels == name).mean(axis=1) for name in ours.classes_], axis=1)
    agree = np.isclose(ours.predict_proba(table.X[TEST]), expected).all(axis=1)
    assert agree.mean() > 0.98  # the others have neighbours at equal distances


def test_the_nearest_rows_by_hand_are_averaged():
    table = load_table("diabetes")
    nearest = neighbors_by_hand(table.X)[:, :9]
    ours = FrameNeighborsRegressor(n_neighbors=9).fit(table.X[TRAIN], table.y[TRAIN])
    expected = table.y[TRAIN].to_numpy()[nearest].mean(axis=1)
    assert np.allclose(ours.predict(table.X[TEST]), expected)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_fewer_rows_than_neighbours_are_all_asked(weights):
    model = FrameNeighborsClassifier(500, weights).fit([[0.0], [1.0], [2.0]], ["a", "a", "b"])
    assert model.predict([[0.5]]).tolist() == ["a"]
    assert model.n_neighbors == 500
