import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from tabtransfer.inference.memory import ContextShape, MemoryBudget, pieces
from tabtransfer.network.transformer import NetworkConfig

NETWORK = NetworkConfig()

MEASURE = """
import ctypes, sys, torch
from tabtransfer.inference.memory import ContextShape
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.tasks import TaskBatch
n, c, chunk = map(int, sys.argv[1:])
torch.set_num_threads(1)
network = TabularTransformer(NetworkConfig()).eval().requires_grad_(False)
def task(n, c):
    return TaskBatch(torch.randn(1, n, c), torch.zeros(1, n, c, dtype=torch.bool),
        torch.zeros(1, c, dtype=torch.bool), torch.arange(n)[None] % 2, n,
        torch.tensor([c]), torch.tensor([2]))
def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])
def settle():
    ctypes.CDLL(None).malloc_trim(0)
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
    return memory("VmRSS")
with torch.inference_mode():
    network.read_context(task(n, c), chunk)  # loads the code of these sizes
    batch, start = task(n, c), settle()
    context = network.read_context(batch, chunk)
    read = memory("VmHWM") - start
    kept = settle() - start
    network.predict(context, batch.values[:, :chunk], batch.missing[:, :chunk])
    print(read, kept, memory("VmHWM") - start - kept)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(("n", "c", "chunk"), [(2000, 4, 1000), (300, 120, 100)])
@pytest.mark.slow
def test_estimates_are_near_the_peaks_that_are_measured(n, c, chunk):
    command = [sys.executable, "-P", "-c", MEASURE, str(n), str(c), str(chunk)]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    read, kept, asked = map(int, output.split())
    shape = ContextShape(n, c, 0, 2, NETWORK)
    assert 0.6 * kept < shape.bytes_kept < 1.4 * kept
    assert 0.8 * read < shape.bytes_to_read + chunk * shape.bytes_per_row < 4.0 * read
    assert 0.7 * asked < chunk * shape.bytes_per_row < 4.0 * asked


def test_the_shape_of_a_table_counts_levels_and_channels():
    shape = ContextShape.of(50, np.array([0, 3, 100]), 12, NETWORK)
    assert shape == ContextShape(50, 3, 3 + 32, 10, NETWORK)
    assert ContextShape.of(50, np.array([0, 0]), 0, NETWORK).n_channels == 2


def test_without_a_limit_the_budget_is_half_of_what_is_free(monkeypatch):
    free = SimpleNamespace(available=1000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert MemoryBudget.of(None).n_bytes == 500
    assert MemoryBudget.of(700).n_bytes == 700


def test_on_a_gpu_its_own_memory_counts(monkeypatch):
    gpu = torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: {gpu: (2**30, 2**36)}[device])
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3 * 2**20)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2**20)
    budget = MemoryBudget.of(None, gpu)
    assert budget.n_bytes == 0.8 * (2**30 + 2**21)
    assert budget.chunk == budget.n_bytes / 8 > 64 * 2**20  # more than is of use on a CPU
    assert MemoryBudget.of(2**32, gpu).chunk == 2**29
    assert MemoryBudget.of(2**32).chunk == 64 * 2**20


def test_parts_of_a_budget_do_not_exceed_it():
    budget = MemoryBudget.of(2**26)
    shape = ContextShape(1000, 20, 0, 2, NETWORK)
    chunk = budget.chunk_rows(shape) * shape.bytes_per_row
    encoded = budget.encoded_rows(20, 99) * (20 * 16 + 99 * 32)
    total = budget.context + budget.kept + budget.learners + chunk + encoded
    assert 0.95 * 2**26 < total <= 2**26


def test_however_little_there_is_some_rows_go_through():
    budget = MemoryBudget.of(1)
    shape = ContextShape(1000, 20, 0, 2, NETWORK)
    assert budget.chunk_rows(shape) == budget.encoded_rows(20, 2) == 16
    assert not budget.fits(ContextShape(2, 1, 0, 2, NETWORK))


def test_pieces_cover_all_rows_once():
    assert [range(25)[piece] for piece in pieces(25, 10)] == [
        range(10),
        range(10, 20),
        range(20, 25),
    ]
