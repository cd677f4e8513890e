import dataclasses

import pytest
import torch

from tabtransfer.network import transformer
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.tasks import TaskBatch

N_TRAIN = 20


def make_batch(n_tasks=2, n_rows=32, n_columns=5, n_classes=3, seed=0) -> TaskBatch:
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(n_tasks, n_rows, n_columns, generator=random, dtype=torch.float64)
    values[..., 0] = (values[..., 0] * 2).round()
    return TaskBatch(
        values=values,
        missing=torch.rand(values.shape, generator=random) < 0.1,
        categorical=torch.arange(n_columns).expand(n_tasks, -1) == 0,
        labels=torch.randint(0, n_classes, (n_tasks, n_rows), generator=random),
        n_train=N_TRAIN,
        n_columns=torch.full((n_tasks,), n_columns),
        n_classes=torch.full((n_tasks,), n_classes),
    )


@pytest.fixture(params=["classification", "regression"])
def task(request):
    return request.param


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(transformer, "_USUAL_ROWS", 5)  # so that logits are sharpened
    torch.manual_seed(0)
    config = NetworkConfig(d_cell=8, context_layers=2, sharpening=0.5)
    network = TabularTransformer(config).double().eval()
    for parameter in network.parameters():  # zero-initialised layers would hide mistakes
        torch.nn.init.normal_(parameter, std=0.3)
    return network


def as_task(batch: TaskBatch, task: str) -> TaskBatch:
    if task == "classification":
        return batch
    return dataclasses.replace(
        batch, labels=batch.labels.double() - 1.0, n_classes=torch.zeros_like(batch.n_classes)
    )


def rows(batch: TaskBatch, index: torch.Tensor, n_train: int) -> TaskBatch:
    return dataclasses.replace(
        batch,
        values=batch.values[:, index],
        missing=batch.missing[:, index],
        labels=batch.labels[:, index],
        n_train=n_train,
    )


def test_output_shapes_and_absent_classes(network):
    logits = network(make_batch())
    assert logits.shape == (2, 12, 10)
    assert torch.isfinite(logits[..., :3]).all()
    assert torch.isneginf(logits[..., 3:]).all()
    assert network(as_task(make_batch(), "regression")).shape == (2, 12, 99)


@pytest.mark.parametrize("n_train, factor", [(5, 1.0), (20, (36 / 21) ** 0.5)])
def test_logits_grow_with_long_contexts(network, n_train, factor):
    batch = dataclasses.replace(make_batch(), n_train=n_train)
    sharpened = network(batch)
    network.config = dataclasses.replace(network.config, sharpening=0.0)
    torch.testing.assert_close(sharpened[..., :3], factor * network(batch)[..., :3])
    numbers = as_task(batch, "regression")
    as_they_are = network(numbers)
    network.config = dataclasses.replace(network.config, sharpening=0.5)
    torch.testing.assert_close(network(numbers), as_they_are)


@pytest.mark.parametrize("sharpening", [-0.1, 2.0, float("nan"), "1", None])
def test_a_sharpening_out_of_range_is_refused(sharpening):
    fields = dataclasses.asdict(NetworkConfig())
    assert NetworkConfig.from_json({**fields, "sharpening": 0.5}).sharpening == 0.5
    with pytest.raises(ValueError, match="sharpening"):
        NetworkConfig.from_json({**fields, "sharpening": sharpening})


def test_query_rows_do_not_see_each_other(network, task):
    batch = as_task(make_batch(), task)
    alone = rows(batch, torch.cat([torch.arange(N_TRAIN), torch.tensor([25])]), N_TRAIN)
    torch.testing.assert_close(network(alone)[:, 0], network(batch)[:, 5])


def test_query_labels_are_not_read(network, task):
    batch = as_task(make_batch(), task)
    labels = batch.labels.clone()
    labels[:, N_TRAIN:] = 1
    torch.testing.assert_close(network(dataclasses.replace(batch, labels=labels)), network(batch))


def test_order_of_training_rows_does_not_matter(network, task):
    batch = as_task(make_batch(), task)
    order = torch.cat([torch.randperm(N_TRAIN), torch.arange(N_TRAIN, 32)])
    torch.testing.assert_close(network(rows(batch, order, N_TRAIN)), network(batch))


@pytest.mark.parametrize("together", [False, True], ids=["one left out", "left out together"])
def test_weight_two_equals_the_row_twice(network, task, together):
    batch = as_task(make_batch(), task)
    times = torch.tensor([2, 1, 3] + [1] * (N_TRAIN - 3))
    repeated = torch.cat([torch.arange(N_TRAIN).repeat_interleave(times), torch.arange(20, 32)])
    weights = times.double().expand(2, -1)
    n_train = int(times.sum())
    of_weighted = torch.arange(N_TRAIN).expand(2, -1) if together else None
    of_repeated = repeated[:n_train].expand(2, -1) if together else None
    torch.testing.assert_close(
        network(dataclasses.replace(batch, weights=weights, copies=of_weighted)),
        network(dataclasses.replace(rows(batch, repeated, n_train), copies=of_repeated)),
    )


def test_missing_and_padded_cells_are_not_read(network):
    batch = make_batch()
    noise = batch.values.masked_scatter(batch.missing, torch.randn(batch.missing.sum()).double())
    torch.testing.assert_close(network(dataclasses.replace(batch, values=noise)), network(batch))
    padded = dataclasses.replace(
        batch,
        values=torch.cat([batch.values, torch.full((2, 32, 3), 7.0)], -1),
        missing=torch.cat([batch.missing, torch.zeros(2, 32, 3, dtype=torch.bool)], -1),
        categorical=torch.cat([batch.categorical, torch.zeros(2, 3, dtype=torch.bool)], -1),
    )
    torch.testing.assert_close(network(padded), network(batch))


def test_scale_of_columns_does_not_matter(network):
    batch = make_batch()
    numbers = batch.values * 1000.0 - 5.0
    values = torch.where(batch.categorical[:, None], batch.values, numbers)
    scaled = dataclasses.replace(batch, values=values)
    torch.testing.assert_close(network(scaled), network(batch))


def test_a_head_that_was_not_built_is_an_error():
    network = TabularTransformer(NetworkConfig(tasks=("classification",)))
    with pytest.raises(ValueError, match="regression"):
        network(as_task(make_batch(), "regression").to(torch.float32))
    with pytest.raises(ValueError, match="unknown tasks"):
        TabularTransformer(NetworkConfig(tasks=("ranking",)))


def test_huge_values_stay_finite_in_single_precision(network, task):
    batch = as_task(make_batch(), task)
    batch.values[:, 3, 1] = 1e34
    logits = network.float()(batch.to(torch.float32))
    assert torch.isfinite(logits[..., :3]).all()


def test_a_context_serves_any_query_rows(network, task):
    batch = as_task(make_batch(), task)
    context, whole = network.read_context(batch), network(batch)
    for part in (slice(20, 21), slice(24, 32)):
        answer = network.predict(context, batch.values[:, part], batch.missing[:, part])
        torch.testing.assert_close(answer, whole[:, part.start - 20 : part.stop - 20])


def test_training_rows_may_be_read_in_chunks(network, task):
    batch = as_task(make_batch(), task)
    batch = dataclasses.replace(batch, weights=torch.linspace(0.5, 2.0, N_TRAIN).expand(2, -1))
    query = batch.values[:, N_TRAIN:], batch.missing[:, N_TRAIN:]
    answers = [network.predict(network.read_context(batch, size), *query) for size in (7, None)]
    torch.testing.assert_close(*answers)
