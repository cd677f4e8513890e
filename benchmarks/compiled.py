"""Train a network whose blocks are compiled beside the plain one, on the same tasks.

usage: python benchmarks/compiled.py [--steps 200] [--shapes 0]

Both start from the same weights and take the same steps; printed are the largest difference
between their losses, in all and over the first 20 steps, the median seconds of a step, and how many
graphs were compiled. A small network and small tasks of changing sizes, or of so many fixed shapes:
compiling for a CPU takes minutes for any network.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

import torch
from torch._dynamo.utils import counters

from tabtransfer.network.described import DescribedBatch, describe
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.training.compiled import compile_blocks
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream

NETWORK = NetworkConfig(d_cell=16, n_summary=4, row_layers=2, context_layers=3)
STREAM = StreamConfig(max_rows=200, max_columns=12, cells=8000, learner_share=0.0)
BEGINNING = 20  # steps, before differences of rounding have grown
WARMING = 30  # steps that may compile, not timed


def take_step(
    network: TabularTransformer,
    optimizers: list[torch.optim.Optimizer],
    batch: DescribedBatch,
) -> tuple[float, float]:
    """Take a step; return its loss and its seconds."""
    started = time.perf_counter()
    loss = task_loss(network(batch), batch.batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return loss.item(), time.perf_counter() - started


def main() -> None:
    """Train both networks, and print how they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--shapes", type=int, default=0)
    options = parser.parse_args()
    n_steps = options.steps
    torch.set_num_threads(1)
    networks = []
    for _ in range(2):
        torch.manual_seed(0)
        networks.append(TabularTransformer(NETWORK))
    compile_blocks(networks[1], "auto", options.shapes)
    optimizers = [build_optimizers(network) for network in networks]
    stream = TaskStream(PriorConfig(), replace(STREAM, shapes=options.shapes), seed=0)
    losses: list[list[float]] = [[], []]
    seconds: list[list[float]] = [[], []]
    for step in range(n_steps):
        batch = describe(stream.batch(step))
        for which in (0, 1):
            loss, taken = take_step(networks[which], optimizers[which], batch)
            losses[which].append(loss)
            seconds[which].append(taken)
        if step % 20 == 0:
            print(f"step {step:4}  plain {losses[0][-1]:.5f}  compiled {losses[1][-1]:.5f}")
    apart = [abs(one - other) for one, other in zip(*losses, strict=True)]
    print(
        f"largest difference of losses: {max(apart[:BEGINNING]):.2g} in {BEGINNING} steps, ", end=""
    )
    print(f"{max(apart):.2g} in {n_steps}")
    medians = [statistics.median(taken[WARMING:]) for taken in seconds]
    print(f"seconds a step: plain {medians[0]:.3f}, compiled {medians[1]:.3f}")
    n_broken = counters["graph_break"].total()
    print(f"graphs: {counters['stats']['unique_graphs']}, broken: {n_broken}")


if __name__ == "__main__":
    main()
