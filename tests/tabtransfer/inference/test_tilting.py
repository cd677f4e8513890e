import numpy as np
import pytest

from tabtransfer.inference.distribution import QuantileDistribution, quantile_means
from tabtransfer.inference.tilting import tilt
from tabtransfer.network.quantiles import quantile_levels

LEVELS = np.array(quantile_levels(99))


def normal_quantiles(n_rows):
    from scipy.stats import norm

    scales = np.random.default_rng(0).lognormal(0.0, 2.0, (n_rows, 1))
    return scales * norm.ppf(LEVELS), scales


@pytest.mark.parametrize("way", [0.3, -0.7, 3.0])
def test_each_row_gets_its_mean(way):
    quantiles, scales = normal_quantiles(50)
    means = quantile_means(quantiles) + way * scales
    tilted = tilt(quantiles, means)
    reached = (quantile_means(tilted) - quantile_means(quantiles)) / scales
    assert reached == pytest.approx(way, rel=0.01)
    assert (np.diff(tilted) >= 0.0).all()


def test_a_mean_that_is_right_changes_nothing():
    quantiles, scales = normal_quantiles(50)
    found = tilt(quantiles, quantile_means(quantiles))
    np.testing.assert_allclose(found / scales, quantiles / scales, atol=1e-9)


def test_a_normal_distribution_is_shifted():
    # exp(t * x) times the density of a normal distribution is that of one further on.
    quantiles, scales = normal_quantiles(5)
    tilted = tilt(quantiles, quantile_means(quantiles) + 0.5 * scales)
    middle = slice(20, 79)
    np.testing.assert_allclose(((tilted - quantiles) / scales)[:, middle], 0.5, atol=0.02)


def test_values_of_many_rows_stay_where_they_are():
    quantiles = np.where(LEVELS < 0.6, 0.0, 10.0 * (LEVELS - 0.6))[None]
    tilted = tilt(quantiles, 0.8 * quantile_means(quantiles))
    at_zero = QuantileDistribution(LEVELS, tilted).cdf([[0.05]])[0, 0]
    assert tilted[0, 30] == 0.0 and 0.62 < at_zero < 0.8


def test_the_unit_of_the_target_changes_nothing():
    quantiles, scales = normal_quantiles(50)
    means = quantile_means(quantiles) + 0.4 * scales
    for unit in (3.3, 1e-300, 1e300):
        found = tilt(quantiles * unit, means * unit) / unit
        np.testing.assert_allclose(found / scales, tilt(quantiles, means) / scales, atol=1e-9)


def test_rows_are_on_their_own():
    quantiles, scales = normal_quantiles(2050)
    means = quantile_means(quantiles) - 0.4 * scales
    among = tilt(quantiles, means)
    assert among.shape == quantiles.shape and tilt(quantiles[:0], means[:0]).shape == (0, 99)
    for row in (0, 999, 1000, 2049):
        alone = tilt(quantiles[[row]], means[[row]])
        np.testing.assert_allclose(alone[0] / scales[row], among[row] / scales[row], atol=1e-9)


def test_a_certain_prediction_is_shifted():
    assert (tilt(np.full((2, 99), 3.0), np.array([[5.0], [3.0]])) == [[5.0], [3.0]]).all()
