from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_wine
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import accuracy_score, r2_score

from tabtransfer.learners.kernel import KERNELS, Kernel, KernelSettings, RowFeatures

ONE = Kernel("equal", 2.0, 2.0, 1.0, 0.3)  # a Gaussian kernel


def table(n_rows=60, n_columns=3, seed=0):
    random = np.random.default_rng(seed)
    cells = random.normal(size=(n_rows, n_columns)).astype(np.float32)
    return cells, np.sin(cells[:, 0]) + 0.1 * random.normal(size=n_rows)


def fit(settings, cells, labels, n_classes=0, weights=None, categorical=None):
    categorical = np.zeros(cells.shape[1], bool) if categorical is None else categorical
    weights = np.ones(len(cells)) if weights is None else weights
    return settings.fit(cells, categorical, labels, weights, n_classes, seed=0)


def by_scikit_learn(fitted, cells, labels, query, weights=None):
    """Fit a Gaussian kernel to the same features."""
    features, asked = (fitted.features(rows).numpy() * fitted.scale for rows in (cells, query))
    mean, deviation = fitted.mean[0], fitted.deviation[0]
    model = KernelRidge(alpha=ONE.ridge, kernel=RBF(0.5**0.5))
    model.fit(features, (labels - mean) / deviation, sample_weight=weights)
    return model.predict(asked) * deviation + mean


def test_all_rows_as_centres_are_kernel_ridge_regression():
    cells, labels = table()
    fitted, _ = fit(KernelSettings((ONE,)), cells, labels)
    query = table(20, seed=1)[0]
    expected = by_scikit_learn(fitted, cells, labels, query)
    assert fitted.predict(query)[:, 0] == pytest.approx(expected, abs=1e-4)


def test_weights_are_those_of_ridge_regression():
    cells, labels = table()
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(cells))
    fitted, _ = fit(KernelSettings((ONE,)), cells, labels, weights=weights)
    query = table(20, seed=1)[0]
    expected = by_scikit_learn(fitted, cells, labels, query, weights)
    assert fitted.predict(query)[:, 0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("n_centres", [100, 30])
def test_a_training_row_is_predicted_as_if_left_out(n_centres):
    cells, labels = table()
    fitted, own = fit(KernelSettings((ONE,), n_centres=n_centres), cells, labels)
    weights = torch.ones(len(cells), dtype=torch.float64)
    channel = torch.from_numpy((labels - fitted.mean[0]) / fitted.deviation[0])[:, None]
    for row in (0, 7, 31):
        weights[row] = 1e-12  # without it, at the same centres
        dual, _ = fitted.solve(cells, channel, weights)
        weights[row] = 1.0
        other = replace(fitted, dual=dual.numpy())
        assert own[row] == pytest.approx(other.predict(cells[row : row + 1])[0], abs=1e-6)


def test_few_centres_come_close_to_all_rows():
    cells, labels = table(400, 2)
    query, truth = table(200, 2, seed=1)
    few, _ = fit(KernelSettings(n_centres=60), cells, labels)
    every, _ = fit(KernelSettings(), cells, labels)
    scores = [r2_score(truth, fitted.predict(query)[:, 0]) for fitted in (few, every)]
    assert min(scores) > 0.95


def test_the_best_kernel_is_chosen():
    cells, _ = table(200, 8)
    labels = np.sin(3.0 * cells[:, 0])  # the others say nothing
    fitted, _ = fit(KernelSettings(), cells, labels)
    assert fitted.kernel.metric == "learned"
    query = table(200, 8, seed=1)[0]
    truth = np.sin(3.0 * query[:, 0])
    plain, _ = fit(KernelSettings(KERNELS[:1]), cells, labels)
    chosen, equal = (r2_score(truth, model.predict(query)[:, 0]) for model in (fitted, plain))
    assert chosen > 0.9 > equal + 0.1


def test_real_tables_are_learned():
    X, y = load_wine(return_X_y=True)
    fitted, own = fit(KernelSettings(), X[::2].astype(np.float32), y[::2], 3)
    found = fitted.predict(X[1::2].astype(np.float32))
    assert found.sum(1) == pytest.approx(1.0) and own.sum(1) == pytest.approx(1.0)
    assert accuracy_score(y[1::2], found.argmax(1)) > 0.95
    assert accuracy_score(y[::2], own.argmax(1)) > 0.95
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    fitted, own = fit(KernelSettings(), X[::2].astype(np.float32), y[::2])
    assert r2_score(y[1::2], fitted.predict(X[1::2].astype(np.float32))[:, 0]) > 0.4
    assert r2_score(y[::2], own[:, 0]) > 0.4


def test_categories_and_gaps_count():
    random = np.random.default_rng(0)
    codes = random.integers(0, 6, 300)
    values = random.normal(size=300)
    gap = random.random(300) < 0.3
    cells = np.stack([codes, np.where(gap, np.nan, values)], 1).astype(np.float32)
    labels = np.array([2.0, -1.0, 0.5, 3.0, -2.0, 0.0])[codes] + 2.0 * gap
    fitted, own = fit(KernelSettings(), cells, labels, categorical=np.array([True, False]))
    assert r2_score(labels, own[:, 0]) > 0.97
    assert np.isfinite(fitted.predict(np.array([[99.0, np.nan]], np.float32))).all()


def test_a_row_alone_is_predicted_as_among_others():
    cells, labels = table(500)
    fitted, _ = fit(KernelSettings(), cells, labels)
    alone = np.concatenate([fitted.predict(cells[row : row + 1]) for row in range(5)])
    assert alone == pytest.approx(fitted.predict(cells)[:5], abs=1e-12)
    assert fitted.predict(cells[:0]).shape == (0, 1)


def test_same_seed_same_numbers_whatever_the_threads():
    cells, labels = table(300)
    settings = KernelSettings(n_centres=100)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        one = fit(settings, cells, labels)[1]
        torch.set_num_threads(1)
        assert np.array_equal(one, fit(settings, cells, labels)[1])
    finally:
        torch.set_num_threads(before)


def test_every_kernel_is_positive_definite():
    cells, labels = table(80, 5)
    for kernel in KERNELS:
        fitted, own = fit(KernelSettings((kernel,)), cells, labels)
        assert np.isfinite(own).all() and np.isfinite(fitted.dual).all(), kernel


def test_columns_that_say_nothing():
    cells = np.full((60, 2), np.nan, np.float32)
    cells[:, 1] = 3.0
    labels = np.random.default_rng(0).normal(size=60)
    fitted, own = fit(KernelSettings(), cells, labels)
    assert np.isfinite(own).all()
    assert fitted.predict(cells)[:, 0] == pytest.approx(labels.mean(), abs=0.05)


def test_features_are_those_of_the_centres():
    cells, _ = table(50)
    features = RowFeatures(cells, np.zeros(3, bool), np.ones(50))
    assert features(cells).mean(0).abs().max() < 1e-12
    assert features(np.full((1, 3), 1e30, np.float32)).isfinite().all()


def test_coordinates_computed_twice_are_those_kept(monkeypatch):
    cells, labels = table(300)
    kept = fit(KernelSettings(n_centres=40), cells, labels)
    monkeypatch.setattr("tabtransfer.learners.kernel._MOST_KEPT", 0)
    again = fit(KernelSettings(n_centres=40), cells, labels)
    np.testing.assert_array_equal(kept[0].dual, again[0].dual)
    np.testing.assert_array_equal(kept[1], again[1])
