from types import SimpleNamespace

import numpy as np
import pytest

from tabtransfer.inference import calibration
from tabtransfer.inference.calibration import (
    N_FOLDS,
    fit_temperature,
    temper_probabilities,
    temper_quantiles,
)
from tabtransfer.inference.distribution import QuantileDistribution
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable


def make_table(n_rows=80):
    X = np.random.default_rng(0).normal(size=(n_rows, 2))
    return TableEncoder().fit(X).transform(X), (X[:, 0] > 0).astype(np.int64), X[:, 0]


def fit(network, labels, n_classes, time_limit=None, weights=None):
    table, _, _ = make_table(len(labels))
    return fit_temperature(
        network,
        LabelledTable(table, labels, n_classes, weights),
        max_context_rows=1000,
        time_limit=time_limit,
        seed=0,
    )


def test_probabilities_keep_their_order_and_sum_to_one():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), size=20)
    for temperature in (0.3, 4.0):
        found = temper_probabilities(probabilities, temperature)
        np.testing.assert_allclose(found.sum(1), 1.0)
        np.testing.assert_array_equal(found.argsort(1), probabilities.argsort(1))
        assert (found.max(1) > probabilities.max(1)).all() == (temperature < 1.0)
    np.testing.assert_allclose(temper_probabilities(probabilities, 1.0), probabilities)
    assert temper_probabilities(np.array([[1.0, 0.0]]), 3.0).tolist() == [[1.0, 0.0]]


def test_quantiles_are_stretched_around_the_mean():
    quantiles = np.random.default_rng(0).exponential(size=(3, 99)).cumsum(1)
    levels = np.array(quantile_levels(99))
    before = QuantileDistribution(levels, quantiles)
    after = QuantileDistribution(levels, temper_quantiles(quantiles, 2.0))
    np.testing.assert_allclose(after.mean(), before.mean())
    width = np.diff(before.interval(0.9))
    np.testing.assert_allclose(np.diff(after.interval(0.9)), 2.0 * width)


class TestFit:
    def test_the_loss_falls_by_what_was_fitted(self, make_network):
        _, labels, _ = make_table()
        found = fit(make_network(), labels, 2)
        assert found.loss_after < found.loss_before - 0.1
        assert found.temperature > 1.5 and found.n_rows == 80

    def test_the_pinball_loss_falls_whatever_the_unit(self, make_network):
        network = make_network(tasks=("regression",))
        _, _, targets = make_table()
        found, moved = fit(network, targets, 0), fit(network, 1e6 + 1e3 * targets, 0)
        assert found.loss_after < found.loss_before
        assert moved.temperature == pytest.approx(found.temperature, rel=1e-4)

    def test_the_same_seed_gives_the_same(self, make_network):
        _, labels, _ = make_table()
        assert fit(make_network(), labels, 2) == fit(make_network(), labels, 2)

    def test_long_tables_predict_a_sample(self, make_network, monkeypatch):
        monkeypatch.setattr(calibration, "MAX_ROWS", 20)
        _, labels, _ = make_table()
        assert fit(make_network(), labels, 2).n_rows == 20

    def test_rare_classes_are_predicted_at_their_base_rate(self, make_network, monkeypatch):
        monkeypatch.setattr(calibration, "MAX_ROWS", 50)
        labels = np.repeat([0, 1, 2], [300, 290, 10])
        predicted = []
        losses = calibration._log_losses
        monkeypatch.setattr(
            calibration, "_log_losses", lambda p, own: predicted.append(own) or losses(p, own)
        )
        table, _, _ = make_table(len(labels))
        training = LabelledTable(table, labels, 3)
        for seed in range(2):
            fit_temperature(
                make_network(), training, max_context_rows=64, time_limit=None, seed=seed
            )
        shares = np.bincount(np.concatenate(predicted), minlength=3) / 100
        np.testing.assert_allclose(shares, [0.5, 0.48, 0.02], atol=0.03)

    def test_no_time_and_no_rows_leave_predictions_as_they_are(self, make_network):
        _, labels, _ = make_table()
        for found in (
            fit(make_network(), labels, 2, time_limit=-1.0),
            fit(make_network(), labels[:1], 2),
            fit(make_network(), np.arange(8), 8),
            fit(make_network(), np.zeros(9, np.int64), 1),
            fit(make_network(tasks=("regression",)), np.full(9, 3.0), 0),
        ):
            assert found.temperature == 1.0 and found.n_rows == 0 and found.loss_before is None

    def test_the_time_limit_holds_between_folds(self, make_network, monkeypatch):
        clock, predict = SimpleNamespace(now=0.0), calibration._predict

        def slowly(*args):
            clock.now += 0.2
            return predict(*args)

        monkeypatch.setattr(calibration, "_predict", slowly)
        monkeypatch.setattr(calibration, "time", SimpleNamespace(monotonic=lambda: clock.now))
        _, labels, _ = make_table()
        assert 0 < fit(make_network(), labels, 2, time_limit=0.1).n_rows <= 80 // N_FOLDS

    def test_weights_count_in_the_loss(self, make_network):
        """Rows that the network gets right weigh more: it may be surer."""
        _, labels, _ = make_table()
        wrong = np.where(np.arange(80) % 4 == 0, 1 - labels, labels)
        weights = np.where(np.arange(80) % 4 == 0, 0.01, 1.0)
        network = make_network()
        assert fit(network, wrong, 2, weights=weights) != fit(network, wrong, 2)
