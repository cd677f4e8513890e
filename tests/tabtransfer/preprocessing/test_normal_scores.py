import numpy as np
import pytest
from scipy.stats import norm

from tabtransfer.preprocessing.normal_scores import NormalScores


def test_scores_of_a_large_sample_are_those_of_its_distribution():
    values = np.random.default_rng(0).exponential(size=20_000)
    found = NormalScores.learn(values, max_knots=256).transform(np.array([0.1, 1.0, 3.0]))
    np.testing.assert_allclose(found, norm.ppf(1 - np.exp([-0.1, -1.0, -3.0])), atol=0.04)


def test_equal_numbers_have_their_middle_rank():
    normal = NormalScores.learn(np.array([0.0, 0.0, 0.0, 5.0]))
    np.testing.assert_allclose(normal.transform(np.array([0.0, 5.0])), norm.ppf([3 / 8, 7 / 8]))


def test_numbers_come_back_and_those_beyond_count_as_the_outermost():
    values = np.random.default_rng(0).normal(size=50)
    normal = NormalScores.learn(values)
    np.testing.assert_allclose(normal.inverse_transform(normal.transform(values)), values)
    assert normal.transform(np.array([1e9])) == normal.transform(values).max()
    assert normal.inverse_transform(np.array([-40.0, 40.0])).tolist() == [
        values.min(),
        values.max(),
    ]


def test_whole_weights_are_repetitions():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=300), rng.integers(1, 4, 300)
    one = NormalScores.learn(values, weights.astype(float), max_knots=64)
    other = NormalScores.learn(rng.permutation(values.repeat(weights)), max_knots=64)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-14)
    assert len(one.values) <= 64


def test_the_outermost_numbers_may_stand_out():
    normal = NormalScores.learn(np.arange(9.0), outermost=5.2)
    found = normal.transform(np.array([-3.0, 0.0, 1.0, 8.0]))
    np.testing.assert_allclose(found, [-5.2, -5.2, norm.ppf(1.5 / 9), 5.2])


@pytest.mark.parametrize("outermost", [None, 5.2])
def test_numbers_that_weigh_next_to_nothing_have_finite_scores(outermost):
    weights = np.array([1e-40, 1e-30, 1.0, 1e-30, 1e-40])
    normal = NormalScores.learn(np.arange(5.0), weights, outermost=outermost)
    assert np.isfinite(normal.scores).all()
    assert (np.diff(normal.scores) >= 0.0).all()
    assert normal.transform(np.array([2.0])) == 0.0


@pytest.mark.parametrize("max_knots", [None, 4])
def test_a_single_number(max_knots):
    normal = NormalScores.learn(np.full(3, 7.0), max_knots=max_knots)
    assert normal.transform(np.array([0.0, 7.0])).tolist() == [0.0, 0.0]
    assert normal.inverse_transform(np.array([2.0])).tolist() == [7.0]
