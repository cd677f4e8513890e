"""Tables that are mostly categories: uneven levels, whose effects and pairs make the target."""

import dataclasses

import pytest
import torch
from torch.nn.functional import one_hot

from tabtransfer.pretrain.prior import PriorConfig, dataset, sample_batch
from tabtransfer.pretrain.prior.categories import sample_category_tables
from tabtransfer.pretrain.prior.draws import Draws

ALWAYS = PriorConfig(categorical=1.0, missing=0.0, repeated=0.0)


def draw(seed=0, config=ALWAYS, n_columns=20):
    return sample_batch(config, 4, 90, n_columns, 60, torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def tables():
    """Tables without what is common to all of the prior: cells, categories, scores, noise."""
    draws = Draws(torch.Generator().manual_seed(0))
    return sample_category_tables(ALWAYS, draws, 30, 1000, 8)


def test_most_columns_are_categories_of_uneven_levels(tables):
    values, categorical, _, noise = tables
    share = categorical.float().mean(1)
    assert share.min() >= 0.6 and share.max() <= 1.0 and 0.7 < share.mean() < 0.9
    columns = values.transpose(1, 2)[categorical]
    assert torch.equal(columns, columns.round()) and columns.min() == 0
    counts = [column.long().bincount() for column in columns]
    n_levels = torch.tensor([len(one) for one in counts])
    assert n_levels.min() == 2 and 40 < n_levels.max() <= 50
    # The most frequent level of many is far above its even share, and any code may be it.
    many = [one for one in counts if len(one) > 10]
    above = torch.tensor([one.max() * len(one) / one.sum() for one in many])
    assert above.median() > 2.0
    assert len({int(one.argmax()) for one in many}) > 10
    assert noise.shape == (30, 1) and noise.min() >= 0


def additive_r_squared(values, categorical, scores):
    """Return the share of a score that a sum of effects of levels and linear numbers explains."""
    shares = []
    for cells, flags, score in zip(values, categorical, scores[..., 0], strict=True):
        levels = one_hot(cells[:, flags].long(), 50).flatten(1)
        X = torch.cat([levels, cells[:, ~flags]], 1).double()
        X, y = X - X.mean(0), score.double()[:, None]
        found = X @ torch.linalg.lstsq(X, y, driver="gelsd").solution
        shares.append(1.0 - (y - found).square().mean() / y.square().mean())
    return torch.stack(shares)


def test_levels_make_the_scores_and_in_most_tables_pairs_of_them(tables):
    values, categorical, scores, _ = tables
    explained = additive_r_squared(values, categorical, scores)
    assert explained.median() > 0.6
    assert (explained > 0.99).any()  # without pairs
    assert (explained < 0.8).float().mean() > 0.1


@pytest.mark.parametrize("regression", [0.0, 1.0])
@pytest.mark.parametrize("n_columns", [1, 2, 20])
def test_both_kinds_of_targets_at_any_width(regression, n_columns):
    config = dataclasses.replace(ALWAYS, regression=regression)
    batch = draw(3, config, n_columns)
    assert batch.is_regression == bool(regression)
    assert batch.values.shape == (4, 90, n_columns)
    assert torch.isfinite(batch.values).all() and torch.isfinite(batch.labels).all()
    assert (batch.categorical.float().mean(1) >= 0.6).all()
    if regression:
        assert batch.labels.std(1).min() > 0
    else:
        for labels, n_classes in zip(batch.labels[:, :60], batch.n_classes, strict=True):
            assert torch.equal(labels.unique(), torch.arange(n_classes))


def test_the_share_is_that_of_batches(monkeypatch):
    drawn = []

    def count(*sizes):
        drawn.append(sizes)
        return sample_category_tables(*sizes)

    monkeypatch.setattr(dataset, "sample_category_tables", count)
    for share, fewest, most in ((0.0, 0, 0), (0.3, 4, 20), (1.0, 40, 40)):
        config = dataclasses.replace(ALWAYS, categorical=share)
        drawn.clear()
        for seed in range(40):
            draw(seed, config, 2)
        assert fewest <= len(drawn) <= most
