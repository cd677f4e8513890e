import numpy as np
import pytest

from tabtransfer.preprocessing.weighted_statistics import weighted_moments, weighted_quantiles

LEVELS = [0.0, 0.1, 0.25, 0.5, 0.75, 0.99, 1.0]


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_without_weights_quantiles_are_those_of_numpy(n):
    values = np.random.default_rng(n).normal(size=n).round(1)
    np.testing.assert_allclose(
        weighted_quantiles(values, LEVELS), np.quantile(values, LEVELS), rtol=1e-14
    )


def test_whole_weights_are_repetitions_to_the_last_bit():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=20), rng.integers(1, 5, 20)
    repeated = rng.permutation(values.repeat(weights))
    np.testing.assert_array_equal(
        weighted_quantiles(values, LEVELS, weights.astype(float)),
        weighted_quantiles(repeated, LEVELS),
    )
    np.testing.assert_allclose(
        weighted_moments(values, weights.astype(float)), weighted_moments(repeated), rtol=1e-13
    )


def test_fractions_lie_between_and_quantiles_ascend():
    rng = np.random.default_rng(1)
    values, weights = rng.normal(size=30), rng.uniform(0.1, 2.0, 30)
    found = weighted_quantiles(values, np.linspace(0, 1, 101), weights)
    assert (np.diff(found) >= 0).all() and found[0] == values.min() and found[-1] <= values.max()


def test_huge_values_stay_finite():
    values = np.array([-1e308, 1e308, 1e308])
    assert np.isfinite(weighted_quantiles(values, [0.25, 0.5, 0.75])).all()
