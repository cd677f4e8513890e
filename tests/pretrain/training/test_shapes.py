"""Every batch of a stream of fixed shapes has exactly one of them, wherever its tasks come from."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tabtransfer.network.described import describe
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.real_tables.copies import find_copies
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable, RealTasks
from tabtransfer.pretrain.training import stream as stream_module
from tabtransfer.pretrain.training.module import PretrainingModule, TrainConfig
from tabtransfer.pretrain.training.shapes import Shape, fixed_shapes
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream

CONFIG = StreamConfig(
    *(32, 128),
    max_columns=9,
    cells=1500,
    max_tasks=8,
    max_hidden=200,
    learner_share=0.0,
    learner_rows=400,
    shapes=5,
)
HIDING = replace(CONFIG, learner_share=1.0, hidden_share=1.0)


@pytest.fixture(autouse=True)
def absent_learners(monkeypatch):
    """Let no trees grow, which takes time; their predictions are absent."""

    def without(batch, random, chosen_share):
        absent = torch.full((*batch.labels.shape, 3, max(2, int(batch.n_classes.max()))), torch.nan)
        return replace(batch, learners=absent)

    monkeypatch.setattr(stream_module, "with_learners", without)


def make_table(n_rows, n_columns, seed=0):
    """Make a table of whole numbers from 5000 on, and NaN: the prior makes none like them."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 1000, (n_rows, n_columns)) + 5000.0
    cells[random.random(cells.shape) < 0.02] = np.nan
    cells = cells.astype(np.float32)
    return NumericTable("toy", cells, np.zeros(n_columns, bool), -1, find_copies(cells))


def tables(*sizes):
    return RealTasks([make_table(*size, seed=seed) for seed, size in enumerate(sizes)])


def is_real(batch):
    """Return whether a batch is of `make_table`; unbent numbers show it."""
    return bool(((batch.values >= 5000) & (batch.values < 6000)).any())


def shape_of(batch):
    n_tasks, n_rows, n_columns = batch.values.shape
    for name in ("missing", "labels", "learners"):
        tensor = getattr(batch, name)
        assert tensor is None or tensor.shape[:2] == (n_tasks, n_rows), name
    assert len(batch.n_columns) == len(batch.n_classes) == n_tasks
    assert batch.categorical.shape == (n_tasks, n_columns)
    assert batch.weights is None and batch.query_weights is None and batch.copies is None
    return Shape(n_rows, n_columns, batch.n_train, n_tasks)


def test_shapes_are_spread_between_the_bounds():
    config = StreamConfig(max_rows=1024, max_columns=60, cells=300_000, max_tasks=64, shapes=10)
    shapes = fixed_shapes(config)
    assert len(set(shapes)) == 10 and shapes == sorted(shapes)
    for names, low, high in (("n_rows", 64, 1024), ("n_columns", 2, 60)):
        sizes = sorted(getattr(shape, names) for shape in shapes)
        assert (sizes[0], sizes[-1]) == (low, high)
        steps = np.diff(np.log(sizes))
        assert steps.max() < 2 * np.log(high / low) / 9
    logs = np.log([(shape.n_rows, shape.n_columns) for shape in shapes])
    assert abs(np.corrcoef(logs.T)[0, 1]) < 0.35
    shares = sorted(shape.n_train / shape.n_rows for shape in shapes)
    assert 0.39 < shares[0] < 0.41 and 0.84 < shares[-1] <= 0.85
    for shape in shapes:
        most = min(64, 300_000 // (shape.n_rows * shape.n_columns), 12_000 // shape.n_train)
        assert shape.n_tasks == most >= 2
    assert fixed_shapes(replace(config, shapes=0)) == []
    assert fixed_shapes(replace(config, max_rows=64, max_columns=2)) != []


@pytest.mark.parametrize("learner_share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("real_share", [0.0, 0.5])
def test_every_batch_has_one_of_the_shapes(learner_share, real_share):
    config = replace(HIDING, learner_share=learner_share, real_share=real_share, hidden_share=0.5)
    real = tables((60, 5), (150, 9), (400, 12), (300, 3))
    stream = TaskStream(PriorConfig(), config, 1, real)
    batches = [stream.batch(number) for number in range(40)]
    found = {shape_of(batch) for batch in batches}
    assert found == set(fixed_shapes(config)) and len(found) == 5
    assert (sum(is_real(batch) for batch in batches) > 8) == (real_share > 0)
    assert {batch.is_regression for batch in batches} == {True, False}
    again = TaskStream(PriorConfig(), config, 1, real).batch(7)
    assert torch.equal(again.values, batches[7].values)
    assert torch.equal(again.labels, batches[7].labels)


def test_with_hidden_rows_a_table_gives_several_tasks_with_other_training_rows():
    stream = TaskStream(PriorConfig(), HIDING)
    several = 0
    for number in range(10):
        batch = stream.batch(number)
        queries = batch.values[:, batch.n_train :].flatten(1)
        n_tables = len(queries.unique(dim=0))
        training = batch.values[:, : batch.n_train].flatten(1)
        assert len(training.unique(dim=0)) == len(training)
        assert n_tables <= max(2, 400 // batch.n_train)
        several += n_tables < len(queries)
        if not batch.is_regression:
            known = batch.labels[:, : batch.n_train]
            for labels, n_classes in zip(known, batch.n_classes.tolist(), strict=True):
                assert len(labels.unique()) == n_classes
    assert several >= 5


def test_tables_that_fill_no_shape_leave_the_step_to_the_prior():
    always = replace(CONFIG, real_share=1.0)
    for size in ((30, 6), (300, 2)):  # too few rows, and but one input
        batches = [TaskStream(PriorConfig(), always, 0, tables(size)).batch(n) for n in range(8)]
        assert not any(is_real(batch) for batch in batches)
        assert {shape_of(batch) for batch in batches} <= set(fixed_shapes(always))


@pytest.mark.parametrize("config", [CONFIG, HIDING])
def test_tables_that_dont_fill_the_shape_fill_the_largest_they_can(config):
    always = replace(config, real_share=1.0)
    stream = TaskStream(PriorConfig(regression=0.0), always, 0, tables((62, 9), (62, 9)))
    filled = {
        shape
        for shape in stream.shapes
        if shape.n_rows <= 60 and 0.75 * shape.n_columns <= 8 and shape.n_columns >= 0.3 * 8
    }
    found = [shape_of(stream.batch(number)) for number in range(30)]
    assert set(found) == filled
    largest = max(filled, key=lambda shape: shape.n_rows * shape.n_columns)
    assert found.count(largest) > 15


def test_padding_and_masks_leave_losses_as_they_are():
    torch.manual_seed(0)
    network = TabularTransformer(NetworkConfig(row_layers=1, context_layers=1))
    for parameter in network.parameters():
        if parameter.dim() > 1:  # fresh networks have zeros on their residual branches
            torch.nn.init.normal_(parameter, std=0.1)
    prior = TaskStream(PriorConfig(), CONFIG)
    batch = prior.batch(0)
    assert not prior.masks_columns
    masked, plain = describe(batch, masks_columns=True), describe(batch)
    assert masked.kind.is_padded and not plain.kind.is_padded
    assert torch.equal(network(masked), network(plain))

    stream = TaskStream(PriorConfig(), replace(CONFIG, real_share=1.0), 0, tables((400, 6)))
    assert stream.masks_columns
    n_padded = 0
    for number in range(12):
        batch = stream.batch(number)
        widest = int(batch.n_columns.max())
        if widest == batch.values.shape[-1] or not is_real(batch):
            continue
        n_padded += 1
        cut = replace(
            batch,
            values=batch.values[..., :widest],
            missing=batch.missing[..., :widest],
            categorical=batch.categorical[:, :widest],
        )
        losses = [task_loss(network(described), batch) for described in (batch, cut)]
        torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-6)
    assert n_padded


@pytest.mark.parametrize("shapes", [0, 5])
def test_training_masks_the_columns_of_fixed_shapes_wherever_tasks_come_from(shapes):
    config = replace(CONFIG, real_share=0.0, shapes=shapes)
    stream = TaskStream(PriorConfig(), config, 0, tables((400, 6)))
    network = TabularTransformer(NetworkConfig(row_layers=1, context_layers=1))
    module = PretrainingModule(network, stream, TrainConfig())
    module._trainer = SimpleNamespace(world_size=1, global_rank=0)
    described = next(iter(module.train_dataloader()))
    assert described.kind.is_padded == (shapes > 0)
