import dataclasses

import pytest
import torch

from tabtransfer.preprocessing.target_scale import MAX_TARGET
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
from tabtransfer.pretrain.prior.numbers import _scale

CLASSES = PriorConfig(regression=0.0)
NUMBERS = PriorConfig(regression=1.0)


def draw(seed=0, config=None, **sizes):
    sizes = {"batch_size": 24, "n_rows": 96, "n_columns": 7, "n_train": 64} | sizes
    generator = torch.Generator().manual_seed(seed)
    return sample_batch(config or CLASSES, generator=generator, **sizes)


@pytest.fixture(scope="module")
def batches():
    return [draw(seed) for seed in range(8)]


@pytest.mark.parametrize("categorical", [0.0, 1.0])
def test_same_generator_state_same_batch(categorical):
    config = dataclasses.replace(CLASSES, categorical=categorical)
    first, second = draw(5, config), draw(5, config)
    for name, value in vars(first).items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, getattr(second, name)), name
    assert not torch.equal(first.values, draw(6, config).values)


@pytest.mark.parametrize("n_columns", [1, 2, 30])
def test_any_width(n_columns):
    batch = draw(n_columns=n_columns)
    assert batch.values.shape == (24, 96, n_columns)
    assert torch.isfinite(batch.values).all()


def test_every_class_has_a_training_row(batches):
    for batch in batches:
        for labels, n_classes in zip(batch.labels, batch.n_classes, strict=True):
            classes = torch.arange(n_classes)
            assert torch.equal(labels[: batch.n_train].unique(), classes)
            assert labels.max() < n_classes


def test_categories_are_whole_codes(batches):
    for batch in batches:
        codes = batch.values.transpose(1, 2)[batch.categorical]
        assert torch.equal(codes, codes.round())
        assert codes.min() >= 0


def test_tables_are_varied(batches):
    categorical = torch.cat([batch.categorical for batch in batches]).float()
    missing = torch.cat([batch.missing.flatten(1).float().mean(1) for batch in batches])
    n_classes = torch.cat([batch.n_classes for batch in batches])
    assert 0.15 < categorical.mean() < 0.6
    assert 0.1 < (missing > 0).float().mean() < 0.5
    assert set(range(2, 8)) <= set(n_classes.tolist())


def test_no_missing_cells_where_none_are_asked_for():
    assert not draw(config=dataclasses.replace(CLASSES, missing=0.0)).missing.any()


def test_a_share_of_the_batches_has_numeric_targets():
    drawn = [draw(seed, PriorConfig(regression=0.3), batch_size=2) for seed in range(100)]
    assert 15 <= sum(batch.is_regression for batch in drawn) <= 45
    assert all((batch.n_classes == 0).all() == batch.is_regression for batch in drawn)


@pytest.fixture(scope="module")
def numeric():
    return [draw(seed, NUMBERS) for seed in range(8)]


class TestNumericTargets:
    def test_they_are_standardised_by_the_training_rows_and_clipped(self, numeric):
        labels = torch.cat([batch.labels for batch in numeric])
        assert torch.isfinite(labels).all() and labels.abs().max() == MAX_TARGET
        train = labels[:, :64]
        clipped = (train.abs() == MAX_TARGET).any(1)
        constant = (train == 0).all(1)
        plain = train[~clipped & ~constant]
        assert constant.float().mean() < 0.05 and clipped.float().mean() < 0.3
        assert torch.allclose(plain.mean(1), torch.zeros(len(plain)), atol=1e-4)
        assert torch.allclose(plain.square().mean(1), torch.ones(len(plain)), atol=1e-3)

    def test_query_rows_have_no_part_in_the_scale(self):
        x = torch.randn(3, 20, generator=torch.Generator().manual_seed(0))
        other = torch.cat([x[:, :15], 9.0 + x[:, 15:]], 1)
        assert torch.equal(_scale(x, 15)[:, :15], _scale(other, 15)[:, :15])
        assert torch.equal(_scale(torch.ones(1, 20), 15), torch.zeros(1, 20))

    def test_shapes_are_varied(self, numeric):
        labels = torch.cat([batch.labels for batch in numeric])
        distinct = torch.tensor([len(row.unique()) for row in labels]) / labels.shape[1]
        skew = labels.pow(3).mean(1)
        assert (distinct < 0.5).float().mean() > 0.15 and (distinct == 1).float().mean() > 0.1
        assert (skew > 1).float().mean() > 0.1 and (skew.abs() < 0.5).float().mean() > 0.3

    def test_columns_tell_about_them(self, numeric):
        """The best column of a table alone explains more than chance would."""
        best = []
        for batch in numeric:
            x = batch.values - batch.values.mean(1, keepdim=True)
            y = batch.labels - batch.labels.mean(1, keepdim=True)
            scale = x.square().sum(1).sqrt() * y.square().sum(1).sqrt()[:, None]
            best.append(((x * y[..., None]).sum(1) / scale.clamp(min=1e-6)).abs().amax(1))
        assert torch.cat(best).median() > 0.35


def test_some_categories_have_very_many_levels(batches):
    columns = (batch.values.transpose(1, 2)[batch.categorical] for batch in batches)
    assert max(len(column.unique()) for one in columns for column in one) > 80


def test_some_columns_repeat_others():
    def n_alike(repeated):
        config = dataclasses.replace(CLASSES, repeated=repeated, missing=0.0, irrelevant=0.0)
        values = draw(3, config, n_columns=12).values
        values = values - values.mean(1, keepdim=True)
        values = values / values.norm(dim=1, keepdim=True).clamp(min=1e-9)
        return int(((values.mT @ values).tril(-1).abs() > 0.98).sum())

    assert n_alike(1.0) > 2 * n_alike(0.0)
