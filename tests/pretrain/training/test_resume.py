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


@pytest.mark.parametrize(
    ("part", "name", "none", "some"),
    [
        ("stream", "shapes", 0, 8),
        ("stream", "chosen_share", 0.0, 0.4),
        ("prior", "categorical", 0.0, 0.15),
    ],
)
def test_a_state_that_names_no_later_setting_was_without(
    path, network, state, part, name, none, some
):
    torch.save(state, path)
    assert read_state(path, network, {"seed": 0, part: {name: none}})["steps"] == 7
    with pytest.raises(TabTransferError, match=rf"{part}\.{name} {none}, not {some}\."):
        read_state(path, network, {"seed": 0, part: {name: some}})


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
