import torch

from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.stream import StreamConfig, TaskStream

CONFIG = StreamConfig(max_rows=128, max_columns=8, cells=4096)


def same(first, second):
    return first.values.shape == second.values.shape and torch.equal(first.values, second.values)


def test_a_batch_depends_on_seed_rank_and_step_alone():
    stream = TaskStream(PriorConfig(), CONFIG, seed=3)
    walked = [batch for batch, _ in zip(stream, range(4), strict=False)]
    assert same(walked[3], TaskStream(PriorConfig(), CONFIG, seed=3).batch(3))
    other_rank = TaskStream(PriorConfig(), CONFIG, seed=3)
    other_rank.rank = 1
    assert not same(walked[3], other_rank.batch(3))
    assert not same(walked[3], TaskStream(PriorConfig(), CONFIG, seed=4).batch(3))
    assert not same(walked[3], walked[2])


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
