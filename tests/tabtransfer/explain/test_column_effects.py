import numpy as np
import pandas as pd
import pytest

from tabtransfer.explain.column_effects import N_DRAWS, column_effects, draw_values
from tabtransfer.preprocessing.encoder import TableEncoder


@pytest.fixture
def encoder():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": np.where(rng.random(60) < 0.2, np.nan, rng.normal(size=60)),
            "flag": rng.random(60) < 0.25,
            "day": pd.date_range("2024-01-01", periods=60),
        }
    )
    return TableEncoder().fit(X), X


def draw(encoder, X, weights=None):
    table = encoder.transform(X)
    places = [np.flatnonzero(encoder.sources_ == column) for column in range(X.shape[1])]
    rng = np.random.default_rng(0)
    return [draw_values(table, slice(place[0], place[-1] + 1), weights, rng) for place in places]


def linear(table):
    """Two outputs, of which the second is a sum over cells."""
    factors = np.arange(1.0, table.values.shape[1] + 1)
    total = table.values @ factors + 100.0 * table.missing.sum(1)
    return np.stack([np.zeros_like(total), total], 1)


def test_draws_have_the_frequencies_of_the_values(encoder):
    flags = draw(*encoder)[1]
    share = encoder[1]["flag"].mean()
    assert dict(zip(flags.values[:, 0], flags.shares, strict=True))[1.0] == pytest.approx(
        share, abs=1 / N_DRAWS
    )
    assert flags.shares.sum() == 1.0


def test_draws_of_weighted_rows_are_those_of_repeated_ones(encoder):
    encoder, X = encoder
    weights = np.where(X["flag"], 4.0, 1.0)
    repeated = X.loc[X.index.repeat(weights.astype(int))]
    for weighted, copies in zip(draw(encoder, X, weights), draw(encoder, repeated), strict=True):
        np.testing.assert_array_equal(weighted.values, copies.values)
        np.testing.assert_array_equal(weighted.shares, copies.shares)


@pytest.mark.parametrize("max_rows", [1, 24, 10_000])
def test_effects_are_the_mean_differences_however_many_rows_are_predicted_at_once(
    encoder, max_rows
):
    draws = draw(*encoder)
    query = encoder[0].transform(encoder[1].iloc[:7])
    outputs = np.ones(7, np.int64)
    sizes = []

    def predict(table):
        sizes.append(table.n_rows)
        return linear(table)

    found = column_effects(predict, draws, query, linear(query)[:, 1], outputs, max_rows)
    assert max(sizes) <= max(max_rows, N_DRAWS)
    for place, drawn in enumerate(draws):
        for row in range(7):
            others = query.take(np.full(len(drawn.shares), row))
            others.values[:, drawn.encoded] = drawn.values
            others.missing[:, drawn.encoded] = drawn.missing
            mean = drawn.shares @ linear(others)[:, 1]
            assert found[row, place] == pytest.approx(linear(query)[row, 1] - mean, abs=1e-4)


def test_columns_that_are_not_read_have_no_effect(encoder):
    table = encoder[0].transform(encoder[1])
    unread = draw_values(table, slice(1, 1), None, np.random.default_rng(0))
    outputs = np.ones(60, np.int64)
    found = column_effects(linear, [unread], table, linear(table)[:, 1], outputs, 100)
    assert (found == 0.0).all()
