import numpy as np
import pytest
import torch
from tabicl import TabICLClassifier
from tabicl._model.tabicl import TabICL

from tabtransfer.baselines.method import MethodSkipped
from tabtransfer.baselines.tabicl import TABICL, OfflineTabICLClassifier, OfflineTabICLRegressor
from tabtransfer.datasets.suites import load_table


@pytest.fixture(scope="module")
def save_random(tmp_path_factory):
    """Save small networks with random weights; their predictions mean nothing."""

    def save(max_classes):
        torch.manual_seed(0)
        config = {
            "max_classes": max_classes,
            "num_quantiles": 19,
            "embed_dim": 16,
            "col_num_blocks": 1,
            "col_nhead": 2,
            "row_num_blocks": 1,
            "row_nhead": 2,
            "icl_num_blocks": 2,
            "icl_nhead": 2,
        }
        network = TabICL(**config)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        path = tmp_path_factory.mktemp("weights") / f"{max_classes}.ckpt"
        torch.save({"config": config, "state_dict": network.state_dict()}, path)
        return path

    return save


def test_the_real_package_fits_and_predicts_offline(save_random, messy, no_network):
    X, y = messy
    model = OfflineTabICLClassifier(checkpoint=save_random(10)).fit(X[:80], y[:80])
    probabilities = model.predict_proba(X[80:].assign(string="sideways"))
    assert list(model.classes_) == ["no", "yes"]
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(probabilities[:, 0])) > 1


def test_the_real_regressor_fits_and_predicts_offline(save_random, messy, no_network):
    X, _ = messy
    model = OfflineTabICLRegressor(checkpoint=save_random(0))
    model.fit(X[:80], X["float"].fillna(0.0)[:80])
    quantiles = model.predict_quantiles(X[80:], (0.1, 0.5, 0.9))
    assert quantiles.shape == (40, 3) and (np.diff(quantiles, axis=1) >= 0).all()
    assert np.isfinite(model.predict(X[80:])).all()


def test_predictions_are_those_of_the_package_called_directly(save_random):
    path, table = save_random(10), load_table("iris")
    direct = TabICLClassifier(
        model_path=path, allow_auto_download=False, device="cpu", n_jobs=1, random_state=7
    )
    expected = direct.fit(table.X[::2], table.y[::2]).predict_proba(table.X[1::2])
    ours = OfflineTabICLClassifier(checkpoint=path, random_state=7)
    ours.fit(table.X[::2], table.y[::2])
    assert list(ours.classes_) == list(direct.classes_)
    assert np.allclose(ours.predict_proba(table.X[1::2]), expected, atol=1e-6)


def test_absent_weights_are_said_at_once(messy, no_network, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    X, y = messy
    reason = TABICL.unavailable()
    assert "no file tabicl-classifier-v2" in reason and "cache of Hugging Face" in reason
    with pytest.raises(MethodSkipped, match="weights aren't on this machine"):
        TABICL.make(0, 1).fit(X, y)
    with pytest.raises(MethodSkipped, match=r"there is no file absent\.ckpt"):
        OfflineTabICLRegressor(checkpoint="absent.ckpt").fit(X, np.arange(len(X)))


def test_threads_are_as_before(save_random, messy):
    X, y = messy
    threads = torch.get_num_threads()
    OfflineTabICLClassifier(checkpoint=save_random(10), n_threads=threads + 1).fit(X, y)
    assert torch.get_num_threads() == threads
