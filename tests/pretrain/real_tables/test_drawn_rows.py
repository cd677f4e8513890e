"""Rows with a numeric target are drawn by seed and scaled by the training rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.target_scale import MAX_TARGET
from tabtransfer.pretrain.real_tables.corpus import to_task
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows
from tabtransfer.pretrain.real_tables.real_table import RealTable


def make_table(targets) -> RealTable:
    y = pd.Series(targets, dtype=float)
    return RealTable(
        "toy", pd.DataFrame({"a": range(len(y)), "b": list("uv" * len(y))[: len(y)]}), y
    )


def test_rows_are_shuffled_and_capped_and_those_without_a_target_left_out():
    table = make_table([np.nan, np.inf, *range(98)])
    rows, targets, n_train = draw_rows(table, "regression", 40, 0.75, seed=0)
    assert len(rows) == len(targets) == len(set(rows)) == 40 and n_train == 30
    assert rows.min() > 1 and (np.diff(rows) < 0).any()
    assert (draw_rows(table, "regression", 40, 0.75, seed=0)[0] == rows).all()
    assert (draw_rows(table, "regression", 40, 0.75, seed=1)[0] != rows).any()


def test_training_rows_alone_make_the_scale_and_are_clipped():
    table = make_table([0.0] * 50 + [1.0] * 49 + [1000.0])
    for seed in range(8):
        rows, targets, n_train = draw_rows(table, "regression", 100, 0.5, seed)
        outlier = int(np.flatnonzero(rows == 99)[0])
        if outlier < n_train:
            assert targets[outlier] == MAX_TARGET
            continue
        assert targets[:n_train].mean() == pytest.approx(0.0)
        assert targets[:n_train].std() == pytest.approx(1.0)
        assert targets[outlier] > 1000.0


@pytest.mark.parametrize("targets", [[1.0] * 8, [2.0], [1.0, 2.0]])
def test_tables_that_teach_nothing_are_refused(targets):
    with pytest.raises(TabTransferError, match=r"'toy' has .* leave it out"):
        draw_rows(make_table(targets), "regression", 100, 0.5, seed=0)


def test_task_has_the_rows_of_the_draw():
    table = make_table(np.arange(20.0) ** 2)
    rows, targets, n_train = draw_rows(table, "regression", 16, 0.75, seed=3)
    task = to_task(table, 16, 0.75, seed=3, task="regression")
    assert task.is_regression and task.n_train == n_train == 12
    np.testing.assert_allclose(task.labels[0], targets, rtol=1e-6)
    assert task.categorical[0].tolist() == [False, True]
    assert task.values[0, :, 1].tolist() == (rows % 2).tolist()
