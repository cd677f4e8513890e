import numpy as np
import pytest
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.network.loss import task_loss
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.real_tables.copies import find_copies
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable, RealTasks
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream


def make_table(n_rows=400, n_numbers=6, n_codes=3, target=-1, seed=0):
    generator = np.random.default_rng(seed)
    codes = [generator.integers(0, 4, n_rows) for _ in range(n_codes)]
    columns = [*generator.normal(size=(n_numbers, n_rows)), *codes]
    values = np.stack(columns, axis=1).astype(np.float32)
    values[generator.random(values.shape) < 0.02] = np.nan
    categorical = np.arange(n_numbers + n_codes) >= n_numbers
    return NumericTable("some", values, categorical, target, find_copies(values))


def draw(tables, n_batches=40, regression=False, n_rows=128, n_train=80, max_columns=40):
    tasks = RealTasks(tables)
    for seed in range(n_batches):
        random = np.random.default_rng(seed)
        yield tasks.batch(random, n_rows, n_train, 8192, (2, 8), max_columns, regression)


def test_classes_are_whole_and_all_have_training_rows():
    n_classes = set()
    for batch in draw([make_table(), make_table(200, 9, 1, seed=1)]):
        assert batch.labels.dtype == torch.int64 and batch.labels.shape[1] == 128
        for labels, n in zip(batch.labels, batch.n_classes.tolist(), strict=True):
            assert labels[:80].unique().tolist() == list(range(n))
            assert int(labels.max()) < n
        n_classes |= set(batch.n_classes.tolist())
        padded = torch.arange(batch.values.shape[2]) >= batch.n_columns[:, None]
        assert not batch.values[padded[:, None].expand_as(batch.values)].any()
        assert bool(batch.values.isfinite().all())
    assert {2, 3, 4} < n_classes and max(n_classes) <= 10


def test_numbers_are_standardised_by_the_training_rows():
    for batch in draw([make_table()], regression=True):
        assert batch.is_regression and not batch.n_classes.any()
        train = batch.labels[:, :80]
        assert train.mean(1).abs().max() < 0.2 and (train.std(1) - 1).abs().max() < 0.2
        assert batch.labels.abs().max() <= 5


def test_no_input_is_a_copy_of_the_target():
    generator = np.random.default_rng(0)
    number, code = generator.normal(size=300), generator.integers(0, 3, 300)
    values = np.stack([number, number**3, code, (code + 1) % 3], axis=1).astype(np.float32)
    flags = np.array([False, False, True, True])
    table = NumericTable("twins", values, flags, -1, find_copies(values))
    n_columns = torch.cat([batch.n_columns for batch in draw([table])])
    assert int(n_columns.max()) == 2  # of the three others, one is always the target's twin


def test_the_known_target_is_drawn_often():
    table = make_table(n_numbers=8, n_codes=1, target=8)
    values = table.values.copy()
    values[:, 8] = (np.arange(400) % 10 == 0).astype(np.float32)  # no other column has such shares
    table = NumericTable("known", values, table.categorical, 8, table.copies)
    shares = [
        float((labels == labels.mode().values).float().mean())
        for batch in draw([table])
        for labels in batch.labels
    ]
    assert 0.5 < np.mean([0.82 < share < 0.97 for share in shares]) < 0.95


def test_batches_hold_tables_of_similar_width_within_bounds():
    tables = [make_table(n_numbers=n, seed=n) for n in (4, 8, 20, 50)]
    for batch in draw(tables, max_columns=12):
        assert batch.values.shape[2] <= 12
        assert 1 <= len(batch.labels) <= 8


def test_small_corpora_give_smaller_tasks_or_none():
    small = make_table(100)
    small.values[:] = np.nan_to_num(small.values)
    batch = next(draw([small], 1, n_rows=300, n_train=150))
    assert batch.labels.shape[1] == 100 and batch.n_train == 50
    only_codes = make_table(n_numbers=0, n_codes=5)
    assert next(draw([only_codes], 1, regression=True)) is None
    with pytest.raises(TabTransferError, match="no real tables"):
        RealTasks([])


def test_extreme_numbers_stay_finite():
    table = make_table()
    table.values[:, :3] *= np.float32(1e30)
    for batch in draw([table]):
        assert bool(batch.values.isfinite().all())


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_stream_mixes_and_depends_on_seed_rank_and_step_alone(share):
    real = RealTasks([make_table(n_numbers=7, n_codes=4)])
    config = StreamConfig(
        max_rows=100,
        max_columns=30,
        cells=2048,
        real_share=share,
        max_hidden=100,
        learner_share=0.0,
    )  # the real table has rows for all of these
    streams = [TaskStream(PriorConfig(), config, 0, real) for _ in range(2)]
    batches = [streams[0].batch(step) for step in range(30)]
    again = streams[1].batch(7)
    assert torch.equal(batches[7].values, again.values)
    wide = sum(batch.values.shape[2] > 10 for batch in batches)  # the real table has ten inputs
    assert wide == 0 if share == 1.0 else wide > 0


@pytest.mark.parametrize("regression", [False, True])
def test_a_batch_depends_on_its_generator_alone_and_tables_stay_as_they_are(regression):
    tables = [make_table(seed=0), make_table(seed=1)]
    before = [table.values.copy() for table in tables]
    tasks = RealTasks(tables)
    first, again, other = (
        tasks.batch(np.random.default_rng(seed), 64, 48, 4096, (2, 8), 40, regression)
        for seed in (3, 3, 4)
    )
    for name, tensor in vars(first).items():
        if isinstance(tensor, torch.Tensor):
            assert torch.equal(tensor, getattr(again, name)), name
    assert first.labels.shape != other.labels.shape or not torch.equal(first.labels, other.labels)
    for table, values in zip(tables, before, strict=True):
        np.testing.assert_array_equal(table.values, values)


def test_columns_of_unique_numbers_stay_as_inputs():
    generator = np.random.default_rng(0)
    values = np.stack([generator.permutation(400) for _ in range(5)], axis=1).astype(np.float32)
    values[:50] = np.nan  # rows that miss everything, and one that comes twice
    values[51] = values[50]
    table = NumericTable("unique", values, np.zeros(5, bool), -1, find_copies(values))
    for regression in (False, True):
        widths = torch.cat([batch.n_columns for batch in draw([table], regression=regression)])
        assert (widths == 4).float().mean() > 0.5


@pytest.mark.slow
def test_the_network_survives_extreme_numbers(make_network):
    generator = np.random.default_rng(0)
    values = (1e15 * generator.lognormal(0, 10, (400, 5))).astype(np.float32)
    values[0] = np.inf
    table = NumericTable("huge", values, np.zeros(5, bool), -1, find_copies(values))
    network = make_network(tasks=("classification", "regression"))
    for regression in (False, True):
        for batch in draw([table], 8, regression):
            assert task_loss(network(batch), batch).isfinite()


def test_gaps_that_leave_too_few_rows_give_no_batch():
    table = make_table(100)
    table.values[:] = np.nan_to_num(table.values)
    table.values[::2] = np.nan
    assert next(draw([table], 1, n_rows=100)) is None
    assert next(draw([table], 1, n_rows=50, n_train=30)) is not None


def test_flags_of_padded_columns_are_off():
    tables = [make_table(n_numbers=n, seed=n) for n in (4, 5, 6)]
    narrower = 0
    for batch in draw(tables):
        for task, width in enumerate(batch.n_columns.tolist()):
            narrower += width < batch.values.shape[2]
            assert not batch.missing[task, :, width:].any()
            assert not batch.categorical[task, width:].any()
    assert narrower
