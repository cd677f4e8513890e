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
    speed = Throughput(NetworkConfig())
    speed.peak, speed.world_size = 1e9, 2
    for _ in range(2):
        speed.start()
        clock.now += 0.5
        speed.stop(batch)
        clock.now += 1.0
    read = speed.read()
    assert read["tasks_per_second"] == pytest.approx(2 * n_tasks / 0.5)
    assert read["cells_per_second"] == read["tasks_per_second"] * n_rows * n_columns
    flops = training_flops(NetworkConfig(), n_rows, batch.n_train, n_columns)
    assert read["peak_share"] == pytest.approx(read["tasks_per_second"] / 2 * flops / 1e9)
    assert speed.read() == {}


def test_peak_is_that_of_the_fastest_product(clock, monkeypatch):
    monkeypatch.setitem(throughput.PEAK_SIZE, "cpu", 8)
    clock.tick = 0.2 * PEAK_SECONDS  # a product lies between two readings
    found = peak_flops(torch.device("cpu"), torch.float32)
    assert found == pytest.approx(2 * 8**3 / clock.tick)
