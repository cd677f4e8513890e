import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine

from tabtransfer import TabTransferClassifier, TabTransferRegressor, checkpoint
from tabtransfer.baselines.linear import LINEAR
from tabtransfer.baselines.scratch import ScratchClassifier, ScratchRegressor
from tabtransfer.baselines.transfer import (
    TABTRANSFER,
    TABTRANSFER_FINETUNED,
    TABTRANSFER_SCRATCH,
    TABTRANSFER_SCRATCH_WITHOUT_TREES,
    TABTRANSFER_SYNTHETIC,
    TABTRANSFER_WITHOUT_TREES,
)
from tabtransfer.bench.measure.run_job import JobRequest, run_job
from tabtransfer.bench.protocol import Job
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.datasets.splits import stratified_splits, target_bins
from tabtransfer.datasets.suites import load_table

METHODS = (TABTRANSFER, TABTRANSFER_FINETUNED, TABTRANSFER_SCRATCH)


def test_methods_differ_in_weights_and_tuning_alone():
    plain, tuned, scratch = (m.make(random_state=3, n_threads=2) for m in METHODS)
    assert type(plain) is type(tuned) is TabTransferClassifier and not plain.finetune
    assert tuned.finetune and type(scratch) is ScratchClassifier
    assert tuned.time_limit == scratch.time_limit
    without_trees = TABTRANSFER_SCRATCH_WITHOUT_TREES.make(random_state=3, n_threads=2)
    assert without_trees.get_params() == scratch.get_params() | {"trees": False}
    for estimator in (plain, tuned, scratch):
        assert (estimator.random_state, estimator.n_threads) == (3, 2)
        assert estimator.n_estimators == plain.n_estimators


def test_regressors_differ_as_classifiers_do():
    plain, tuned, scratch = (m.make_regressor(random_state=3, n_threads=2) for m in METHODS)
    assert type(plain) is type(tuned) is TabTransferRegressor and not plain.finetune
    assert tuned.finetune and type(scratch) is ScratchRegressor
    for method, regressor in zip(METHODS, (plain, tuned, scratch), strict=True):
        settings = method.make(3, 2).get_params()
        del settings["class_weight"]
        assert regressor.get_params() == settings


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_without_trees_nothing_else_differs(task):
    with_trees, without = (
        method.make_for(task, 3, 2).get_params()
        for method in (TABTRANSFER, TABTRANSFER_WITHOUT_TREES)
    )
    assert with_trees.pop("trees") is True and without.pop("trees") is False
    assert with_trees == without


def test_without_trees_none_are_grown_and_the_table_is_scored():
    table = load_table("wine")
    model = TABTRANSFER_WITHOUT_TREES.make(random_state=0, n_threads=1).fit(table.X, table.y)
    assert model.learners_ is None
    assert measure(TABTRANSFER_WITHOUT_TREES, "wine")["status"] == "ok"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods_are_unavailable_without_weights(method, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "none.safetensors")
    assert "not at" in method.unavailable()
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    (tmp_path / "weights").touch()
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "weights")
    assert method.unavailable() is None


@pytest.fixture
def trained_on_iris(make_network, monkeypatch, tmp_path):
    """Ship a checkpoint whose header lists the iris table, renamed and in inches."""
    iris = load_table("iris")
    frame = (iris.X / 2.54).set_axis(list("abcd"), axis=1).assign(e=iris.y)
    mark = fingerprint("flowers", frame.sample(frac=1.0, random_state=0))
    header = {"tables": [{"name": "flowers", "fingerprint": mark.to_text()}]}
    path = tmp_path / "trained.safetensors"
    checkpoint.save_checkpoint(path, make_network(), header)
    monkeypatch.setattr(checkpoint, "SHIPPED", path)


def measure(method, name):
    """Run one job of a suite's table in this process."""
    table = load_table(name)
    y = target_bins(table.y) if table.task == "regression" else table.y
    split = stratified_splits(y, n_splits=1, seed=0, max_train=60, max_test=20)[0]
    return run_job(JobRequest(Job("quickstart", name, method.name), table, method, split))


@pytest.mark.parametrize("method", METHODS[:2], ids=lambda method: method.name)
def test_pretrained_methods_are_not_scored_on_a_table_they_were_trained_on(method, trained_on_iris):
    row = measure(method, "iris")
    assert row["status"] == "skipped" and row["reason"].startswith("trained on 'flowers': ")
    assert "roc_auc" not in row
    assert method.seen(load_table("wine")) is None


def test_other_methods_and_tables_are_scored_all_the_same(trained_on_iris):
    assert measure(LINEAR, "iris")["status"] == "ok"
    assert measure(TABTRANSFER, "wine")["status"] == "ok"
    assert TABTRANSFER_SCRATCH.seen(load_table("iris")) is None


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_numbers_are_scored_by_their_quantiles_too(method, monkeypatch, regression_checkpoint):
    monkeypatch.setattr(checkpoint, "SHIPPED", regression_checkpoint)
    row = measure(method, "diabetes")
    assert row["status"] == "ok", row["reason"]
    assert row["crps"] > 0 and row["error"] == row["rmse"]


@pytest.mark.parametrize("header", [{}, {"tables": []}])
def test_weights_of_synthetic_tables_alone_know_no_table(
    header, make_network, monkeypatch, tmp_path
):
    path = tmp_path / "synthetic.safetensors"
    checkpoint.save_checkpoint(path, make_network(), header)
    monkeypatch.setattr(checkpoint, "SHIPPED", path)
    assert TABTRANSFER.seen(load_table("iris")) is None


def test_missing_weights_are_said_to_be_missing_and_not_to_have_seen(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "none.safetensors")
    row = measure(TABTRANSFER, "iris")
    assert row["status"] == "skipped" and "not at" in row["reason"]


class TestSynthetic:
    @pytest.fixture
    def ship(self, make_network, monkeypatch, tmp_path):
        """Ship weights of synthetic tables with a header of the test's."""

        def ship(header):
            path = tmp_path / "synthetic.safetensors"
            checkpoint.save_checkpoint(path, make_network(), header)
            monkeypatch.setattr(checkpoint, "SYNTHETIC", path)
            return path

        return ship

    def test_its_own_weights_are_used(self, ship):
        path = ship({"tables": []})
        for make in (TABTRANSFER_SYNTHETIC.make, TABTRANSFER_SYNTHETIC.make_regressor):
            assert make(3, 1).checkpoint == path and make(3, 1).random_state == 3
        assert measure(TABTRANSFER_SYNTHETIC, "iris")["status"] == "ok"

    def test_absent_weights_are_said_to_be_absent(self, monkeypatch, tmp_path):
        monkeypatch.setattr(checkpoint, "SYNTHETIC", tmp_path / "none.safetensors")
        row = measure(TABTRANSFER_SYNTHETIC, "iris")
        assert row["status"] == "skipped"
        assert row["reason"].startswith("the weights pretrained on synthetic tables alone are not")

    def test_weights_that_saw_real_tables_are_refused(self, ship):
        iris = load_table("iris")
        mark = fingerprint("iris", iris.X.assign(species=iris.y)).to_text()
        ship({"tables": [{"name": "iris", "fingerprint": mark}]})
        assert "was trained on 1 real tables" in measure(TABTRANSFER_SYNTHETIC, "wine")["reason"]
        assert TABTRANSFER_SYNTHETIC.seen(iris).startswith("trained on 'iris': ")
        assert TABTRANSFER_SYNTHETIC.seen(load_table("wine")) is None
        ship({})
        assert "doesn't say that" in TABTRANSFER_SYNTHETIC.unavailable()


def test_listing_the_methods_does_not_load_torch():
    code = "import sys, tabtransfer.baselines.transfer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code]).returncode == 0


class TestScratch:
    @pytest.fixture
    def few_steps(self, monkeypatch):
        """Train for 60 steps, however long that takes."""
        config = replace(ScratchClassifier._finetune_config, max_steps=60)
        monkeypatch.setattr(ScratchClassifier, "_finetune_config", config)
        monkeypatch.setattr(ScratchRegressor, "_finetune_config", config)

    @pytest.mark.slow
    def test_it_learns_a_real_table_from_nothing(self, small_checkpoint, few_steps):
        X, y = load_wine(return_X_y=True)
        model = ScratchClassifier(checkpoint=small_checkpoint, random_state=0, time_limit=None)
        model.fit(X[::2], y[::2])
        assert model.finetuning_.chosen == "tuned"
        assert model.score(X[1::2], y[1::2]) > 0.8

    @pytest.mark.slow
    def test_it_reads_the_same_inputs_as_the_pretrained_network(self, small_checkpoint):
        X, y = load_wine(return_X_y=True)
        settings = {"checkpoint": small_checkpoint, "random_state": 0, "time_limit": 0.0}
        scratch = ScratchClassifier(**settings).fit(X, y)
        pretrained = TabTransferClassifier(**settings).fit(X, y)
        assert scratch.trees
        assert np.array_equal(scratch.learners_.out_of_fold, pretrained.learners_.out_of_fold)

    @pytest.mark.slow
    def test_it_learns_numbers_from_nothing(self, small_checkpoint, few_steps):
        X = np.random.default_rng(0).normal(size=(200, 3))
        y = X[:, 0] - X[:, 1]
        model = ScratchRegressor(checkpoint=small_checkpoint, random_state=0, time_limit=None)
        model.fit(X[::2], y[::2])
        assert model.finetuning_.chosen == "tuned"
        assert model.score(X[1::2], y[1::2]) > 0.3
        assert model.predict(X[1::2], output="quantiles", quantiles=(0.1, 0.9)).shape == (100, 2)

    @pytest.mark.slow
    def test_it_starts_at_random_whatever_the_checkpoint_holds(self, small_checkpoint):
        X, y = load_wine(return_X_y=True)
        models = [
            ScratchClassifier(checkpoint=small_checkpoint, random_state=seed, time_limit=0.0)
            for seed in (0, 0, 1)
        ]
        weights = [
            torch.cat([p.flatten() for p in model.fit(X, y).network_.parameters()])
            for model in models
        ]
        pretrained = checkpoint.load_checkpoint(small_checkpoint)
        assert models[0].network_.config == pretrained.config
        assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
        given = torch.cat([p.flatten() for p in pretrained.parameters()])
        assert not torch.equal(weights[0], given)

    def test_the_random_start_leaves_the_global_seed_alone(self, small_checkpoint):
        torch.manual_seed(0)
        expected = torch.rand(1)
        torch.manual_seed(0)
        ScratchClassifier(checkpoint=small_checkpoint, time_limit=0.0).fit(np.eye(4), [0, 1, 0, 1])
        assert torch.equal(torch.rand(1), expected)
