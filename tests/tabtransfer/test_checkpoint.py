import pytest
import torch
from safetensors.torch import save_file

from tabtransfer.checkpoint import load_checkpoint, read_header, save_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer

CONFIG = NetworkConfig(d_cell=8, context_layers=1)


def test_round_trip(tmp_path):
    network = TabularTransformer(CONFIG)
    save_checkpoint(tmp_path / "a.safetensors", network, {"licence": "Apache-2.0"})
    loaded = load_checkpoint(tmp_path / "a.safetensors")
    assert loaded.config == CONFIG
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor)
    assert not any(p.requires_grad for p in loaded.parameters())
    assert read_header(tmp_path / "a.safetensors")["licence"] == "Apache-2.0"
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"]


def test_one_instance_per_file_until_it_changes(tmp_path):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, TabularTransformer(CONFIG), {})
    first = load_checkpoint(path)
    assert load_checkpoint(path) is first
    save_checkpoint(path, TabularTransformer(CONFIG), {})
    assert load_checkpoint(path) is not first


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(TabTransferError, match="no checkpoint at"):
        load_checkpoint(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not tensors")
    with pytest.raises(TabTransferError, match="not a readable safetensors file"):
        load_checkpoint(tmp_path / "text.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(TabTransferError, match="not a checkpoint of tabtransfer"):
        load_checkpoint(tmp_path / "other.safetensors")
