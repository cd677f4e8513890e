import dataclasses

import pytest
import torch

from tabtransfer.pretrain.prior import PriorConfig, sample_batch


def draw(seed=0, config=None, **sizes):
    sizes = {"batch_size": 24, "n_rows": 96, "n_columns": 7, "n_train": 64} | sizes
    generator = torch.Generator().manual_seed(seed)
    return sample_batch(config or PriorConfig(), generator=generator, **sizes)


@pytest.fixture(scope="module")
def batches():
    return [draw(seed) for seed in range(8)]


def test_same_generator_state_same_batch():
    first, second = draw(5), draw(5)
    for name, value in vars(first).items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, getattr(second, name)), name
    assert not torch.equal(first.values, draw(6).values)


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
    assert not draw(config=dataclasses.replace(PriorConfig(), missing=0.0)).missing.any()
