import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from tabtransfer.network.stack import STACK_RIDGE, stack_weights


def make(n_rows=50, n_predictions=4, n_channels=2, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(n_rows, n_channels))
    quality = rng.uniform(-0.5, 1.0, n_predictions)
    noise = rng.normal(size=(n_rows, n_predictions, n_channels))
    predictions = quality[None, :, None] * labels[:, None] + 0.7 * noise
    return predictions, labels, rng.uniform(0.5, 3.0, n_rows)


def solve(predictions, labels, weights, present=None):
    if present is None:
        present = np.ones(predictions.shape[1], bool)
    found = stack_weights(
        *(torch.from_numpy(x)[None] for x in (predictions, labels, weights, present))
    )
    return found[0].numpy()


def by_hand(predictions, labels, weights):
    """Write the penalty as further rows, and let scipy solve."""
    n_predictions, n_channels = predictions.shape[1:]
    root = np.sqrt(weights)[:, None, None] / np.sqrt(n_channels)
    rows = (root * predictions).transpose(0, 2, 1).reshape(-1, n_predictions)
    targets = (root[..., 0] * labels).ravel()
    penalty = np.sqrt(STACK_RIDGE) * np.eye(n_predictions)
    shares = np.full(n_predictions, np.sqrt(STACK_RIDGE) / n_predictions)
    return nnls(np.vstack([rows, penalty]), np.concatenate([targets, shares]))[0]


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_those_of_non_negative_least_squares(seed):
    task = make(seed=seed)
    np.testing.assert_allclose(solve(*task), by_hand(*task), atol=1e-8)


def test_a_weight_of_two_equals_the_row_twice():
    predictions, labels, weights = make()
    weights[:] = 1.0
    weights[7] = 2.0
    rows = [*range(50), 7]
    repeated = solve(predictions[rows], labels[rows], np.ones(51))
    np.testing.assert_allclose(solve(predictions, labels, weights), repeated, atol=1e-12)


def test_absent_predictions_get_nothing_and_do_not_matter():
    predictions, labels, weights = make()
    present = np.array([True, False, True, True])
    found = solve(predictions, labels, weights, present)
    assert found[1] == 0.0
    np.testing.assert_allclose(found[present], by_hand(predictions[:, present], labels, weights))


def test_few_rows_share_evenly_and_many_follow_the_best():
    predictions, labels, weights = make()
    few = solve(predictions[:1] * 1e-3, labels[:1], weights[:1])
    np.testing.assert_allclose(few, 0.25, atol=0.01)
    others = np.random.default_rng(1).normal(size=labels.shape)
    best = np.stack([labels, others], 1).repeat(20, 0)
    found = solve(best, labels.repeat(20, 0), np.ones(1000))
    np.testing.assert_allclose(found, [1.0, 0.0], atol=0.01)
