import numpy as np
import pytest
import torch

from tabtransfer.inference.predict import stratified_rows, task_batch
from tabtransfer.preprocessing.encoder import TableEncoder


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers_take_the_type_of_the_values_and_classes_stay(dtype):
    table = TableEncoder().fit(np.arange(4.0)[:, None]).transform(np.arange(4.0)[:, None])
    numbers = task_batch(table, np.arange(4.0), table, 0, dtype)
    classes = task_batch(table, np.arange(4), table, 4, dtype)
    assert numbers.is_regression and numbers.labels.dtype is dtype
    assert not classes.is_regression and classes.labels.dtype is torch.int64
    assert numbers.labels[0].tolist() == [0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]


class TestStratifiedRows:
    def test_few_rows_are_all_taken_in_order(self):
        rows = stratified_rows(np.array([1, 0, 1]), 3, np.random.default_rng(0))
        assert rows.tolist() == [0, 1, 2]

    def test_classes_keep_their_shares_and_rare_ones_a_row(self):
        labels = np.repeat([0, 1, 2, 3], [600, 300, 99, 1])
        rows = stratified_rows(labels, 100, np.random.default_rng(0))
        counts = np.bincount(labels[rows], minlength=4)
        assert len(set(rows)) == 100 and counts[3] == 1
        np.testing.assert_allclose(counts, [60, 30, 10, 1], atol=1)

    def test_a_class_that_may_be_absent_has_its_share_on_average(self):
        labels, rng = np.repeat([0, 1, 2, 3], [600, 297, 100, 3]), np.random.default_rng(0)
        drawn = [stratified_rows(labels, 100, rng, every_class=False) for _ in range(400)]
        counts = np.array([np.bincount(labels[rows], minlength=4) for rows in drawn])
        assert {len(set(rows)) for rows in drawn} == {100}
        np.testing.assert_allclose(counts.mean(0), [60, 29.7, 10, 0.3], atol=0.1)
        assert set(counts[:, 3]) == {0, 1} and np.ptp(counts[:, 0]) <= 3

    def test_rows_are_drawn_at_random(self):
        labels = np.zeros(1000, int)
        drawn = [stratified_rows(labels, 500, np.random.default_rng(seed)) for seed in (0, 0, 1)]
        np.testing.assert_array_equal(drawn[0], drawn[1])
        assert 150 < len(np.intersect1d(drawn[0], drawn[2])) < 350

    def test_equal_classes_share_what_is_left_at_random(self):
        labels = np.arange(40) % 4
        counts = sum(
            np.bincount(
                labels[stratified_rows(labels, 6, np.random.default_rng(seed))], minlength=4
            )
            for seed in range(50)
        )
        assert counts.min() > 55
