import dataclasses
import os
import pickle
import time

import numpy as np
import pandas as pd
import pytest
import torch
from tabpfn.architectures import tabpfn_v2

from tabtransfer.baselines.method import MethodSkipped
from tabtransfer.baselines.registry import get_method
from tabtransfer.baselines.tabpfn import OfflineTabPFNClassifier, make_tabpfn_method
from tabtransfer.errors import TabTransferError


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Save a small TabPFN v2 with random weights; its predictions mean nothing."""
    torch.manual_seed(0)
    config = tabpfn_v2.TabPFNV2Config(max_num_classes=10, emsize=48, nlayers=2, nhead=4)
    network = tabpfn_v2.get_architecture(config)
    with torch.no_grad():
        # Its own start zeroes the layers' outputs, so every row would get the same answer.
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    path = tmp_path_factory.mktemp("weights") / "random.ckpt"
    torch.save(
        {
            "state_dict": network.state_dict(),
            "config": dataclasses.asdict(config),
            "architecture_name": "tabpfn_v2",
        },
        path,
    )
    return path


def test_the_real_package_fits_and_predicts_offline(checkpoint, messy, no_network):
    X, y = messy
    method = make_tabpfn_method(checkpoint=checkpoint)
    assert method.unavailable() is None
    model = method.make(random_state=0, n_threads=1).fit(X.iloc[:80], y.iloc[:80])
    probabilities = model.predict_proba(X.iloc[80:])
    assert list(model.classes_) == ["no", "yes"]
    assert probabilities.shape == (40, 2)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(probabilities[:, 0])) > 1
    assert set(model.predict(X.iloc[80:])) <= {"no", "yes"}
    again = pickle.loads(pickle.dumps(model)).predict_proba(X.iloc[80:])
    assert np.allclose(again, probabilities)


def test_categories_are_told_to_tabpfn(checkpoint, messy):
    X, y = messy
    model = OfflineTabPFNClassifier(checkpoint=checkpoint).fit(X, y)
    assert model.model_.categorical_features_indices == [4, 5, 6, 7, 8, 9]
    assert model.model_.n_features_in_ == X.shape[1]


def test_settings_of_the_process_are_as_before(checkpoint, messy, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("TABPFN_NO_BROWSER", raising=False)
    threads = torch.get_num_threads()
    X, y = messy
    OfflineTabPFNClassifier(checkpoint=checkpoint, n_threads=threads + 1).fit(X, y)
    assert os.environ["HF_HUB_OFFLINE"] == "0"
    assert "TABPFN_NO_BROWSER" not in os.environ
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    "rows, columns, classes, reason",
    [
        (1001, 2, 2, "more than 1000 samples"),
        (120, 2, 12, "Number of classes `12` exceeds the maximum"),
        (60, 501, 2, "Number of features `501`"),
    ],
)
def test_limits_become_skips_with_tabpfns_reason(checkpoint, rows, columns, classes, reason):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(rows, columns)))
    X.columns = [f"column {i}" for i in range(columns)]
    y = np.arange(rows) % classes
    with pytest.raises(MethodSkipped) as skipped:
        OfflineTabPFNClassifier(checkpoint=checkpoint).fit(X, y)
    assert reason in skipped.value.reason
    assert skipped.value.reason.startswith("tabpfn 9.")
    assert "\n" not in skipped.value.reason


@pytest.mark.parametrize("version", [None, "v2", "v2.5", "v3"])
def test_absent_weights_are_said_at_once(version, messy, no_network, monkeypatch, tmp_path):
    from tabpfn.settings import settings

    monkeypatch.setattr(settings.tabpfn, "model_cache_dir", tmp_path)
    X, y = messy
    method = make_tabpfn_method(version=version)
    started = time.monotonic()
    assert str(tmp_path / "tabpfn-") in method.unavailable()
    with pytest.raises(MethodSkipped, match="weights aren't on this machine"):
        method.make(random_state=0, n_threads=1).fit(X, y)
    assert time.monotonic() - started < 1


def test_the_registry_says_whether_the_default_weights_are_here():
    reason = get_method("tabpfn").unavailable()
    assert reason is None or reason.startswith("TabPFN's weights aren't on this machine")


def test_a_version_in_the_cache_folder_is_found(checkpoint, monkeypatch, messy):
    from tabpfn.settings import settings

    X, y = messy
    path = OfflineTabPFNClassifier(checkpoint=checkpoint).fit(X, y)
    monkeypatch.setattr(settings.tabpfn, "model_cache_dir", checkpoint.parent)
    in_cache = checkpoint.parent / "tabpfn-v2-classifier-finetuned-zk73skhh.ckpt"
    in_cache.write_bytes(checkpoint.read_bytes())
    version = OfflineTabPFNClassifier(version="v2").fit(X, y)
    assert np.allclose(version.predict_proba(X), path.predict_proba(X))


def test_an_unknown_version_is_refused_with_the_known_ones():
    with pytest.raises(TabTransferError, match=r"no version 'v1'; its versions are v2, v2\.5"):
        make_tabpfn_method(version="v1").unavailable()


def test_a_broken_checkpoint_is_a_failure_rather_than_a_skip(tmp_path, messy):
    broken = tmp_path / "broken.ckpt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(Exception) as raised:
        OfflineTabPFNClassifier(checkpoint=broken).fit(*messy)
    assert not isinstance(raised.value, MethodSkipped)


@pytest.mark.filterwarnings("error::UserWarning")
def test_no_warning_says_that_a_cpu_is_slow(checkpoint):
    X = np.random.default_rng(0).normal(size=(201, 2))
    OfflineTabPFNClassifier(checkpoint=checkpoint).fit(X, np.arange(201) % 2)
