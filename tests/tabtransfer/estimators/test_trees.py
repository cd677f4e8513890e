"""The estimators' trees: when they are grown, and that everything that holds goes on holding."""

import copy
import pickle

import numpy as np
import pytest

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferRegressor, leave_out_effect
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.learners.choice import FEWEST_ROWS, choose_learners

pytestmark = pytest.mark.all_trees


def make_data(n_rows=160, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3))
    return X, (X[:, 0] > 0.3) * 2.0 + (X[:, 1] > 0.0) + 0.1 * rng.normal(size=n_rows)


@pytest.fixture(params=["classes", "numbers"])
def case(request):
    X, y = make_data()
    if request.param == "classes":
        return TabTransferClassifier(2, random_state=0, n_threads=1), X, y.round().astype(int)
    return TabTransferRegressor(2, random_state=0, n_threads=1), X, y


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def test_trees_are_read_unless_they_are_switched_off(case):
    model, X, y = case
    read = answer(model.fit(X[:100], y[:100]), X[100:])
    assert [len(fits) for fits in model.learners_.fits] == [5, 5, 1]
    assert model.ensemble_.training.table.learners.shape[:2] == (100, 3)
    other = answer(model.set_params(trees=False).fit(X[:100], y[:100]), X[100:])
    assert model.learners_ is None and model.ensemble_.training.table.learners is None
    assert np.abs(read - other).max() > 1e-3


def test_trees_that_do_not_pay_are_left_out():
    X, y = make_data(240)
    model = TabTransferClassifier(1, random_state=0, n_threads=1)
    assert model.fit(X[: FEWEST_ROWS - 1], y[: FEWEST_ROWS - 1] > 1).learners_ is None
    assert model.fit(np.repeat(X[:20], 5, 0), np.repeat(y[:20] > 1, 5)).learners_ is None
    many = model.fit(X, np.arange(240) % 12).learners_
    assert [len(fits) for fits in many.fits] == [5, 0, 1]  # boosting takes too long
    assert model.fit(X, np.zeros(240)).learners_ is None
    assert TabTransferRegressor(1).fit(X, np.ones(240)).learners_ is None


def test_a_forest_keeps_to_the_memory_it_gets():
    plenty = choose_learners(4000, 2)[0]
    little = choose_learners(4000, 2, n_bytes=2_000_000)[0]
    assert plenty.least_rows == 1 < little.least_rows
    assert choose_learners(4000, 0)[0].least_rows == 2  # numbers
    assert choose_learners(10**6, 0)[0].least_rows == 50


def test_a_row_alone_equals_the_row_among_others(case):
    model, X, y = case
    model.fit(X[:100], y[:100])
    together = answer(model, X[100:])
    alone = np.concatenate([answer(model, X[100 + i : 101 + i]) for i in range(4)])
    np.testing.assert_allclose(alone, together[:4], rtol=0, atol=1e-10)


@pytest.mark.slow
def test_copies_pickles_and_saved_models_predict_alike(case, tmp_path):
    model, X, y = case
    expected = answer(model.fit(X[:100], y[:100]), X[100:])
    model.save(tmp_path / "model", training_rows=False)
    for other in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        tabtransfer.load(tmp_path / "model", X[:100], y[:100]),
    ):
        np.testing.assert_array_equal(answer(other, X[100:]), expected)


def test_a_saved_model_without_trees_gets_none(case, tmp_path):
    model, X, y = case
    expected = answer(model.set_params(trees=False).fit(X[:100], y[:100]), X[100:])
    model.save(tmp_path / "model")
    loaded = tabtransfer.load(tmp_path / "model")
    assert loaded.learners_ is None
    np.testing.assert_array_equal(answer(loaded, X[100:]), expected)


@pytest.mark.slow
def test_fine_tuning_and_calibration_read_them(case, monkeypatch):
    model, X, y = case
    short = FinetuneConfig(children=1, max_steps=2, check_every=2)
    monkeypatch.setattr(type(model), "_finetune_config", short)
    model.set_params(finetune=True, calibrate=True, time_limit=None).fit(X, y)
    assert model.finetuning_.n_steps == 2 and model.calibration_.n_rows > 0
    assert np.isfinite(answer(model, X[:5])).all()


def test_columns_that_trees_alone_can_tell_are_named(case):
    model, X, y = case
    columns = model.fit(X, y).explain(X[:20]).columns.abs().mean()
    assert columns.iloc[:2].min() > 3.0 * columns.iloc[2]


@pytest.mark.slow
def test_rows_left_out_are_unknown_to_the_trees_too(case):
    model, X, y = case
    model.fit(X, y)
    near = np.argsort(np.abs(X - X[0]).sum(1))[:15]
    effect = leave_out_effect(model, X[:1], [near.tolist()])
    assert np.isfinite(effect).all() and effect[0] != 0.0
