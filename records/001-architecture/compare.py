"""Train one arm for a given CPU time and print its scores on real validation tables.

usage: python compare.py ARM SECONDS VALIDATION
ARM: cell | small | wide; VALIDATION: a folder of .parquet files, target last.
One thread; arms are compared by process time, so that other load on the machine doesn't count.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from cell_network import CellConfig, CellNetwork

from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.corpus import load_corpus
from tabtransfer.pretrain.module import task_loss
from tabtransfer.pretrain.optim import build_optimizers
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
from tabtransfer.pretrain.validation import validation_score, validation_tasks

CELLS = 40_960
ROWS = (96, 128, 192, 256, 320)
DECAY = 0.3
ARMS = {
    "cell": lambda: CellNetwork(CellConfig()),
    "small": lambda: TabularTransformer(NetworkConfig(n_summary=4, context_layers=4)),
    "wide": lambda: TabularTransformer(NetworkConfig(n_summary=6, context_layers=6)),
}


def main() -> None:
    """Train and report."""
    arm, seconds, validation = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = ARMS[arm]()
    tasks = validation_tasks(load_corpus(validation))
    optimizers = build_optimizers(network)
    full_rates = [[group["lr"] for group in o.param_groups] for o in optimizers]
    generator, random = torch.Generator().manual_seed(1), np.random.default_rng(1)
    losses: list[float] = []
    n_tasks, start = 0, time.process_time()
    while (progress := (time.process_time() - start) / seconds) < 1.0:
        factor = min(1.0, (len(losses) + 1) / 50) * min(1.0, (1.0 - progress) / DECAY)
        for optimizer, rates in zip(optimizers, full_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * factor
        n_columns, n_rows = int(random.integers(2, 17)), int(random.choice(ROWS))
        size = max(2, min(32, CELLS // (n_rows * n_columns)))
        n_train = int(n_rows * random.uniform(0.4, 0.85))
        batch = sample_batch(PriorConfig(), size, n_rows, n_columns, n_train, generator)
        with torch.autocast("cpu", torch.bfloat16):
            loss = task_loss(network(batch), batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        losses.append(loss.item())
        n_tasks += size
    n_parameters = sum(p.numel() for p in network.parameters())
    print(arm, n_parameters, n_tasks, np.mean(losses[-300:]), validation_score(network, tasks))


if __name__ == "__main__":
    main()
