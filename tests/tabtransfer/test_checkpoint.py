import json

import pytest
import torch
from safetensors.torch import load_file, save_file

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


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path, value):
    network = TabularTransformer(CONFIG)
    with torch.no_grad():
        network.cells.weight[0, 0] = value
    save_checkpoint(tmp_path / "a.safetensors", network, {})
    with pytest.raises(TabTransferError, match=r"no numbers, in cells\.weight.*checkpoint=None"):
        load_checkpoint(tmp_path / "a.safetensors")


def rewrite(path, text):
    save_file(load_file(path), path, metadata={"tabtransfer": text})


@pytest.mark.parametrize(
    "change",
    [
        {"network": None},
        {"network": {}},
        *({"network": {"d_cell": size}} for size in (0, -8, 8.0, "8", 10**12, None)),
        {"network": {"context_layers": 10**5}},  # 7.6 GB if they were built
        {"network": {"tasks": 3}},
        {"network": {"tasks": ["ranking"]}},
        {"network": {"depth": 3}},
        {"tables": "all"},
        {"tables": [{"name": 3}]},
        {"history": [1]},
        {"training": "long"},
    ],
    ids=str,
)
def test_headers_that_lie_are_one_sentence(tmp_path, change):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, TabularTransformer(CONFIG), {})
    header = read_header(path)
    network = change.get("network", {})
    if isinstance(network, dict) and network:
        change = {"network": {**header["network"], **network}}
    rewrite(path, json.dumps({**header, **change}))
    with pytest.raises(TabTransferError, match=r"a\.safetensors (holds another|has a header)"):
        load_checkpoint(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"network"', "[" * 100_000])
def test_headers_that_are_no_records_are_one_sentence(tmp_path, text):
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, TabularTransformer(CONFIG), {})
    rewrite(path, text)
    with pytest.raises(TabTransferError, match="has a header that is none"):
        read_header(path)
