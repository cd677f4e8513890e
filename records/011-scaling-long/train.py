"""Train one size on small tasks at a held rate and append its losses to a CSV file.

usage: python train.py SIZE SEED SECONDS OUT.csv
One thread, float32; time is process time without scoring. The averaged weights are scored on
synthetic tasks that training never saw whenever the tasks seen have grown by half.
"""

from __future__ import annotations

import copy
import csv
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from tabtransfer.loss import task_loss
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.cost import training_flops
from tabtransfer.pretrain.optim import build_optimizers
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.stream import StreamConfig, TaskStream

SIZES = {
    "tiny": NetworkConfig(d_cell=8, row_layers=1, row_heads=1, context_layers=3, context_heads=2),
    "small": NetworkConfig(d_cell=8, row_heads=1, context_heads=2),
    "medium": NetworkConfig(d_cell=16),
    "default": NetworkConfig(),
}
STREAM = StreamConfig(max_rows=256, max_columns=12, cells=20_000, min_tasks=4, max_tasks=16)
AVERAGING = 8.0  # the averaged weights look back on about this part of the steps
FIRST_POINT, GROWTH = 1000, 1.5
N_SCORED = 384


@torch.inference_mode()
def score(network: TabularTransformer, tasks: list) -> float:
    """Give the mean loss."""
    return sum(task_loss(network(task), task).item() for task in tasks) / len(tasks)


def main() -> None:
    """Train and write."""
    name, seed, seconds, out = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    config = SIZES[name]
    network = TabularTransformer(config)
    average = copy.deepcopy(network)
    optimizers = build_optimizers(network)
    rates = [[group["lr"] for group in o.param_groups] for o in optimizers]
    unseen = TaskStream(PriorConfig(), replace(STREAM, min_tasks=1, max_tasks=1), seed=2**31)
    tasks = [unseen.batch(step) for step in range(N_SCORED)]
    stream = TaskStream(PriorConfig(), STREAM, seed)
    n_tasks, n_steps, next_point, flops = 0, 0, float(FIRST_POINT), 0.0
    started, scoring = time.process_time(), 0.0

    def write() -> None:
        nonlocal scoring
        before = time.process_time()
        row = {
            "size": name,
            "seed": seed,
            "parameters": sum(p.numel() for p in network.parameters()),
            "seconds": round(before - started - scoring),
            "tasks": n_tasks,
            "flops": f"{flops:.4g}",
            "synthetic": round(score(average, tasks), 5),
        }
        new = not out.exists()
        with out.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(row, flush=True)
        scoring += time.process_time() - before

    while time.process_time() - started - scoring < seconds:
        for optimizer, own in zip(optimizers, rates, strict=True):
            for group, rate in zip(optimizer.param_groups, own, strict=True):
                group["lr"] = rate * min(1.0, (n_steps + 1) / 50)
        batch = stream.batch(n_steps)
        task_loss(network(batch), batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        n_steps += 1
        n_tasks += len(batch.labels)
        rows, columns = batch.values.shape[1:]
        flops += len(batch.labels) * training_flops(config, rows, batch.n_train, columns)
        with torch.no_grad():
            share = min(1.0, (AVERAGING + 1.0) / (n_steps + AVERAGING))
            for mean, now in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, share)
        if n_tasks >= next_point:
            next_point *= GROWTH
            write()
    write()


if __name__ == "__main__":
    main()
