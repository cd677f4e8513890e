"""Scores agree with scikit-learn's and hold where those give up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from tabtransfer.pretrain.validation.metrics import one_vs_one_auc, r_squared, relative_log_loss


@pytest.fixture
def predicted() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.dirichlet(np.ones(4), 100), generator.integers(0, 4, 100)


def test_log_loss_is_that_of_scikit_learn_over_ln_classes(predicted):
    probabilities, labels = predicted
    expected = log_loss(labels, probabilities) / math.log(4)
    assert relative_log_loss(probabilities, labels) == pytest.approx(expected)


def test_sure_and_wrong_stays_finite():
    assert math.isfinite(relative_log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_auc_is_that_of_scikit_learn(predicted):
    probabilities, labels = predicted
    expected = roc_auc_score(labels, probabilities, multi_class="ovo")
    assert one_vs_one_auc(probabilities, labels) == pytest.approx(expected, abs=1e-6)


def test_auc_leaves_absent_classes_out(predicted):
    probabilities, labels = predicted
    two = labels < 2
    ratio = probabilities[two, 1] / probabilities[two, :2].sum(axis=1)
    expected = roc_auc_score(labels[two], ratio)
    assert one_vs_one_auc(probabilities[two], labels[two]) == pytest.approx(expected, abs=1e-6)


def test_auc_of_one_class_is_not_a_number():
    assert math.isnan(one_vs_one_auc(np.array([[0.5, 0.5]]), np.array([0])))


def test_r_squared_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    targets = generator.normal(size=50)
    predictions = targets + generator.normal(size=50)
    assert r_squared(predictions, targets) == pytest.approx(r2_score(targets, predictions))


def test_r_squared_of_nonsense_is_bounded_and_of_equal_targets_not_a_number():
    assert r_squared(np.array([1e9, 0.0]), np.array([0.0, 1.0])) == -1.0
    assert math.isnan(r_squared(np.array([1.0, 2.0]), np.array([3.0, 3.0])))
