import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import nnls
from scipy.stats import norm
from sklearn.datasets import load_diabetes, load_wine

from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor
from tabtransfer.baselines.stack import FLOOR, StackClassifier, StackNetwork, StackRegressor
from tabtransfer.baselines.transfer import STACK
from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.inference.predict import read_context, task_batch
from tabtransfer.network.described import TrainingRows, label_channels
from tabtransfer.network.stack import STACK_RIDGE
from tabtransfer.network.transformer import NetworkConfig

pytestmark = pytest.mark.all_trees

QUICK = {"n_estimators": 1, "random_state": 0}
WINE = load_wine(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def classifier():
    return StackClassifier(**QUICK).fit(WINE[0][::2], WINE[1][::2])


@pytest.fixture(scope="module")
def regressor():
    return StackRegressor(**QUICK).fit(DIABETES[0][::2], DIABETES[1][::2])


def contexts(model):
    network, ensemble = model.fitted_.network.get(), model.ensemble_
    return [ensemble.context(network, *task) for task in enumerate(ensemble.tasks())]


def read_again(model):
    """Return the one member's task as a batch, its context, and predictions of training rows."""
    task = model.ensemble_.tasks()[0]
    context = contexts(model)[0]
    shown = task.view.show(model.ensemble_.training.table.take(task.rows))
    batch = task_batch(
        shown,
        task.labels,
        shown.take(slice(0)),
        task.n_classes,
        torch.float64,
        channels=task.channels,
    )
    return task, batch, context, TrainingRows.of(batch).leave_one_out


def solve_by_hand(own, labels):
    """Solve for the weights with SciPy, the ridge written as further rows; channels averaged."""
    _, n_predictions, n_channels = own.shape
    rows = np.moveaxis(own, 1, 2).reshape(-1, n_predictions) / n_channels**0.5
    ridge = STACK_RIDGE**0.5 * np.eye(n_predictions)
    equal = np.full(n_predictions, STACK_RIDGE**0.5 / n_predictions)
    targets = np.append(labels.reshape(-1) / n_channels**0.5, equal)
    return nnls(np.vstack([rows, ridge]), targets)[0]


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_weights_are_non_negative_least_squares(name, request):
    _, batch, context, own = read_again(request.getfixturevalue(name))
    kernels = context.predictions.kernels
    labels = (label_channels(batch) - kernels.mean) / kernels.deviation
    expected = solve_by_hand(own[0, :, :-1].numpy(), labels[0].numpy())
    assert context.predictions.weights[0].numpy() == pytest.approx(expected, abs=1e-5)
    assert (expected[4:] > 0).any()  # trees count


def test_probabilities_are_the_stack_in_shares(classifier):
    query = WINE[0][1::2]
    task = classifier.ensemble_.tasks()[0]
    context = contexts(classifier)[0]
    shown = task.view.show(classifier.fitted_.encode(pd.DataFrame(query)))
    values, missing = torch.from_numpy(shown.values)[None].double(), torch.from_numpy(shown.missing)
    told = torch.from_numpy(task.channels(shown.learners))[None]
    parts = context.predictions.without_stack(
        values, context.columns.describe(values, missing[None]), told
    )
    kernels, weights = context.predictions.kernels, context.predictions.weights
    stack = np.einsum("rlk,l->rk", parts[0].numpy(), weights[0].numpy())
    shares = kernels.mean[0].numpy() + kernels.deviation[0].numpy() * stack
    shares = np.maximum(shares, FLOOR / 3)
    shares /= shares.sum(1, keepdims=True)
    order = np.argsort([int(group[0]) for group in task.channels.groups])
    assert classifier.predict_proba(query) == pytest.approx(shares[:, order], abs=1e-6)


def test_quantiles_are_normal_and_as_wide_as_training_rows_are_missed(regressor):
    _, batch, context, own = read_again(regressor)
    missed = own[0, :, -1, 0] * context.predictions.kernels.deviation[0, :, 0]
    missed = missed + context.predictions.kernels.mean[0, :, 0] - batch.labels[0]
    assert float(context.deviation) == pytest.approx(float(missed.square().mean().sqrt()), rel=1e-5)
    levels = [0.1, 0.5, 0.9]
    found = regressor.predict(DIABETES[0][1::2], output="quantiles", quantiles=levels)
    scale = regressor.ensemble_.scale_of(regressor.ensemble_.members[0])
    width = norm.ppf(0.9) * float(context.deviation) * scale.deviation
    width *= regressor.fitted_.blend.spread  # and tilted, which hardly changes a normal one
    assert found[:, 1] - found[:, 0] == pytest.approx(width, rel=1e-3)
    assert found[:, 2] - found[:, 1] == pytest.approx(width, rel=1e-3)
    means = regressor.predict(DIABETES[0][1::2])
    assert means == pytest.approx(found[:, 1], rel=1e-3)


def test_real_tables_are_learned(classifier, regressor):
    probabilities = classifier.predict_proba(WINE[0][1::2])
    assert probabilities.sum(1) == pytest.approx(1.0) and (probabilities > FLOOR / 6).all()
    assert classifier.score(WINE[0][1::2], WINE[1][1::2]) > 0.93
    assert regressor.score(DIABETES[0][1::2], DIABETES[1][1::2]) > 0.4


def test_a_row_alone_is_answered_as_among_others(classifier, regressor):
    rows = WINE[0][1::2]
    alone = np.concatenate([classifier.predict_proba(rows[i : i + 1]) for i in range(5)])
    assert alone == pytest.approx(classifier.predict_proba(rows)[:5], abs=1e-10)
    rows = DIABETES[0][1::2]
    alone = np.concatenate([regressor.predict(rows[i : i + 1]) for i in range(5)])
    assert alone == pytest.approx(regressor.predict(rows)[:5], rel=1e-10)


@pytest.mark.slow
def test_no_checkpoint_is_read(classifier, monkeypatch, tmp_path, small_checkpoint):
    monkeypatch.setattr("tabtransfer.estimators.base.load_checkpoint", None)
    expected = classifier.predict_proba(WINE[0][1::2])
    for path in (small_checkpoint, tmp_path / "none.safetensors"):
        other = StackClassifier(checkpoint=path, finetune=True, **QUICK).fit(
            WINE[0][::2], WINE[1][::2]
        )
        assert np.array_equal(other.predict_proba(WINE[0][1::2]), expected)
        assert not hasattr(other, "finetuning_")
    assert sum(p.numel() for p in StackNetwork(NetworkConfig()).parameters()) == 99


@pytest.mark.slow
def test_inputs_are_those_of_the_pretrained_estimators(regression_checkpoint):
    for (X, y), stack, kind in (
        (WINE, StackClassifier, TabTransferClassifier),
        (DIABETES, StackRegressor, TabTransferRegressor),
    ):
        ours, other = stack(random_state=3), kind(random_state=3, checkpoint=regression_checkpoint)
        ours.fit(X, y), other.fit(X, y)
        assert np.array_equal(ours.learners_.out_of_fold, other.learners_.out_of_fold)
        ours_read, other_read = (
            [
                (context.predictions.weights.float(), context.predictions.kernels.dual.float())
                for context in contexts(model)
            ]
            for model in (ours, other)
        )
        assert len(ours_read) == ours.n_estimators_ == other.n_estimators_ > 1
        for found, expected in zip(ours_read, other_read, strict=True):
            assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


def test_tables_too_small_for_trees_are_answered_by_kernels():
    X, y = WINE[0][::6], WINE[1][::6]
    model = StackClassifier(**QUICK).fit(X, y)
    assert model.learners_ is None
    assert model.score(WINE[0], WINE[1]) > 0.8


def test_more_classes_than_a_network_has_outputs_for():
    X = np.repeat(np.arange(12.0), 10)[:, None] + np.linspace(0, 0.3, 120)[:, None]
    y = np.repeat(np.arange(12), 10)
    probabilities = StackClassifier(**QUICK).fit(X, y).predict_proba(X)
    assert probabilities.shape == (120, 12) and probabilities.sum(1) == pytest.approx(1.0)


def test_reading_in_parts_changes_nothing(classifier):
    task, _, context, _ = read_again(classifier)
    shown = task.view.show(classifier.ensemble_.training.table.take(task.rows))
    network = StackNetwork(NetworkConfig()).double()
    again = read_context(network, shown, task.labels, 3, MemoryBudget.of(1), task.channels)
    assert torch.allclose(again.predictions.weights, context.predictions.weights, atol=1e-6)


def test_a_stack_is_not_explained(classifier):
    with pytest.raises(TabTransferError, match="explain a TabTransfer"):
        classifier.explain(WINE[0][:1])


def test_the_method_needs_no_weights_and_knows_no_table(tmp_path, monkeypatch):
    monkeypatch.setattr("tabtransfer.checkpoint.SHIPPED", tmp_path / "none.safetensors")
    assert STACK.unavailable() is None and "tabtransfer" not in STACK.packages
    model = STACK.make_for("regression", 3, 1)
    assert type(model) is StackRegressor and (model.random_state, model.n_threads) == (3, 1)
    assert type(STACK.make_for("binary", 3, 1)) is StackClassifier
