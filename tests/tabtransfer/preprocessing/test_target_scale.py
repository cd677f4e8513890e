import warnings

import numpy as np
import pytest

from tabtransfer.preprocessing.target_scale import (
    MAX_TARGET,
    NormalTargetScale,
    TargetScale,
    warn_of_clipped,
)


def test_targets_come_back():
    targets = np.random.default_rng(0).normal(50.0, 3.0, 200)
    scale = TargetScale.of(targets)
    standardised = scale.standardise(targets)
    assert standardised.mean() == pytest.approx(0.0) and standardised.std() == pytest.approx(1.0)
    np.testing.assert_allclose(scale.restore(standardised), targets)


@pytest.mark.parametrize("unit", [1e-200, 1e-9, 1e200, 1e307])
def test_any_unit_gives_the_same(unit):
    targets = np.random.default_rng(0).uniform(-1.0, 2.0, 50)
    found = TargetScale.of(targets * unit).standardise(targets * unit)
    np.testing.assert_allclose(found, TargetScale.of(targets).standardise(targets))


def test_outliers_are_clipped():
    targets = np.r_[np.arange(100.0), 1e6]
    assert TargetScale.of(targets).standardise(targets).max() == MAX_TARGET


def test_equal_targets_have_no_deviation():
    scale = TargetScale.of(np.full(7, 0.1))
    assert scale.standardise(np.array([0.1, 5.0])).tolist() == [0.0, 0.0]
    assert scale.restore(np.array([3.0])).tolist() == [0.1]


def test_whole_weights_are_repetitions():
    rng = np.random.default_rng(0)
    targets, weights = rng.lognormal(size=30), rng.integers(1, 4, 30)
    for scale in (TargetScale, NormalTargetScale):
        np.testing.assert_allclose(
            scale.of(targets, weights.astype(float)).standardise(targets),
            scale.of(targets.repeat(weights)).standardise(targets),
        )


class TestNormalTargets:
    def test_targets_come_back_whatever_their_distribution(self):
        targets = np.random.default_rng(0).lognormal(size=200)
        scale = NormalTargetScale.of(targets)
        shown = scale.standardise(targets)
        assert shown.mean() == pytest.approx(0.0, abs=1e-6)
        assert shown.std() == pytest.approx(1.0, abs=0.02)
        inside = TargetScale.of(targets).standardise(targets) < MAX_TARGET
        np.testing.assert_allclose(scale.restore(shown)[inside], targets[inside])

    def test_predictions_stay_within_five_deviations(self):
        targets = np.r_[np.arange(100.0), 1e6]
        scale = NormalTargetScale.of(targets)
        limit = targets.mean() + MAX_TARGET * targets.std()
        np.testing.assert_allclose(scale.restore(np.array([-9.0, 9.0])), [0.0, limit])

    def test_equal_targets(self):
        scale = NormalTargetScale.of(np.full(7, 0.1))
        assert scale.standardise(np.array([0.1, 5.0])).tolist() == [0.0, 0.0]
        assert scale.restore(np.array([3.0])).tolist() == [0.1]


class TestWarningOfClippedTargets:
    def test_says_how_many_and_how_far(self):
        targets = np.repeat([1e4, 1.1e4, 1e6], [495, 495, 10])
        with pytest.warns(UserWarning, match=r"^10 of 1,000 targets .* 5\.\d+e\+05, as far as 1e"):
            warn_of_clipped(targets)

    def test_counts_weights(self):
        targets, weights = np.repeat([1.0, 2.0, 50.0], [495, 495, 10]), np.ones(1000)
        weights[-10:] = 200.0
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_clipped(targets, weights)  # two thirds of the rows, so to say

    @pytest.mark.parametrize("targets", [np.ones(9), np.arange(100.0), np.zeros(1)])
    def test_is_silent_otherwise(self, targets):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_clipped(targets)
