"""Speed is what was done over the time that it took."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.training import throughput
from tabtransfer.pretrain.training.cost import training_flops
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream
from tabtransfer.pretrain.training.throughput import PEAK_SECONDS, Throughput, peak_flops


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that moves when told to, or by `clock.tick` with every reading."""
    clock = SimpleNamespace(now=100.0, tick=0.0)

    def read():
        clock.now += clock.tick
        return clock.now

    monkeypatch.setattr(throughput, "time", SimpleNamespace(perf_counter=read))
    return clock


def test_speed_counts_steps_and_not_what_is_between_them(clock):
    stream = TaskStream(PriorConfig(), StreamConfig(max_rows=64, max_columns=4, cells=1024))
    batch = stream.batch(0)
    n_tasks, n_rows, n_columns = batch.values.shape
    speed = Throughput(NetworkConfig(), optimizer_flops=4e8)
    speed.peak, speed.world_size = 1e9, 2
    for _ in range(2):
        speed.start()
        clock.now += 0.5
        speed.stop(batch)
        clock.now += 1.0
    read = speed.read()
    assert read["tasks_per_second"] == pytest.approx(2 * n_tasks / 0.5)
    assert read["cells_per_second"] == read["tasks_per_second"] * n_rows * n_columns
    parts = training_flops(NetworkConfig(), n_rows, batch.n_train, n_columns)
    flops = {part: n_tasks * each for part, each in parts.items()} | {"optimizer": 4e8}
    assert list(flops) == list(throughput.PARTS)
    for part, each in flops.items():
        assert read[f"peak_share_{part}"] == pytest.approx(each / 0.5 / 1e9)
    assert read["peak_share"] == pytest.approx(sum(flops.values()) / 0.5 / 1e9)
    assert read["gflop_per_batch"] == pytest.approx(sum(flops.values()) / 1e9)
    assert speed.read() == {}


def test_kernels_of_other_processes_do_not_count(clock):
    batch = TaskStream(PriorConfig(), StreamConfig(max_rows=64, max_columns=4, cells=512)).batch(0)
    shares = []
    for elsewhere in (False, True):
        speed = Throughput(NetworkConfig(), kernels_elsewhere=elsewhere)
        speed.peak = 1e9
        speed.start()
        clock.now += 1.0
        speed.stop(batch)
        shares.append(speed.read())
    here, there = shares
    assert here["peak_share_kernels"] > 0 and there["peak_share_kernels"] == 0
    assert here["peak_share"] - here["peak_share_kernels"] == pytest.approx(there["peak_share"])


def test_peak_is_that_of_the_fastest_product(clock, monkeypatch):
    monkeypatch.setitem(throughput.PEAK_SIZE, "cpu", 8)
    clock.tick = 0.2 * PEAK_SECONDS  # a product lies between two readings
    found = peak_flops(torch.device("cpu"), torch.float32)
    assert found == pytest.approx(2 * 8**3 / clock.tick)
