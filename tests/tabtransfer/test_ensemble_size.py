"""How many members there are where nobody says."""

import numpy as np
import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer import ensemble_size as sizes
from tabtransfer.ensemble_size import FEWEST, USUAL, ensemble_size


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "n_classes", "expected"),
    [
        (2_000, 20, 2, USUAL),
        (2_001, 20, 2, FEWEST),
        (2_001, 20, 0, USUAL),  # numbers
        (4_097, 20, 2, USUAL),  # samples of the rows
        (3_000, 201, 2, USUAL),  # parts of the columns
        (3_000, 20, 11, USUAL),  # parts of the classes
    ],
)
def test_members_that_know_something_of_their_own_stay(n_rows, n_columns, n_classes, expected):
    assert ensemble_size(n_rows, n_columns, n_classes, 4_096, 10) == expected


class TestEstimators:
    @pytest.fixture(autouse=True)
    def few_are_many(self, monkeypatch):
        monkeypatch.setattr(sizes, "MANY_ROWS", 100)

    @pytest.mark.parametrize(
        ("kind", "n_rows", "expected"),
        [
            (TabTransferClassifier, 100, USUAL),
            (TabTransferClassifier, 101, FEWEST),
            (TabTransferRegressor, 101, USUAL),
        ],
    )
    def test_go_by_the_rows(self, kind, n_rows, expected, regression_checkpoint):
        X, y = np.arange(n_rows)[:, None], np.arange(n_rows) % 2
        model = kind(checkpoint=regression_checkpoint, trees=False, random_state=0).fit(X, y)
        assert model.n_estimators is None
        assert model.n_estimators_ == len(model.ensemble_.members) == expected

    def test_a_row_of_weight_two_counts_as_two_rows(self, small_checkpoint):
        X, y = np.arange(51)[:, None], np.arange(51) % 2
        model = TabTransferClassifier(checkpoint=small_checkpoint, trees=False, random_state=0)
        assert model.fit(X, y, sample_weight=np.full(51, 2)).n_estimators_ == FEWEST

    def test_a_number_that_is_given_is_kept(self, small_checkpoint):
        X, y = np.arange(101)[:, None], np.arange(101) % 2
        model = TabTransferClassifier(3, checkpoint=small_checkpoint, trees=False, random_state=0)
        assert model.fit(X, y).n_estimators_ == 3
