import pytest
import torch
from typer.testing import CliRunner

from tabtransfer.cli import app
from tabtransfer.device import CPU, describe_device, device_at_hand, find_device
from tabtransfer.errors import TabTransferError


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "H200")


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_auto_takes_a_gpu_where_there_is_one(two_gpus):
    assert find_device("auto") == find_device("cuda") == torch.device("cuda", 1)
    assert find_device("cuda:0") == torch.device("cuda", 0)
    assert find_device("cpu") == CPU
    assert describe_device(find_device("auto")) == "cuda:1 (H200)"


def test_auto_takes_the_cpu_elsewhere(no_gpu):
    assert find_device("auto") == CPU and describe_device(CPU) == "cpu"


def test_an_apple_gpu_is_taken_where_it_is_named(no_gpu, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert find_device("mps") == torch.device("mps", 0) and find_device("auto") == CPU


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_without_a_gpu_the_way_out_is_named(no_gpu, name):
    with pytest.raises(TabTransferError, match=f'no device "{name}".*Use device="auto"'):
        find_device(name)


def test_a_number_too_high_says_how_many_there_are(two_gpus):
    with pytest.raises(TabTransferError, match='no device "cuda:3": there are 2'):
        find_device("cuda:3")


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:-1", "meta", "", None, 0, CPU])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(TabTransferError, match='device must be "auto", "cpu"'):
        find_device(name)


def test_a_device_that_is_missing_gives_way_to_the_cpu(no_gpu):
    assert device_at_hand("auto") == "auto"
    with pytest.warns(UserWarning, match='device="cuda:1" and predicts on the CPU'):
        assert device_at_hand("cuda:1") == "cpu"


def test_a_process_forked_from_one_that_used_cuda_takes_the_cpu(two_gpus, monkeypatch):
    monkeypatch.setattr("tabtransfer.device._forked", True)
    assert find_device("auto") == CPU and find_device("cuda").type == "cuda"


@pytest.mark.parametrize(
    "command",
    [
        ("fit", "t.csv", "--target", "y", "--out", "m"),
        ("predict", "m", "t.csv", "--out", "p.csv"),
        ("compare", "t.csv", "--target", "y"),
        ("benchmark",),
        ("transfer-gain",),
    ],
)
def test_commands_refuse_a_device_that_is_not_there(no_gpu, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*command, "--device", "cuda:1"])
    assert isinstance(result.exception, TabTransferError)
    assert 'no device "cuda:1"' in str(result.exception) and not list(tmp_path.iterdir())
