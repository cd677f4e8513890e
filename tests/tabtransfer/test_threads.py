import pytest
import torch

from tabtransfer.threads import torch_threads


@pytest.fixture(autouse=True)
def _restore():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_are_set_within_and_restored_after():
    torch.set_num_threads(1)
    with torch_threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


def test_threads_are_restored_after_an_error():
    torch.set_num_threads(1)
    with pytest.raises(RuntimeError), torch_threads(2):
        raise RuntimeError
    assert torch.get_num_threads() == 1


def test_none_leaves_the_setting_alone():
    torch.set_num_threads(2)
    with torch_threads(None):
        assert torch.get_num_threads() == 2
