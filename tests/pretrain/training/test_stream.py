from dataclasses import replace

import numpy as np
import pytest
import torch

from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable, RealTasks
from tabtransfer.pretrain.training import stream as stream_module
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream

CONFIG = StreamConfig(max_rows=128, max_columns=8, cells=4096, learner_share=0.0)
REAL = replace(CONFIG, real_share=0.5)


def same(first, second):
    return first.values.shape == second.values.shape and torch.equal(first.values, second.values)


def real_tasks(levels: int = 1000) -> RealTasks:
    """Make a table whose cells are whole numbers from 5000 on: the prior makes none like them."""
    cells = np.random.default_rng(0).integers(0, levels, (400, 7)) + 5000.0
    return RealTasks(
        [NumericTable("toy", cells.astype(np.float32), np.zeros(7, bool), -1, np.arange(7))]
    )


def is_real(batch):
    """Return whether a batch is of `real_tasks`; unbent numbers show it."""
    whole = batch.values % 1 == 0
    return bool((whole & (batch.values >= 5000) & (batch.values < 6000)).any())


@pytest.mark.parametrize("learner_share", [0.0, 1.0])
@pytest.mark.slow
def test_a_batch_depends_on_seed_and_number_alone(learner_share):
    config = replace(CONFIG, learner_share=learner_share)
    stream = TaskStream(PriorConfig(), config, seed=3)
    walked = [batch for batch, _ in zip(stream, range(4), strict=False)]
    assert same(walked[3], TaskStream(PriorConfig(), config, seed=3).batch(3))
    assert not same(walked[3], TaskStream(PriorConfig(), config, seed=4).batch(3))
    assert not same(walked[3], walked[2])


@pytest.mark.parametrize("shapes", [0, 3])
def test_the_share_of_chosen_learners_is_handed_on(monkeypatch, shapes):
    shares = []

    def without(batch, random, chosen_share):
        shares.append(chosen_share)
        return batch

    monkeypatch.setattr(stream_module, "with_learners", without)
    config = replace(CONFIG, learner_share=1.0, hidden_share=0.0, chosen_share=0.25, shapes=shapes)
    TaskStream(PriorConfig(), config).batch(0)
    assert shares == [0.25]


def test_sizes_stay_within_bounds():
    stream = TaskStream(PriorConfig(), CONFIG)
    for step in range(30):
        batch = stream.batch(step)
        n_tasks, n_rows, n_columns = batch.values.shape
        assert CONFIG.min_rows <= n_rows <= CONFIG.max_rows
        assert CONFIG.min_columns <= n_columns <= CONFIG.max_columns
        assert CONFIG.min_tasks <= n_tasks <= CONFIG.max_tasks
        assert n_tasks == CONFIG.min_tasks or batch.values.numel() <= CONFIG.cells
        assert 0.39 * n_rows - 1 < batch.n_train < 0.86 * n_rows


@pytest.mark.slow
def test_real_batches_too_depend_on_seed_and_number_alone():
    walked = TaskStream(PriorConfig(), REAL, seed=0, real=real_tasks())
    batches = [batch for batch, _ in zip(walked, range(12), strict=False)]
    resumed = TaskStream(PriorConfig(), REAL, seed=0, real=real_tasks())
    resumed.position = 7
    for place, batch in zip(range(7, 12), resumed, strict=False):
        assert same(batch, batches[place])
    real = [step for step, batch in enumerate(batches) if is_real(batch)]
    assert 0 < len(real) < 12 and real[-1] >= 7


@pytest.mark.slow
def test_real_share_is_the_share_of_steps():
    for share, expected in ((0.0, 0), (0.25, 10), (1.0, 40)):
        config = replace(REAL, real_share=share)
        stream = TaskStream(PriorConfig(), config, real=real_tasks())
        n_real = sum(is_real(stream.batch(step)) for step in range(40))
        assert abs(n_real - expected) <= (7 if 0 < share < 1 else 0)


def test_without_real_tables_their_share_changes_nothing():
    with_none = TaskStream(PriorConfig(), REAL, seed=3)
    assert same(with_none.batch(0), TaskStream(PriorConfig(), CONFIG, seed=3).batch(0))


def test_both_kinds_of_targets_are_drawn_and_the_prior_stands_in_where_there_is_no_real_task():
    config = replace(REAL, real_share=1.0)
    for levels, kinds in ((1000, {True, False}), (12, {False})):  # of 12 levels, classes alone
        stream = TaskStream(PriorConfig(), config, real=real_tasks(levels))
        batches = [stream.batch(step) for step in range(30)]
        assert {batch.is_regression for batch in batches if is_real(batch)} == kinds
        assert {batch.is_regression for batch in batches} == {True, False}


@pytest.mark.parametrize("rank", [0, 1])
def test_processes_of_a_run_and_their_workers_take_turns(rank):
    stream = TaskStream(PriorConfig(), CONFIG, seed=3)
    stream.position, stream.rank, stream.world_size = 2, rank, 2
    loader = torch.utils.data.DataLoader(stream, batch_size=None, num_workers=2)
    for number, batch in zip(range(2 + rank, 16, 2), loader, strict=False):
        assert same(batch, TaskStream(PriorConfig(), CONFIG, seed=3).batch(number))
