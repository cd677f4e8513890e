"""Measure what making batches costs a core, of any size and of fixed shapes.

usage: python batches.py

24 synthetic batches of the preset one-gpu each, with trees and hidden rows as it has them, and the
description of their rows: what a process of `--workers` does.
"""

import time
from dataclasses import replace

import torch

from tabtransfer.network.described import describe
from tabtransfer.pretrain.plan.presets import PRESETS
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.training.stream import TaskStream

N_BATCHES = 24

torch.set_num_threads(1)
for shapes in (0, 10):
    config = replace(PRESETS["one-gpu"].recipe.stream, shapes=shapes)
    stream = TaskStream(PriorConfig(), config, seed=1)
    seconds = {"made": 0.0, "described": 0.0}
    tasks, rows, cells = 0, 0, 0
    for number in range(N_BATCHES):
        started = time.process_time()
        batch = stream.batch(number)
        made = time.process_time()
        describe(batch, stream.masks_columns)
        seconds["made"] += made - started
        seconds["described"] += time.process_time() - made
        tasks += len(batch.labels)
        rows += batch.labels.numel()
        cells += batch.values.numel()
    means = ", ".join(f"{name} {total / N_BATCHES:.2f} s" for name, total in seconds.items())
    print(
        f"{shapes} shapes: {means}; {tasks / N_BATCHES:.1f} tasks, {rows / N_BATCHES:,.0f} rows, "
        f"{cells / N_BATCHES:,.0f} cells a batch; {tasks / sum(seconds.values()):.1f} tasks/s"
    )
