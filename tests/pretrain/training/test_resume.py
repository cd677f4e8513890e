"""What a stopped run saved is read whole, or refused in a sentence."""

import pytest
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.training.resume import read_state


@pytest.fixture
def path(tmp_path):
    return tmp_path / "resume.ckpt"


@pytest.fixture
def network():
    return torch.nn.Linear(2, 1)


@pytest.fixture
def state(network):
    return {
        "tabtransfer": {"settings": {"seed": 0}, "steps": 7, "tasks_seen": 9},
        "callbacks": {"Clock": {"seconds": 1.0, "mean_loss": 0.5}},
        "state_dict": {f"network.{n}": t for n, t in network.state_dict().items()},
    }


def test_a_state_that_names_no_shapes_had_none(path, network, state):
    torch.save(state, path)
    assert read_state(path, network, {"seed": 0, "stream": {"shapes": 0}})["steps"] == 7
    with pytest.raises(TabTransferError, match=r"stream\.shapes 0, not 8\."):
        read_state(path, network, {"seed": 0, "stream": {"shapes": 8}})


@pytest.mark.parametrize("damage", ["bytes", "half", "record", "weights", "seconds"])
def test_a_damaged_state_is_one_sentence(path, network, state, damage):
    torch.save(state, path)
    assert read_state(path, network, {"seed": 0})["steps"] == 7
    if damage == "bytes":
        path.write_bytes(b"no state")
    elif damage == "half":
        path.write_bytes(path.read_bytes()[:500])
    else:
        if damage == "record":
            state["tabtransfer"] = [1]
        elif damage == "weights":
            state["state_dict"]["network.weight"] = torch.zeros(3)
        else:
            state["callbacks"]["Clock"]["seconds"] = float("nan")
        torch.save(state, path)
    with pytest.raises(TabTransferError, match=r"resume\.ckpt is damaged \(.*delete it"):
        read_state(path, network, {"seed": 0})
