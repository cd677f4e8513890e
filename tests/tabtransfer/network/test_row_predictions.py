from dataclasses import replace

import pytest
import torch

from tabtransfer.network.cells import ColumnStatistics
from tabtransfer.network.copies import LeftOut
from tabtransfer.network.kernels import N_KERNELS
from tabtransfer.network.row_predictions import N_PREDICTIONS, RowPredictions
from tabtransfer.network.stack import stack_weights
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.tasks import N_LEARNERS, TaskBatch

N_TRAIN, N_ROWS = 40, 52


def make_batch(n_classes=3, n_tasks=2):
    random = torch.Generator().manual_seed(0)
    values = torch.randn(n_tasks, N_ROWS, 4, generator=random, dtype=torch.float64)
    labels = torch.randint(0, n_classes, (n_tasks, N_ROWS), generator=random)
    learners = torch.rand(
        n_tasks, N_ROWS, N_LEARNERS, n_classes, generator=random, dtype=torch.float64
    )
    return TaskBatch(
        values=values,
        missing=torch.zeros_like(values, dtype=torch.bool),
        categorical=torch.zeros(n_tasks, 4, dtype=torch.bool),
        labels=labels,
        n_train=N_TRAIN,
        n_columns=torch.full((n_tasks,), 4),
        n_classes=torch.full((n_tasks,), n_classes),
        learners=learners / learners.sum(-1, keepdim=True),
    )


def predict(batch):
    """Predictions of training rows, then of query rows: (b, r, 7, k)."""
    channels = torch.nn.functional.one_hot(batch.labels[:, :N_TRAIN], 3).double()
    columns = ColumnStatistics.of(batch, channels)
    known, query = batch.values[:, :N_TRAIN], batch.values[:, N_TRAIN:]
    hidden = batch.missing[:, :N_TRAIN]
    cells = columns.describe(known, hidden, LeftOut.of(batch, channels))
    fitted, own = RowPredictions.of(batch, cells, channels)
    told = None if batch.learners is None else batch.learners[:, N_TRAIN:]
    query_cells = columns.describe(query, batch.missing[:, N_TRAIN:])
    return fitted, torch.cat([own, fitted.predict(query, query_cells, told)], 1)


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = TabularTransformer(NetworkConfig(d_cell=8, context_layers=2)).double().eval()
    for parameter in network.parameters():  # zero-initialised layers would hide mistakes
        torch.nn.init.normal_(parameter, std=0.3)
    return network


def test_learners_are_on_the_scale_of_kernels():
    batch = make_batch()
    _, predictions = predict(batch)
    assert predictions.shape == (2, N_ROWS, N_PREDICTIONS, 3)
    channels = torch.nn.functional.one_hot(batch.labels[:, :N_TRAIN], 3).double()
    mean, deviation = channels.mean(1), channels.std(1, unbiased=False)
    expected = (batch.learners - mean[:, None, None]) / deviation[:, None, None]
    torch.testing.assert_close(
        predictions[:, :, N_KERNELS:-1], expected.clamp(-4, 4), rtol=1e-4, atol=1e-4
    )


def test_the_stack_combines_all_others_by_the_training_rows():
    batch = make_batch()
    fitted, predictions = predict(batch)
    channels = torch.nn.functional.one_hot(batch.labels[:, :N_TRAIN], 3).double()
    labels = (channels - channels.mean(1, keepdim=True)) / channels.std(
        1, keepdim=True, unbiased=False
    )
    parts = predictions[:, :, :-1]
    present = torch.ones(2, N_PREDICTIONS - 1, dtype=torch.bool)
    weights = stack_weights(parts[:, :N_TRAIN], labels, batch.row_weights, present)
    torch.testing.assert_close(fitted.weights, weights, rtol=1e-4, atol=1e-4)
    stack = (fitted.weights[:, None, :, None] * parts).sum(2)
    torch.testing.assert_close(predictions[:, :, -1], stack)


def test_absent_learners_count_for_nothing(network):
    batch = make_batch()
    absent = replace(batch, learners=torch.full_like(batch.learners, torch.nan))
    nothing = replace(batch, learners=None)
    fitted, predictions = predict(absent)
    assert (fitted.weights[:, N_KERNELS:] == 0.0).all()
    assert (predictions[:, :, N_KERNELS:-1] == 0.0).all()
    torch.testing.assert_close(network(absent), network(nothing))
    one = batch.learners.clone()
    one[0, :, 1] = torch.nan  # of the first task alone
    outputs = network(replace(batch, learners=one))[..., :3]
    torch.testing.assert_close(outputs[1], network(batch)[1, :, :3])
    assert not torch.allclose(outputs[0], network(batch)[0, :, :3])


def test_the_network_reads_what_learners_say_of_both_kinds_of_rows(network):
    batch = make_batch()
    before = network(batch)[..., :3]
    for row in (3, N_TRAIN + 3):
        learners = batch.learners.clone()
        learners[:, row] = learners[:, row].flip(-1)
        changed = network(replace(batch, learners=learners))[..., :3] - before
        moved = changed.abs().amax((0, 2)) > 1e-9
        assert moved.all() if row < N_TRAIN else moved.nonzero().flatten().tolist() == [3]


def test_a_weight_of_two_equals_the_row_twice(network):
    batch = make_batch()
    weights = torch.ones(2, N_TRAIN, dtype=torch.float64)
    weights[:, 5] = 2.0
    rows = torch.tensor([*range(N_TRAIN), 5, *range(N_TRAIN, N_ROWS)])
    repeated = replace(
        batch,
        values=batch.values[:, rows],
        missing=batch.missing[:, rows],
        labels=batch.labels[:, rows],
        learners=batch.learners[:, rows],
        n_train=N_TRAIN + 1,
    )
    torch.testing.assert_close(network(replace(batch, weights=weights)), network(repeated))
