import math
from statistics import NormalDist

import numpy as np
import pytest

from tabtransfer.bench.metrics import (
    QUANTILE_LEVELS,
    calibration_error,
    ranking_error,
    score_numbers,
    score_probabilities,
)


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


def test_calibration_error_is_what_the_probabilities_are_off_by():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 200_000)
    both = np.stack([confidence, 1 - confidence], axis=1)
    honest = (rng.random(len(confidence)) > confidence).astype(int)
    assert calibration_error(honest, both) < 0.01
    # Right with a chance of c² for the probability c: off by the mean of c - c² over (0.5, 1).
    proud = (rng.random(len(confidence)) > confidence**2).astype(int)
    assert calibration_error(proud, both) == pytest.approx(1 / 6, abs=0.01)


def test_bins_of_calibration_hold_the_same_number_of_rows():
    # By equal width, the 15 rows at 0.51 to 0.53 would be one bin, where right and wrong cancel.
    confidence = np.linspace(0.51, 0.53, 15)
    truth = np.array([0, 1] * 7 + [0])
    expected = np.abs(confidence - (truth == 0)).mean()
    both = np.stack([confidence, 1 - confidence], axis=1)
    assert calibration_error(truth, both) == pytest.approx(expected)


def test_numbers_score_as_scikit_learn_has_it():
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    rng = np.random.default_rng(0)
    y, predicted = rng.normal(size=50), rng.normal(size=50)
    assert score_numbers(y, predicted) == pytest.approx(
        {
            "rmse": root_mean_squared_error(y, predicted),
            "r2": r2_score(y, predicted),
            "mae": mean_absolute_error(y, predicted),
        }
    )
    assert math.isnan(score_numbers([1.0, 1.0], np.array([1.0, 2.0]))["r2"])


def test_crps_of_a_normal_forecast_is_the_closed_form():
    # Gneiting and Raftery 2007: σ (z (2 Φ(z) − 1) + 2 φ(z) − 1/√π); 0.2337 at the mean.
    normal = NormalDist()
    quantiles = np.array([[normal.inv_cdf(level) for level in QUANTILE_LEVELS]] * 2)
    z = 1.5
    off = z * (2 * normal.cdf(z) - 1) + 2 * normal.pdf(z) - 1 / math.sqrt(math.pi)
    scores = score_numbers([0.0, z], np.zeros(2), quantiles)
    assert scores["crps"] == pytest.approx((0.2337 + off) / 2, abs=0.01)


@pytest.mark.parametrize(
    ("predicted", "quantiles", "message"),
    [
        (np.zeros((2, 1)), None, r"predict gave shape \(2, 1\)"),
        (np.array([1.0, np.inf]), None, "not finite"),
        (np.zeros(2), np.zeros((2, 3)), r"quantiles gave shape \(2, 3\)"),
    ],
)
def test_impossible_numbers_are_refused(predicted, quantiles, message):
    with pytest.raises(ValueError, match=message):
        score_numbers([1.0, 2.0], predicted, quantiles)


@pytest.mark.parametrize(
    ("task", "error"), [("binary", 0.25), ("multiclass", 0.6), ("regression", 3.0)]
)
def test_rankings_minimise_what_tabarena_does(task, error):
    assert ranking_error(task, {"roc_auc": 0.75, "log_loss": 0.6, "rmse": 3.0}) == error
