"""Difficulty is what it says it is on tasks whose answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.prior_report.difficulty import measure_difficulty
from tabtransfer.tasks import TaskBatch


def make_batch(
    values: torch.Tensor,
    labels: torch.Tensor,
    n_train: int,
    categorical: bool = False,
    n_classes: int = 2,
) -> TaskBatch:
    """Make a batch without missing cells whose columns are of one kind."""
    n_tasks, _, n_columns = values.shape
    return TaskBatch(
        values=values,
        missing=torch.zeros_like(values, dtype=torch.bool),
        categorical=torch.full((n_tasks, n_columns), categorical),
        labels=labels,
        n_train=n_train,
        n_columns=torch.full((n_tasks,), n_columns),
        n_classes=torch.full((n_tasks,), n_classes),
    )


def make_numbers(values: torch.Tensor, targets: torch.Tensor) -> TaskBatch:
    """Make a batch with numeric targets, three quarters of its rows for training."""
    return make_batch(values, targets, 3 * targets.shape[1] // 4, n_classes=0)


def random_values(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_linear_task_is_easier_for_the_linear_model():
    values = random_values(1, 200, 4)
    labels = (values.sum(dim=-1) > 0).long()
    measured = measure_difficulty(make_batch(values, labels, 150)).iloc[0]
    assert measured["linear"] < measured["forest"] < measured["majority"]
    assert measured["linear_auc"] > 0.98


def test_exclusive_or_is_easier_for_the_forest():
    values = random_values(1, 240, 2)
    labels = ((values[..., 0] > 0) != (values[..., 1] > 0)).long()
    measured = measure_difficulty(make_batch(values, labels, 180)).iloc[0]
    assert measured["forest"] < 0.5
    assert measured["linear"] > 0.9


def test_noise_teaches_nothing():
    values = random_values(3, 200, 4)
    labels = torch.randint(0, 2, (3, 200), generator=torch.Generator().manual_seed(1))
    measured = measure_difficulty(make_batch(values, labels, 150))
    assert measured["majority"].between(0.95, 1.05).all()
    assert (measured[["linear", "forest"]] > 0.9).all(axis=None)


def test_codes_of_a_category_have_no_order_for_the_linear_model():
    codes = torch.arange(200).reshape(1, 200, 1) % 6
    labels = (codes[..., 0] % 2).long()
    as_category = measure_difficulty(make_batch(codes.float(), labels, 150, categorical=True))
    as_number = measure_difficulty(make_batch(codes.float(), labels, 150, categorical=False))
    assert as_category["linear"][0] < 0.2
    assert as_number["linear"][0] > 0.9


def test_class_that_occurs_in_query_rows_alone_costs_a_finite_loss():
    values = random_values(1, 40, 2)
    labels = torch.zeros(1, 40, dtype=torch.long)
    labels[0, :15] = 1
    labels[0, 35:] = 2
    measured = measure_difficulty(make_batch(values, labels, 30, n_classes=3)).iloc[0]
    assert all(math.isfinite(measured[name]) for name in ("majority", "linear", "forest"))


def test_one_class_among_the_training_rows_scores_as_the_class_shares():
    values = random_values(1, 40, 2)
    labels = torch.zeros(1, 40, dtype=torch.long)
    labels[0, 35:] = 1
    measured = measure_difficulty(make_batch(values, labels, 30)).iloc[0]
    assert measured["forest"] == measured["linear"] == measured["majority"]


def test_single_class_has_facts_but_no_scores():
    batch = make_batch(random_values(1, 40, 2), torch.zeros(1, 40, dtype=torch.long), 30, False, 1)
    measured = measure_difficulty(batch).iloc[0]
    assert measured[["majority", "linear", "forest", "linear_auc", "forest_auc"]].isna().all()
    assert measured["largest_class"] == 1.0


def test_facts_leave_padding_out_and_count_missing_cells():
    values = random_values(1, 20, 3)
    batch = make_batch(values, torch.arange(20)[None] % 2, 10)
    missing = batch.missing.clone()
    missing[0, :, 0] = True  # empty column
    missing[0, :5, 1] = True
    missing[0, :, 2] = True  # padding
    batch = TaskBatch(**{**vars(batch), "missing": missing, "n_columns": torch.tensor([2])})
    measured = measure_difficulty(batch).iloc[0]
    assert measured["n_columns"] == 2
    assert measured["columns_with_missing"] == 2
    assert measured["missing"] == pytest.approx(25 / 40)
    assert measured["distinct"] == pytest.approx(15 / 2 / 20)
    assert measured["largest_class"] == 0.5


def test_split_without_query_rows_is_refused():
    batch = make_batch(random_values(1, 20, 2), torch.arange(20)[None] % 2, 20)
    with pytest.raises(TabTransferError, match="n_train=20"):
        measure_difficulty(batch)


class TestNumbers:
    def test_linear_target_is_easier_for_the_linear_model(self):
        values = random_values(1, 200, 4)
        measured = measure_difficulty(make_numbers(values, values.sum(dim=-1))).iloc[0]
        assert measured["linear_r2"] > 0.99 > measured["forest_r2"] > 0.5

    def test_step_of_two_columns_is_easier_for_the_forest(self):
        values = random_values(1, 240, 2)
        targets = ((values[..., 0] > 0) != (values[..., 1] > 0)).float()
        measured = measure_difficulty(make_numbers(values, targets)).iloc[0]
        assert measured["forest_r2"] > 0.7
        assert measured["linear_r2"] < 0.2

    def test_noise_explains_nothing(self):
        values, targets = random_values(1, 200, 5).split([4, 1], dim=-1)
        measured = measure_difficulty(make_numbers(values, targets[..., 0])).iloc[0]
        assert (measured[["linear_r2", "forest_r2"]] < 0.1).all()

    def test_codes_of_a_category_have_no_order_for_the_linear_model(self):
        codes = torch.arange(200).reshape(1, 200, 1) % 6
        batch = make_numbers(codes.float(), (codes[..., 0] % 2).float())
        as_category = TaskBatch(**{**vars(batch), "categorical": torch.tensor([[True]])})
        assert measure_difficulty(as_category)["linear_r2"][0] > 0.95
        assert measure_difficulty(batch)["linear_r2"][0] < 0.3

    def test_facts_of_known_targets(self):
        targets = torch.tensor([[-1.0] * 4 + [0.0, 1.0, 2.0, 9.0]])
        measured = measure_difficulty(make_numbers(random_values(1, 8, 2), targets)).iloc[0]
        assert measured["distinct_targets"] == 5 / 8
        assert measured["most_frequent_target"] == 0.5
        assert measured["largest_target"] == 5.0  # clipped as in training
        assert measured["skewness"] > 1.0
        assert measured["n_columns"] == 2 and "n_classes" not in measured

    def test_equal_targets_have_facts_but_no_scores(self):
        batch = make_numbers(random_values(1, 20, 2), torch.zeros(1, 20))
        measured = measure_difficulty(batch).iloc[0]
        assert measured[["linear_r2", "forest_r2", "skewness"]].isna().all()
        assert measured["most_frequent_target"] == 1.0

    def test_without_a_known_cell_the_mean_is_predicted(self):
        batch = make_numbers(random_values(1, 40, 1), torch.arange(40.0)[None] % 2)
        empty = TaskBatch(**{**vars(batch), "missing": torch.ones(1, 40, 1, dtype=torch.bool)})
        measured = measure_difficulty(empty).iloc[0]
        assert measured["linear_r2"] == measured["forest_r2"] == 0.0
