import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from tabtransfer.network.loss import task_loss
from tabtransfer.network.quantiles import pinball_loss
from tabtransfer.tasks import TaskBatch


def make_batch(labels, n_classes):
    b, r = labels.shape
    return TaskBatch(
        values=torch.zeros(b, r, 1),
        missing=torch.zeros(b, r, 1, dtype=torch.bool),
        categorical=torch.zeros(b, 1, dtype=torch.bool),
        labels=labels,
        n_train=2,
        n_columns=torch.ones(b, dtype=torch.int64),
        n_classes=torch.tensor(n_classes),
    )


def test_cross_entropy_of_each_task_is_divided_by_that_of_guessing():
    labels = torch.tensor([[0, 1, 1, 0], [0, 1, 2, 3]])
    logits = torch.randn(2, 2, 4, generator=torch.Generator().manual_seed(0))
    logits[0, :, 2:] = -torch.inf
    expected = (
        F.cross_entropy(logits[0, :, :2], labels[0, 2:]) / math.log(2)
        + F.cross_entropy(logits[1], labels[1, 2:]) / math.log(4)
    ) / 2
    assert task_loss(logits, make_batch(labels, [2, 4])).item() == pytest.approx(expected.item())


def test_one_class_costs_nothing():
    logits = torch.tensor([[[3.0, -torch.inf]]])
    assert task_loss(logits, make_batch(torch.zeros(1, 3, dtype=torch.int64), [1])).item() == 0.0


def test_numbers_cost_their_pinball_loss_on_the_query_rows():
    labels = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    quantiles = torch.randn(3, 4, 9, generator=torch.Generator().manual_seed(1))
    found = task_loss(quantiles, make_batch(labels, [0, 0, 0]))
    assert found.item() == pytest.approx(pinball_loss(quantiles, labels[:, 2:]).mean().item())


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_query_rows_count_by_their_weights(kind):
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(1, 3, 4, generator=generator)
    labels = torch.tensor([[0, 1, 3, 1, 2]])
    batch = make_batch(labels if kind == "classes" else labels.float(), [4])
    weighted = task_loss(output, replace(batch, query_weights=torch.tensor([[2.0, 1.0, 1.0]])))
    rows = [0, 0, 1, 2]
    twice = replace(batch, labels=batch.labels[:, [0, 1, *(row + 2 for row in rows)]])
    assert weighted.item() == pytest.approx(task_loss(output[:, rows], twice).item())
