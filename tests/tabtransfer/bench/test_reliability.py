import numpy as np
import pytest

from tabtransfer.bench.metrics import QUANTILE_LEVELS, score_numbers
from tabtransfer.bench.reliability import N_BINS, count_by_confidence


def test_counts_by_hand():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    bins = count_by_confidence(["a", "b", "b", "a"], p, ["a", "b"])
    assert [place for place, (n, _, _) in enumerate(bins) if n] == [8, 10, 11, 13]
    assert bins[8] == (1, 0.6, 1)  # closed above: 0.6 is 9/15
    assert bins[11] == (1, 0.8, 0)
    assert len(bins) == N_BINS


@pytest.mark.parametrize(("confidence", "place"), [(1 / 3, 4), (0.2, 2), (0.4, 5), (1.0, 14)])
def test_a_confidence_on_an_edge_belongs_below(confidence, place):
    others = (1 - confidence) / 5
    p = np.array([[others] * 5 + [confidence]])
    bins = count_by_confidence(["f"], p, list("abcdef"))
    assert bins[place] == (1, pytest.approx(confidence, abs=1e-6), 1)


def test_every_row_is_counted_once_and_rows_are_scaled_to_sum_to_one():
    rng = np.random.default_rng(0)
    p = rng.random((500, 4))
    y = rng.integers(0, 4, 500)
    n, total, right = np.array(count_by_confidence(y, p, [0, 1, 2, 3])).T
    scaled = p / p.sum(axis=1, keepdims=True)
    assert n.sum() == 500
    assert total.sum() == pytest.approx(scaled.max(axis=1).sum(), abs=1e-4)
    assert right.sum() == (scaled.argmax(axis=1) == y).sum()
    edges = np.arange(N_BINS + 1) / N_BINS
    filled = n > 0
    assert (total / np.maximum(n, 1) >= edges[:-1])[filled].all()
    assert (total / np.maximum(n, 1) <= edges[1:])[filled].all()


def test_a_class_that_the_model_never_met_is_never_right():
    bins = count_by_confidence(["c"], np.array([[0.7, 0.3]]), ["a", "b"])
    assert bins[10] == (1, 0.7, 0)


def test_the_right_forecast_covers_what_it_says():
    y = (np.arange(1000) + 0.5) / 1000
    quantiles = np.tile(QUANTILE_LEVELS, (1000, 1))  # those of the uniform distribution
    scores = score_numbers(y, np.full(1000, 0.5), quantiles)
    assert scores["coverage_50"] == pytest.approx(0.5, abs=0.002)
    assert scores["coverage_80"] == pytest.approx(0.8, abs=0.002)
    assert scores["coverage_90"] == pytest.approx(0.9, abs=0.002)
