"""Costs worked out from sizes are those that torch counts."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tabtransfer.network.kernels import N_KERNELS
from tabtransfer.network.laplace import METRIC_STEPS
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.training.cost import (
    activation_bytes,
    muon_flops,
    state_bytes,
    training_flops,
)
from tabtransfer.pretrain.training.muon import StackedMuon
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.tasks import TaskBatch

NETWORKS = [
    NetworkConfig(),
    NetworkConfig(d_cell=64, n_summary=4, row_layers=3, row_heads=4, context_layers=2),
    NetworkConfig(d_cell=16, n_summary=4, row_layers=4, context_layers=8, n_thinking=4),
]
SIZES = [(100, 60, 5), (200, 80, 20), (300, 200, 10)]  # rows, training rows, columns


def task(n_rows: int, n_train: int, n_columns: int) -> TaskBatch:
    values = torch.randn(1, n_rows, n_columns)
    return TaskBatch(
        values=values,
        missing=torch.zeros_like(values, dtype=torch.bool),
        categorical=torch.zeros(1, n_columns, dtype=torch.bool),
        labels=(values.sum(-1) > 0).long(),
        n_train=n_train,
        n_columns=torch.tensor([n_columns]),
        n_classes=torch.tensor([10]),
    )


@pytest.mark.parametrize("config", NETWORKS)
@pytest.mark.parametrize("size", SIZES)
def test_operations_are_those_of_the_matrix_products(config, size):
    network, batch = TabularTransformer(config), task(*size)
    with FlopCounterMode(display=False) as counter:
        network(batch).sum().backward()
    uncounted = (N_KERNELS + METRIC_STEPS - 1) * size[1] ** 3  # torch counts no Cholesky inverses
    counted = sum(training_flops(config, *size).values()) - uncounted
    assert counted == pytest.approx(counter.get_total_flops(), rel=0.03)


def test_operations_of_muon_are_those_of_its_products():
    shapes = [(4, 6), (6, 4), (8, 8)]
    weights = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    for weight in weights:
        weight.grad = torch.randn_like(weight)
    optimizer = StackedMuon(weights, adjust_lr_fn="match_rms_adamw")
    optimizer.step()  # the first one times products to choose a precision
    with FlopCounterMode(display=False) as counter:
        optimizer.step()
    assert muon_flops(shapes) == counter.get_total_flops()


@pytest.mark.parametrize("config", NETWORKS)
@pytest.mark.parametrize("size", SIZES)
def test_memory_is_what_autograd_keeps(config, size):
    network, batch = TabularTransformer(config), task(*size)
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = network(batch)
    assert output.requires_grad
    estimate = activation_bytes(config, *size, value_bytes=4, keeps_attention=True)
    assert estimate == pytest.approx(sum(kept.values()), rel=0.05)


def test_state_holds_weights_gradients_and_moments():
    network = TabularTransformer(NetworkConfig(d_cell=8, n_summary=2, context_layers=1))
    optimizers = build_optimizers(network)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    for optimizer in optimizers:
        optimizer.step()
    moments = [
        value
        for optimizer in optimizers
        for state in optimizer.state.values()
        for value in state.values()
        if torch.is_tensor(value) and value.dim() > 0
    ]
    held = [*network.parameters(), *(p.grad for p in network.parameters()), *moments]
    estimate = state_bytes(sum(p.numel() for p in network.parameters()))
    assert sum(t.numel() * 4 for t in held) <= estimate
    assert estimate < 1.5 * sum(t.numel() * 4 for t in held)
    assert state_bytes(100, n_shards=4) == state_bytes(100) / 4
