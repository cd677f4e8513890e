import math

import numpy as np
import pytest

from tabtransfer.bench.metrics import score_probabilities


def test_binary_scores_by_hand():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    scores = score_probabilities(["a", "b", "a", "a"], p, ["a", "b"], ["a", "b"])
    assert scores["roc_auc"] == pytest.approx(2 / 3)  # b's 0.6 beats 0.1 and 0.3, not 0.8
    assert scores["accuracy"] == 0.75
    assert scores["log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.7, 0.2]).mean())


def test_columns_follow_the_models_classes_not_the_labels_order():
    p = np.array([[0.1, 0.9], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2]])
    scores = score_probabilities(["a", "b", "a", "a"], p, ["b", "a"], ["a", "b"])
    assert scores["roc_auc"] == pytest.approx(2 / 3)


def test_one_against_one_is_the_mean_over_pairs():
    y = [0, 0, 1, 1, 2, 2]
    p = np.array(
        [
            [0.6, 0.3, 0.1],
            [0.3, 0.5, 0.2],
            [0.4, 0.5, 0.1],
            [0.2, 0.6, 0.2],
            [0.1, 0.1, 0.8],
            [0.1, 0.2, 0.7],
        ]
    )
    # Pair 0-1: by column 0 three of four, by column 1 (0.3, 0.5 against 0.5, 0.6) 3.5 of 4.
    expected = ((0.75 + 0.875) / 2 + 1.0 + 1.0) / 3
    assert score_probabilities(y, p, [0, 1, 2], [0, 1, 2])["roc_auc"] == pytest.approx(expected)


def test_class_that_training_never_met_gets_no_probability():
    p = np.array([[0.8, 0.2], [0.3, 0.7], [0.5, 0.5]])
    scores = score_probabilities(["a", "b", "c"], p, ["a", "b"], ["a", "b", "c"])
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert math.isfinite(scores["log_loss"])


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.full((3, 2), 0.5), "shape"),
        (np.array([[np.nan, 1.0], [0.5, 0.5]]), "not finite"),
        (np.array([[-0.5, 1.5], [0.5, 0.5]]), "negative"),
        (np.array([[0.0, 0.0], [0.5, 0.5]]), "sum to 0"),
    ],
)
def test_impossible_probabilities_are_refused(probabilities, message):
    with pytest.raises(ValueError, match=message):
        score_probabilities(["a", "b"], probabilities, ["a", "b"], ["a", "b"])
