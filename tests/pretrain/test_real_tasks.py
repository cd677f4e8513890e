"""Tasks of real tables: any column, honest classes and numbers, no copy of the target."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.loss import task_loss
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.real_tasks import NumberTable, RealTasks

SEEDS = range(25)


def number_table(columns: list, categorical=(), target: int = -1, name: str = "toy") -> NumberTable:
    """Make a table of given columns; those whose places are given hold codes."""
    values = np.stack(columns, axis=1).astype(np.float32)
    is_code = np.isin(np.arange(values.shape[1]), categorical)
    return NumberTable(name, values, is_code, target)


def mixed(n_rows: int = 300, target: int = -1, seed: int = 0) -> NumberTable:
    """Make a table of four columns of numbers and two of codes, some cells missing."""
    random = np.random.default_rng(seed)
    columns = [random.normal(size=n_rows) for _ in range(4)]
    columns += [random.integers(0, levels, n_rows).astype(float) for levels in (3, 14)]
    columns[1][::9] = np.nan
    columns[5][::11] = np.nan
    return number_table(columns, (4, 5), target)


def draw(tables: list[NumberTable], seed: int, regression: bool = False, n_rows: int = 64):
    """Draw a batch of at most eight tasks, three quarters of the rows for training."""
    random = np.random.default_rng(seed)
    return RealTasks(tables).batch(
        random, n_rows, 3 * n_rows // 4, 4096, (2, 8), 40, regression=regression
    )


def rank_correlation(first: torch.Tensor, second: torch.Tensor) -> float:
    """Correlate the ranks of numbers without ties."""
    ranks = [x.argsort().argsort().double() for x in (first, second)]
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])


@pytest.mark.parametrize("regression", [False, True])
def test_a_batch_depends_on_its_generator_alone(regression):
    tables = [mixed(seed=0), mixed(seed=1)]
    tasks = RealTasks(tables)
    tasks.batch(np.random.default_rng(9), 64, 48, 4096, (2, 8), 40)  # leaves no trace
    first = tasks.batch(np.random.default_rng(3), 64, 48, 4096, (2, 8), 40, regression)
    second, other = draw(tables, 3, regression), draw(tables, 4, regression)
    for name, tensor in vars(first).items():
        if isinstance(tensor, torch.Tensor):
            assert torch.equal(tensor, getattr(second, name)), name
    assert first.labels.shape != other.labels.shape or not torch.equal(first.labels, other.labels)


def test_tables_are_left_as_they_were():
    table = mixed()
    before = table.values.copy()
    for seed in SEEDS:
        draw([table], seed, regression=seed % 2 == 0)
    np.testing.assert_array_equal(table.values, before)


@pytest.mark.parametrize("seed", SEEDS)
def test_classes_are_numbered_without_gaps_among_training_rows(seed):
    batch = draw([mixed(seed=0), mixed(seed=1)], seed)
    assert not batch.is_regression and batch.n_train < batch.labels.shape[1]
    for labels, n_classes in zip(batch.labels, batch.n_classes, strict=True):
        assert labels[: batch.n_train].unique().tolist() == list(range(n_classes))
        assert int(labels.min()) >= 0 and int(labels.max()) < n_classes <= 10


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_are_standardised_by_training_rows(seed):
    batch = draw([mixed()], seed, regression=True)
    assert batch.is_regression and batch.n_classes.tolist() == [0] * len(batch.labels)
    train = batch.labels[:, : batch.n_train]
    assert train.mean(dim=1).abs().max() < 0.05
    assert (train.std(dim=1) - 1).abs().max() < 0.1
    assert batch.labels.abs().max() <= 5


def test_target_is_never_a_missing_cell_and_never_an_input():
    random = np.random.default_rng(0)
    columns = [random.permutation(100).astype(float) for _ in range(5)]
    table = number_table(columns)
    for seed in SEEDS:
        batch = draw([table], seed, regression=True)
        for values, labels, n_columns in zip(
            batch.values, batch.labels, batch.n_columns, strict=True
        ):
            assert 2 <= n_columns <= 4
            inside = labels.abs() < 5
            for x in values[inside, :n_columns].T:
                # Of a target among the inputs, bent or not, the ranks would be the same or turned.
                assert abs(rank_correlation(x, labels[inside])) < 0.9


def test_columns_of_unique_numbers_are_no_copies_of_each_other():
    random = np.random.default_rng(0)
    table = number_table([random.permutation(200) for _ in range(5)])
    batches = [draw([table], seed, regression=seed % 2 == 0) for seed in SEEDS]
    widths = torch.cat([batch.n_columns for batch in batches])
    assert (widths == 4).float().mean() > 0.5


def test_copies_of_the_target_are_left_out():
    random = np.random.default_rng(0)
    x = random.normal(size=200)
    codes = random.integers(0, 4, 200)
    renamed = np.array([2, 3, 0, 1])[codes]
    noise = random.normal(size=(3, 200))
    table = number_table([codes, renamed, *noise], (0, 1), target=0)
    numbers = number_table([x, -np.exp(x), 3 * x + 1e-4 * noise[0], *noise[1:]])
    for seed in SEEDS:
        for batch in (draw([table], seed), draw([numbers], seed, regression=True)):
            for task in range(len(batch.labels)):
                labels = batch.labels[task]
                for place in range(batch.n_columns[task]):
                    column = batch.values[task, :, place]
                    known = ~batch.missing[task, :, place]
                    if batch.is_regression:
                        inside = known & (labels.abs() < 5)
                        assert abs(rank_correlation(column[inside], labels[inside])) < 0.99
                    elif batch.categorical[task, place] and len(labels.unique()) == 4:
                        pairs = {*zip(labels[known].tolist(), column[known].tolist(), strict=True)}
                        assert len(pairs) > 4


def test_known_target_comes_up_most_often():
    random = np.random.default_rng(0)
    columns = [random.normal(size=200) for _ in range(9)]
    known = np.arange(200) % 7  # the only column of codes, seven equal classes
    share = {}
    for target in (-1, 9):
        table = number_table([*columns, known], (9,), target)
        seven = [
            labels.bincount(minlength=7).min() >= 24 and not is_code.any()
            for batch in (draw([table], seed, n_rows=192) for seed in range(60))
            for labels, is_code in zip(batch.labels, batch.categorical, strict=True)
        ]
        share[target] = np.mean(seven)
    assert share[9] > 0.4 > 0.25 > share[-1]


def test_narrow_tasks_are_padded_on_the_right():
    tables = [mixed(seed=seed) for seed in range(2)]
    narrow = number_table([*tables[1].values.T[:4]])
    widths = set()
    for seed in SEEDS:
        batch = draw([tables[0], narrow], seed)
        widest = int(batch.n_columns.max())
        assert batch.values.shape[2] == widest
        for task, width in enumerate(batch.n_columns.tolist()):
            widths.add((width, widest))
            assert not batch.values[task, :, width:].any()
            assert not batch.missing[task, :, width:].any()
            assert not batch.categorical[task, width:].any()
    assert any(width < widest for width, widest in widths)


def test_missing_cells_are_flagged_and_everything_is_finite():
    random = np.random.default_rng(0)
    huge = random.lognormal(0, 20, 200) * 1e20
    table = number_table([*mixed(200).values.T, huge], (4, 5))
    torch.manual_seed(0)
    network = TabularTransformer(
        NetworkConfig(row_layers=1, context_layers=1, tasks=("classification", "regression"))
    )
    saw_missing = False
    for seed in SEEDS:
        batch = draw([table], seed, regression=seed % 2 == 0)
        assert batch.values.isfinite().all() and batch.labels.isfinite().all()
        assert not batch.values[batch.missing].any()
        saw_missing |= bool(batch.missing.any())
        with torch.no_grad():
            assert task_loss(network(batch), batch).isfinite()
    assert saw_missing


def test_rows_are_as_many_as_asked_or_as_there_are():
    tables = [mixed(100), mixed(300, seed=1)]
    assert draw(tables, 0, n_rows=200).labels.shape[1] == 200
    for seed in SEEDS:
        batch = draw([tables[0], mixed(300, seed=seed)], seed, n_rows=400)
        assert (batch.labels.shape[1], batch.n_train) == (300, 225)


def test_tables_that_give_no_task_give_no_batch():
    random = np.random.default_rng(0)
    codes = number_table([random.integers(0, 3, 100) for _ in range(5)], range(5))
    few = number_table([random.integers(0, 12, 100) for _ in range(5)])
    gaps = number_table([np.where(np.arange(100) % 2, np.nan, x) for x in few.values.T])
    for seed in SEEDS:
        assert draw([codes], seed, regression=True) is None
        assert draw([few], seed, regression=True) is None
        assert draw([gaps], seed, n_rows=100) is None
        assert draw([codes], seed) is not None and draw([few], seed) is not None


def test_no_tables_are_an_error():
    with pytest.raises(TabTransferError, match="no real tables"):
        RealTasks([])
