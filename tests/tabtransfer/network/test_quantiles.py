import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from tabtransfer.network.quantiles import pinball_loss, quantile_levels


def test_levels_are_evenly_spread():
    np.testing.assert_allclose(quantile_levels(99), np.arange(1, 100) / 100)


def test_the_loss_is_that_of_scikit_learn_up_to_a_factor():
    rng = np.random.default_rng(0)
    targets, quantiles = rng.normal(size=50), rng.normal(size=(50, 9))

    def expected(quantiles):
        levels = quantile_levels(9)
        losses = [
            mean_pinball_loss(targets, q, alpha=a) for q, a in zip(quantiles.T, levels, strict=True)
        ]
        return np.mean(losses)

    ours = [
        pinball_loss(torch.tensor(q), torch.tensor(targets)).mean().item()
        for q in (quantiles, quantiles + 1.0)
    ]
    assert ours[0] / ours[1] == pytest.approx(expected(quantiles) / expected(quantiles + 1.0))


@pytest.mark.parametrize("n_quantiles", [9, 99])
def test_guessing_costs_one_and_knowing_nothing(n_quantiles):
    targets = torch.tensor(norm.ppf((np.arange(2000) + 0.5) / 2000))
    guess = torch.tensor(norm.ppf(quantile_levels(n_quantiles))).expand(2000, -1)
    assert pinball_loss(guess, targets).mean().item() == pytest.approx(1.0, abs=1e-3)
    assert pinball_loss(targets[:, None].expand(-1, n_quantiles), targets).max() == 0.0
