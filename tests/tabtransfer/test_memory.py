import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from tabtransfer import memory
from tabtransfer.errors import TabTransferError
from tabtransfer.memory import bytes_per_row, query_chunks, rows_in_memory
from tabtransfer.network import NetworkConfig

NETWORK = NetworkConfig()

MEASURE = """
import sys, torch
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.tasks import TaskBatch
n, q, c = map(int, sys.argv[1:])
torch.set_num_threads(1)
network = TabularTransformer(NetworkConfig()).eval().requires_grad_(False)
def run(n, q, c):
    network(TaskBatch(torch.randn(1, n + q, c), torch.zeros(1, n + q, c, dtype=torch.bool),
        torch.zeros(1, c, dtype=torch.bool), torch.zeros(1, n + q, dtype=torch.int64), n,
        torch.tensor([c]), torch.tensor([2])))
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
with torch.inference_mode():
    run(8, 8, 2)
    before = peak()
    run(n, q, c)
print(peak() - before)
"""


@pytest.fixture
def free(monkeypatch):
    """Set the memory that counts as available so that a share of it is this."""

    def set_free(n_bytes):
        available = n_bytes / memory.MEMORY_SHARE
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))

    return set_free


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(("n", "q", "c"), [(2000, 1000, 4), (300, 500, 120), (800, 800, 20)])
def test_the_estimate_is_near_the_peak_that_is_measured(n, q, c):
    command = [sys.executable, "-P", "-c", MEASURE, str(n), str(q), str(c)]
    peak = int(subprocess.run(command, capture_output=True, check=True).stdout)
    estimate = (n + q) * bytes_per_row(c, n, NETWORK)
    assert 0.6 * peak < estimate < 2.5 * peak


def test_rows_are_not_limited_while_memory_lasts(free):
    free(2**40)
    assert rows_in_memory(20, 5000, NETWORK) == 5000


def test_as_many_rows_as_fit(free):
    free(2**28)
    n_rows = rows_in_memory(20, 100_000, NETWORK)
    assert 0.85 * 2**28 < n_rows * bytes_per_row(20, n_rows, NETWORK) <= 2**28


def test_too_little_memory_is_said_with_a_way_out(free):
    free(1000)
    with pytest.raises(TabTransferError, match="don't hold 10 rows of 20 columns: free memory"):
        rows_in_memory(20, 100, NETWORK)


def test_chunks_cover_all_rows_within_the_budget(monkeypatch):
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1000)
    chunks = [range(25)[chunk] for chunk in query_chunks(25, 99.0)]
    assert chunks == [range(10), range(10, 20), range(20, 25)]


def test_chunks_shrink_with_the_memory_to_one_row_at_least(free):
    free(1000)
    assert [chunk.stop for chunk in query_chunks(3, 300.0)] == [3]
    free(1)
    assert [chunk.stop for chunk in query_chunks(3, 300.0)] == [1, 2, 3]
