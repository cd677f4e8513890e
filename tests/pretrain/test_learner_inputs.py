from dataclasses import replace

import numpy as np
import pytest
import torch

from tabtransfer.learners import BoostingSettings, ForestSettings
from tabtransfer.pretrain import learner_inputs
from tabtransfer.pretrain.learner_inputs import (
    hide_rows,
    show_in_turn,
    with_chosen_learners,
    with_learners,
)
from tabtransfer.tasks import TaskBatch

N_TRAIN = 120


def make_batch(n_classes, n_rows=160, n_tasks=3):
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(n_tasks, n_rows, 4, generator=generator)
    score = values[..., 0] + values[..., 1]
    if n_classes:
        labels = torch.bucketize(score, torch.linspace(-1.0, 1.0, n_classes - 1))
    else:
        labels = (score - score[:, :N_TRAIN].mean(1, keepdim=True)) / score[:, :N_TRAIN].std(
            1, keepdim=True, unbiased=False
        )
    return TaskBatch(
        values=values,
        missing=torch.rand(values.shape, generator=generator) < 0.05,
        categorical=torch.zeros(n_tasks, 4, dtype=torch.bool),
        labels=labels,
        n_train=N_TRAIN,
        n_columns=torch.full((n_tasks,), 4),
        n_classes=torch.full((n_tasks,), n_classes),
    )


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [0, 3])
def test_learners_predict_training_rows_and_query_rows_alike(n_classes):
    batch = with_chosen_learners(make_batch(n_classes))
    truth = batch.labels if not n_classes else (batch.labels == 0).float()
    told = batch.learners[..., 0]  # (b, r, l)
    for learner in range(told.shape[2]):
        errors = (told[..., learner] - truth).square()
        own, query = errors[:, :N_TRAIN].mean(), errors[:, N_TRAIN:].mean()
        spread = truth.float().var()
        assert query < 0.6 * spread
        assert 0.6 * query < own < 1.7 * query  # a leak would make it far smaller


def test_the_second_channel_of_numbers_expects_their_square():
    batch = with_chosen_learners(make_batch(0))
    expected, square = batch.learners[:, :N_TRAIN].unbind(-1)
    labels = batch.labels[:, :N_TRAIN, None]
    errors = (expected - labels).square().mean(1, keepdim=True)
    torch.testing.assert_close(square, expected.square() + errors - 1.0, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_learners_are_sometimes_absent_and_then_in_all_rows():
    batches = [with_learners(make_batch(2), np.random.default_rng(seed)) for seed in range(6)]
    gaps = torch.cat([batch.learners.isnan() for batch in batches])
    absent = gaps.all(3).all(1)  # (b, l)
    assert 0 < absent.sum() < absent.numel() / 2
    assert (gaps.any(3).any(1) == absent).all()


def test_same_seed_same_predictions():
    first, second = (with_learners(make_batch(3), np.random.default_rng(5)) for _ in range(2))
    torch.testing.assert_close(first.learners, second.learners, equal_nan=True, rtol=0, atol=0)


@pytest.mark.parametrize(("share", "fewest", "most"), [(0.0, 0, 0), (0.4, 2, 10), (1.0, 16, 16)])
def test_a_share_of_the_tasks_has_the_learners_that_estimators_choose(
    monkeypatch, share, fewest, most
):
    folds = []

    def fit(*arguments):
        folds.append(arguments[5])
        return fit_learners(*arguments)

    fit_learners = learner_inputs.fit_learners
    chosen, drawn = ForestSettings(2, 3, 0.5), BoostingSettings(2, 2, 0.3)
    monkeypatch.setattr(learner_inputs, "choose_learners", lambda *_: (chosen, None, None))
    monkeypatch.setattr(learner_inputs, "draw_settings", lambda *_: (None, drawn, None))
    monkeypatch.setattr(learner_inputs, "fit_learners", fit)
    batch = make_batch(2, n_tasks=16)
    given = with_learners(batch, np.random.default_rng(0), share).learners
    has_forest, has_boosting, _ = (~given[:, 0, :, 0].isnan()).unbind(1)
    assert fewest <= has_forest.sum() <= most
    assert torch.equal(has_boosting, ~has_forest)
    assert folds == [5 if strong else 3 for strong in has_forest.tolist()]


class TestHiddenRows:
    def test_every_class_keeps_a_row(self):
        batch = make_batch(3)
        batch.labels[:, :N_TRAIN] = 0
        batch.labels[:, 5], batch.labels[:, 9] = 1, 2
        shown = hide_rows(batch, N_TRAIN - 10)
        assert shown.n_train == 10
        assert all(set(labels[:10].tolist()) == {0, 1, 2} for labels in shown.labels)
        torch.testing.assert_close(shown.values[:, 10:], batch.values[:, N_TRAIN:])

    @pytest.mark.slow
    def test_numbers_and_what_is_predicted_of_them_are_on_the_scale_of_the_rest(self):
        batch = with_chosen_learners(make_batch(0))
        shown = hide_rows(batch, 80)
        labels = shown.labels[:, : shown.n_train]
        torch.testing.assert_close(labels.mean(1), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(labels.var(1, unbiased=False), torch.ones(3))
        kept = batch.labels[:, 80:N_TRAIN]
        mean, deviation = kept.mean(1), kept.std(1, unbiased=False)
        first = batch.learners[:, 80:, :, 0]
        expected = (first - mean[:, None, None]) / deviation[:, None, None]
        torch.testing.assert_close(shown.learners[..., 0], expected)
        # The variance that the two channels imply changes with the scale alone.
        before = batch.learners[:, 80:, :, 1] + 1.0 - first.square()
        after = shown.learners[..., 1] + 1.0 - shown.learners[..., 0].square()
        expected = before / deviation.square()[:, None, None]
        torch.testing.assert_close(after, expected, rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize("n_classes", [0, 3])
    def test_tasks_of_a_table_show_training_rows_in_turn(self, n_classes):
        batch = make_batch(n_classes)
        numbers = torch.arange(160.0).expand(3, 160)  # of the rows
        learners = numbers[..., None, None].repeat(1, 1, 3, n_classes or 2)
        batch = replace(batch, values=numbers[..., None].repeat(1, 1, 4), learners=learners)
        shown = show_in_turn(batch, 40, 7)  # of three tables: three, three and one
        assert (len(shown.labels), shown.n_train, shown.labels.shape[1]) == (7, 40, 80)
        rows = shown.values[..., 0].long()
        assert (rows[:, 40:] == torch.arange(120, 160)).all()
        of_first = rows[[0, 3, 6], :40].flatten()
        assert len(of_first.unique()) >= 120 - 2 * n_classes  # every class keeps a row in each
        for place, task in enumerate(rows):
            labels = batch.labels[place % 3, task]
            if n_classes:
                assert torch.equal(shown.labels[place], labels)
                assert torch.equal(shown.learners[place, :, 0, 0], task.float())
            else:
                known = labels[:40]
                scaled = (labels - known.mean()) / known.std(unbiased=False)
                torch.testing.assert_close(shown.labels[place], scaled)
        assert torch.equal(shown.n_classes, torch.full((7,), n_classes))

    def test_nothing_to_hide(self):
        batch = make_batch(2)
        assert hide_rows(batch, 0) is batch
