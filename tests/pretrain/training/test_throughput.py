"""Speed is what was done over the time that it took."""

from __future__ import annotations

import time

import pytest
import torch

from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.training.cost import training_flops
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream
from tabtransfer.pretrain.training.throughput import Throughput, peak_flops


def test_speed_counts_steps_and_not_what_is_between_them():
    stream = TaskStream(PriorConfig(), StreamConfig(max_rows=64, max_columns=4, cells=1024))
    batch = stream.batch(0)
    n_tasks, n_rows, n_columns = batch.values.shape
    speed = Throughput(NetworkConfig())
    speed.peak, speed.world_size = 1e9, 2
    for _ in range(2):
        speed.start()
        time.sleep(0.05)
        speed.stop(batch)
        time.sleep(0.1)
    read = speed.read()
    assert read["tasks_per_second"] == pytest.approx(2 * n_tasks / 0.05, rel=0.2)
    assert read["cells_per_second"] == read["tasks_per_second"] * n_rows * n_columns
    flops = training_flops(NetworkConfig(), n_rows, batch.n_train, n_columns)
    assert read["peak_share"] == pytest.approx(read["tasks_per_second"] / 2 * flops / 1e9)
    assert speed.read() == {}


def test_peak_is_at_least_what_a_smaller_product_reaches():
    a = torch.ones(256, 256)
    start = time.perf_counter()
    for _ in range(20):
        a @ a
    reached = 20 * 2 * 256**3 / (time.perf_counter() - start)
    assert peak_flops(torch.device("cpu"), torch.float32) > 0.5 * reached
