import itertools

import numpy as np
import pytest
from scipy.integrate import quad, trapezoid
from scipy.stats import kstest, norm
from sklearn.metrics import mean_pinball_loss

from tabtransfer.errors import TabTransferError
from tabtransfer.inference.distribution import QuantileDistribution

LEVELS = np.arange(1, 100) / 100


@pytest.fixture
def uneven():
    """Rows whose quantiles are close here and far apart there."""
    steps = np.random.default_rng(0).exponential(size=(4, 99)) ** 2 + 1e-3
    return QuantileDistribution(LEVELS, steps.cumsum(1) - 50.0)


@pytest.fixture
def normal():
    return QuantileDistribution(LEVELS, 3.0 + 2.0 * norm.ppf(LEVELS)[None])


def test_a_normal_distribution_is_met(normal):
    values = np.array([[-2.0, 0.0, 3.0, 4.0, 8.0]])
    np.testing.assert_allclose(normal.cdf(values)[0], norm.cdf(values[0], 3, 2), atol=2e-3)
    np.testing.assert_allclose(
        normal.pdf(values[:, 1:4])[0], norm.pdf(values[0, 1:4], 3, 2), atol=4e-3
    )
    assert normal.mean() == pytest.approx(3.0) and normal.median() == pytest.approx(3.0)
    tail = normal.quantile([0.001, 0.999])[0]
    np.testing.assert_allclose(tail, norm.ppf([0.001, 0.999], 3, 2), atol=0.5)


def test_the_density_integrates_to_one_and_to_the_cdf(uneven):
    edges = np.concatenate([uneven.quantile([1e-13])[1], uneven.quantiles[1]])
    for stop in (uneven.quantiles[1, 0], uneven.quantiles[1, 60], 1e3):
        inside = np.append(edges[edges < stop], stop)
        total = sum(
            quad(lambda x: uneven.pdf(np.full(4, x))[1], a, b, limit=200)[0]
            for a, b in itertools.pairwise(inside)
        )
        assert total == pytest.approx(uneven.cdf(stop)[1], abs=1e-6)
    assert total == pytest.approx(1.0, abs=1e-6)


def test_cdf_and_quantiles_undo_each_other(uneven):
    levels = np.array([1e-6, 0.004, 0.01, 0.123, 0.5, 0.99, 0.9987])
    np.testing.assert_allclose(uneven.cdf(uneven.quantile(levels)), np.tile(levels, (4, 1)))


def test_the_mean_is_that_of_the_quantile_function(uneven):
    levels = np.concatenate([10.0 ** -np.arange(20.0, 2.0, -0.01), LEVELS])
    levels = np.concatenate([levels, 1.0 - 10.0 ** -np.arange(2.01, 15.0, 0.01)])
    found = trapezoid(uneven.quantile(levels), levels, axis=1)
    np.testing.assert_allclose(uneven.mean(), found, atol=1e-3)


def test_the_score_is_twice_the_mean_pinball_loss_and_the_integral_of_its_definition(uneven):
    levels = (np.arange(50_000) + 0.5) / 50_000
    quantiles = uneven.quantile(levels)[2]
    grid = np.linspace(-1e3, 1e3, 200_001)
    cdf = uneven.cdf(grid[None])[2]
    for y in (-900.0, uneven.quantiles[2, 0], uneven.quantiles[2, 33] + 0.01, 20.0, 900.0):
        found = uneven.crps(np.full(4, y))[2]
        pinball = np.maximum(levels * (y - quantiles), (levels - 1) * (y - quantiles))
        assert found == pytest.approx(2 * pinball.mean(), rel=1e-3)
        assert found == pytest.approx(trapezoid((cdf - (grid >= y)) ** 2, grid), rel=1e-2)


def test_samples_follow_the_distribution_and_the_seed(normal):
    draws = normal.sample(5000, random_state=0)
    assert draws.shape == (1, 5000) and kstest(draws[0], norm(3, 2).cdf).pvalue > 0.01
    np.testing.assert_array_equal(draws, normal.sample(5000, random_state=0))
    assert not np.array_equal(draws, normal.sample(5000, random_state=1))


def test_rows_are_drawn_each_on_its_own(uneven):
    draws = uneven.cdf(uneven.sample(300, random_state=0))
    assert abs(np.corrcoef(draws)[np.triu_indices(4, 1)]).max() < 0.2


def test_intervals_hold_their_share(uneven):
    low, high = uneven.interval(0.9).T
    np.testing.assert_allclose(uneven.cdf(high) - uneven.cdf(low), 0.9)
    np.testing.assert_allclose(uneven.cdf(low), 0.05)


def test_certain_predictions_are_steps():
    certain = QuantileDistribution(LEVELS, np.full((2, 99), 7.0))
    np.testing.assert_allclose(certain.mean(), 7.0)
    np.testing.assert_array_equal(certain.sample(5), np.full((2, 5), 7.0))
    np.testing.assert_array_equal(certain.cdf([6.9, 7.0]), [0.0, 1.0])
    np.testing.assert_array_equal(certain.pdf([[6.0, 7.0, 8.0]]), [[0.0, np.inf, 0.0]] * 2)
    np.testing.assert_allclose(certain.crps([4.0, 9.5]), [3.0, 2.5])


def test_the_score_of_equal_quantiles_is_finite():
    quantiles = np.repeat([[0.0, 1.0, 5.0]], 33, axis=1)
    atoms = QuantileDistribution(LEVELS, quantiles)
    y = 1.0
    expected = 2 * np.mean(
        [mean_pinball_loss([y], atoms.quantile(p), alpha=p) for p in (np.arange(300) + 0.5) / 300]
    )
    assert atoms.crps([y])[0] == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize("values", [3.0, [1.0, 2.0, 3.0, 4.0], [[1.0, 2.0]], np.ones((4, 2))])
def test_values_take_one_number_one_a_row_or_several(uneven, values):
    found = uneven.cdf(values)
    shape = (4, *np.shape(values)[1:])
    assert found.shape == uneven.pdf(values).shape == shape
    columns = np.reshape(values, (-1, 1)) if np.ndim(values) == 1 else np.atleast_2d(values)
    each = [uneven.cdf(np.broadcast_to(column, 4)) for column in columns.T]
    np.testing.assert_array_equal(found.reshape(4, -1), np.stack(each, 1))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda d: d.quantile([0.0, 0.5]), "between 0 and 1"),
        (lambda d: d.quantile(np.nan), "between 0 and 1"),
        (lambda d: d.interval(1.0), "coverage"),
        (lambda d: d.cdf([1.0, 2.0]), r"shape \(2,\), but 4 rows"),
        (lambda d: d.pdf(np.ones((3, 2))), r"shape \(3, 2\)"),
        (lambda d: d.crps([1.0]), "one number a row"),
    ],
)
def test_questions_that_make_no_sense(uneven, ask, message):
    with pytest.raises(TabTransferError, match=message):
        ask(uneven)
