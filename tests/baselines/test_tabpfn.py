import dataclasses
import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from tabpfn import TabPFNClassifier
from tabpfn.architectures import tabpfn_v2

from tabtransfer.baselines.method import MethodSkipped
from tabtransfer.baselines.registry import get_method
from tabtransfer.baselines.tabpfn import (
    TABPFN_VERSIONS,
    OfflineTabPFNClassifier,
    OfflineTabPFNRegressor,
    make_tabpfn_method,
)
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError

N_BUCKETS = 20


def save_random(path, **settings):
    """Save a small TabPFN v2 with random weights; its predictions mean nothing."""
    torch.manual_seed(0)
    config = tabpfn_v2.TabPFNV2Config(**settings, emsize=48, nlayers=2, nhead=4)
    network = tabpfn_v2.get_architecture(config)
    with torch.no_grad():
        # Its own start zeroes the layers' outputs, so every row would get the same answer.
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    state = network.state_dict()
    if not config.max_num_classes:
        state["criterion.borders"] = torch.linspace(-3.0, 3.0, N_BUCKETS + 1)
        state["criterion.losses_per_bucket"] = torch.zeros(N_BUCKETS)
    torch.save(
        {
            "state_dict": state,
            "config": dataclasses.asdict(config),
            "architecture_name": "tabpfn_v2",
        },
        path,
    )
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_random(tmp_path_factory.mktemp("weights") / "random.ckpt", max_num_classes=10)


@pytest.fixture(scope="module")
def regression_checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "numbers.ckpt"
    return save_random(path, max_num_classes=0, num_buckets=N_BUCKETS)


def test_the_real_package_fits_and_predicts_offline(checkpoint, messy, no_network):
    X, y = messy
    model = OfflineTabPFNClassifier(checkpoint=checkpoint).fit(X.iloc[:80], y.iloc[:80])
    probabilities = model.predict_proba(X.iloc[80:])
    assert list(model.classes_) == ["no", "yes"]
    assert probabilities.shape == (40, 2)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(probabilities[:, 0])) > 1
    assert set(model.predict(X.iloc[80:])) <= {"no", "yes"}
    again = pickle.loads(pickle.dumps(model)).predict_proba(X.iloc[80:])
    assert np.allclose(again, probabilities)


def test_the_real_regressor_fits_and_predicts_offline(regression_checkpoint, messy, no_network):
    X, _ = messy
    target = X["float"].fillna(0.0)
    model = OfflineTabPFNRegressor(checkpoint=regression_checkpoint).fit(X[:80], target[:80])
    quantiles = model.predict_quantiles(X[80:], (0.05, 0.5, 0.95))
    assert quantiles.shape == (40, 3) and (np.diff(quantiles, axis=1) >= 0).all()
    median = model.model_.predict(model.columns_.transform(X[80:]), output_type="median")
    assert np.allclose(quantiles[:, 1], median, atol=1e-4)
    assert len(np.unique(model.predict(X[80:]))) > 1


def test_predictions_are_those_of_the_package_called_directly(checkpoint):
    table = load_table("iris")
    direct = TabPFNClassifier(model_path=str(checkpoint), device="cpu", random_state=7)
    expected = direct.fit(table.X[::2], table.y[::2]).predict_proba(table.X[1::2])
    ours = OfflineTabPFNClassifier(checkpoint=checkpoint, random_state=7)
    ours.fit(table.X[::2], table.y[::2])
    assert list(ours.classes_) == list(direct.classes_)
    assert np.allclose(ours.predict_proba(table.X[1::2]), expected, atol=1e-5)


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
def test_absent_weights_are_said_without_a_network(
    version, messy, no_network, monkeypatch, tmp_path
):
    from tabpfn.settings import settings

    monkeypatch.setattr(settings.tabpfn, "model_cache_dir", tmp_path)
    X, y = messy
    method = make_tabpfn_method(version=version)
    assert str(tmp_path / "tabpfn-") in method.unavailable()
    for make, target in ((method.make, y), (method.make_regressor, np.arange(len(y)))):
        with pytest.raises(MethodSkipped, match="weights aren't on this machine"):
            make(random_state=0, n_threads=1).fit(X, target)


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


def test_a_version_is_available_where_any_of_its_weights_are(
    regression_checkpoint, monkeypatch, tmp_path, messy
):
    from tabpfn.settings import settings

    monkeypatch.setattr(settings.tabpfn, "model_cache_dir", tmp_path)
    method = make_tabpfn_method("v2")
    assert method.name == "tabpfn-v2" and method.unavailable() is not None
    in_cache = tmp_path / "tabpfn-v2-regressor.ckpt"
    in_cache.write_bytes(regression_checkpoint.read_bytes())
    assert method.unavailable() is None
    X, y = messy
    method.make_regressor(0, 1).fit(X, np.arange(len(X)))
    with pytest.raises(MethodSkipped, match=r"no file .*tabpfn-v2-classifier"):
        method.make(0, 1).fit(X, y)


def test_every_version_is_known_to_the_package():
    reasons = [method.unavailable() for method in TABPFN_VERSIONS]
    assert all(reason is None or "weights" in reason for reason in reasons)


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
