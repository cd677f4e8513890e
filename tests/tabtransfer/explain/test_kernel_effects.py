import pytest
import torch

from tabtransfer.explain.kernel_effects import KernelFit
from tabtransfer.network import ridge
from tabtransfer.network.ridge import products, similarities, solve


def make_rows(n_rows=20):
    torch.manual_seed(0)
    features, labels = torch.randn(1, n_rows, 3).double(), torch.randn(1, n_rows, 2).double()
    return features, labels, torch.rand(1, n_rows).double() + 0.5


@pytest.mark.parametrize("kernel", [products, similarities])
@pytest.mark.parametrize("block_rows", [1024, 8])
def test_effects_are_those_of_solving_without_the_row(kernel, block_rows, monkeypatch):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", block_rows)
    features, labels, weights = make_rows()
    query = torch.randn(1, 4, 3).double()
    dual, _ = solve(kernel, features, labels, weights, 0.3)
    fit = KernelFit.of(kernel, torch.ones(1, 1, 3).double(), features, dual, weights, 0.3)
    factor = torch.randn(1, 4, 2).double()
    effects = fit.of_rows(query, factor)
    for left_out in range(features.shape[1]):
        fewer = weights.clone()
        fewer[:, left_out] = 0.0
        without, _ = solve(kernel, features, labels, fewer, 0.3)
        change = kernel(query, features) @ (dual - without)
        torch.testing.assert_close(effects[..., left_out], (factor * change).sum(-1))
