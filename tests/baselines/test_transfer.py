import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine

from tabtransfer import TabTransferClassifier, checkpoint
from tabtransfer.baselines.scratch import ScratchClassifier
from tabtransfer.baselines.transfer import (
    TABTRANSFER,
    TABTRANSFER_FINETUNED,
    TABTRANSFER_SCRATCH,
)
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.datasets.suites import load_table

METHODS = (TABTRANSFER, TABTRANSFER_FINETUNED, TABTRANSFER_SCRATCH)


def test_methods_differ_in_weights_and_tuning_alone():
    plain, tuned, scratch = (m.make(random_state=3, n_threads=2) for m in METHODS)
    assert type(plain) is type(tuned) is TabTransferClassifier and not plain.finetune
    assert tuned.finetune and type(scratch) is ScratchClassifier
    assert tuned.time_limit == scratch.time_limit
    for estimator in (plain, tuned, scratch):
        assert (estimator.random_state, estimator.n_threads) == (3, 2)
        assert estimator.n_estimators == plain.n_estimators


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods_are_unavailable_without_weights(method, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "none.safetensors")
    assert "not at" in method.unavailable()
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    (tmp_path / "weights").touch()
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "weights")
    assert method.unavailable() is None


def test_weights_are_not_measured_on_a_table_they_were_trained_on(
    make_network, monkeypatch, tmp_path
):
    wine, iris = load_table("wine"), load_table("iris")
    mark = fingerprint("vino", wine.X.assign(cultivar=wine.y))
    tables = [{"name": "vino", "fingerprint": mark.to_text()}]
    path = tmp_path / "weights.safetensors"
    checkpoint.save_checkpoint(path, make_network(), {"tables": tables})
    monkeypatch.setattr(checkpoint, "SHIPPED", path)
    for method in (TABTRANSFER, TABTRANSFER_FINETUNED):
        assert "trained on 'vino'" in method.seen(wine)
        assert method.seen(iris) is None
    assert TABTRANSFER_SCRATCH.seen(wine) is None


def test_listing_the_methods_does_not_load_torch():
    code = "import sys, tabtransfer.baselines.transfer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code]).returncode == 0


class TestScratch:
    def test_it_learns_a_real_table_from_nothing(self, small_checkpoint):
        X, y = load_wine(return_X_y=True)
        model = ScratchClassifier(checkpoint=small_checkpoint, random_state=0, time_limit=20.0)
        model.fit(X[::2], y[::2])
        assert model.finetuning_.chosen == "tuned"
        assert model.score(X[1::2], y[1::2]) > 0.8

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
