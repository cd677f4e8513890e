"""Train one variant from random weights for a given CPU time and append its scores to a CSV file.

usage: python train.py VARIANT SEED SECONDS OUT.csv [VALIDATION]
VARIANT: a key of VARIANTS, or SIZE-N for width N; VALIDATION: a folder of .parquet tables.
One thread; time is process time, so that other load on the machine doesn't count, and scoring
isn't counted. Scores are written when the rate starts to fall (of the plain and of the averaged
weights), at the end, and for sizes, which hold the rate, whenever the tasks seen have doubled.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import nn

from tabtransfer import network as network_module
from tabtransfer.loss import task_loss
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain import optim
from tabtransfer.pretrain.corpus import load_corpus
from tabtransfer.pretrain.prior import PriorConfig
from tabtransfer.pretrain.schedule import learning_rate_factor
from tabtransfer.pretrain.stream import StreamConfig, TaskStream
from tabtransfer.pretrain.validation import validation_score, validation_tasks

DECAY = 0.4
WARMUP = 50
AVERAGING = 8.0  # the averaged weights look back on about this part of the steps
FIRST_POINT = 500  # tasks
N_SYNTHETIC = 192


@dataclass(frozen=True)
class Variant:
    """One change against the defaults."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    stream: StreamConfig = field(default_factory=StreamConfig)
    optimizers: Callable[[nn.Module], list[torch.optim.Optimizer]] = optim.build_optimizers
    kernels: bool = True
    grouped: bool = True
    curriculum: bool = False
    compiled: bool = False
    decay: float = DECAY


def adamw_alone(network: nn.Module) -> list[torch.optim.Optimizer]:
    """Give every parameter to AdamW, at the rate that it has in the default."""
    return [
        torch.optim.AdamW(
            network.parameters(), lr=optim.ADAMW_LR, betas=(0.9, 0.98), weight_decay=0.01
        )
    ]


S = StreamConfig()
VARIANTS = {
    "default": Variant(),
    "no-kernels": Variant(kernels=False),
    "no-thinking-rows": Variant(network=NetworkConfig(n_thinking=0)),
    "no-column-groups": Variant(grouped=False),
    "batches-x4": Variant(stream=replace(S, cells=4 * S.cells, max_tasks=4 * S.max_tasks)),
    "batches-/4": Variant(stream=replace(S, cells=S.cells // 4, min_tasks=1, max_tasks=8)),
    "small-tasks": Variant(stream=replace(S, max_rows=320, max_columns=20)),
    "curriculum": Variant(curriculum=True),
    "adamw-alone": Variant(optimizers=adamw_alone),
    "compiled": Variant(compiled=True),
}


def variant_of(name: str) -> Variant:
    """Look a variant up; sizes hold the learning rate."""
    if not name.startswith("SIZE-"):
        return VARIANTS[name]
    width = int(name.removeprefix("SIZE-"))
    return Variant(network=NetworkConfig(d_cell=width), decay=0.0)


@contextlib.contextmanager
def changed(variant: Variant) -> Iterator[None]:
    """Take parts of the network away while it trains and is scored."""
    offsets, kernels = network_module.NEIGHBOUR_OFFSETS, network_module.predict_by_kernels
    if not variant.grouped:
        network_module.NEIGHBOUR_OFFSETS = (0,)
    if not variant.kernels:
        network_module.predict_by_kernels = lambda batch, cells, labels: labels.new_zeros(
            *batch.values.shape[:2], network_module.N_KERNELS * labels.shape[-1]
        )
    yield
    network_module.NEIGHBOUR_OFFSETS, network_module.predict_by_kernels = offsets, kernels


class Average:
    """Average weights over steps, the later the more (Karras et al. 2023, arXiv 2312.02696)."""

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network)
        self.n_steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take the weights after a step in."""
        self.n_steps += 1
        share = min(1.0, (AVERAGING + 1.0) / (self.n_steps + AVERAGING))
        for mean, now in zip(self.network.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, share)


def main() -> None:
    """Train and write."""
    name, seed, seconds, out = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
    validation = Path(sys.argv[5]) if len(sys.argv) > 5 else None
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    variant = variant_of(name)
    with changed(variant):
        train(name, variant, seed, seconds, out, score_with(validation))


def score_with(validation: Path | None) -> Callable[[nn.Module], dict[str, float]]:
    """Score on synthetic tasks of the defaults that training never sees, and on real tables."""
    stream = TaskStream(PriorConfig(), replace(S, min_tasks=1, max_tasks=1), seed=2**31)
    synthetic = [stream.batch(step) for step in range(N_SYNTHETIC)]
    real = []
    if validation is not None:
        real = validation_tasks(load_corpus(validation))
        real += validation_tasks(load_corpus(validation, "regression"), "regression")

    @torch.inference_mode()
    def score(network: nn.Module) -> dict[str, float]:
        with torch.autocast("cpu", torch.bfloat16):
            losses = [task_loss(network(task), task).item() for task in synthetic]
        scores = {"synthetic": sum(losses) / len(losses)}
        return scores | (validation_score(network, real) if real else {})

    return score


def train(
    name: str,
    variant: Variant,
    seed: int,
    seconds: float,
    out: Path,
    score: Callable[[nn.Module], dict[str, float]],
) -> None:
    """Train one variant."""
    network = TabularTransformer(variant.network)
    step_network = torch.compile(network, dynamic=True) if variant.compiled else network
    n_parameters = sum(p.numel() for p in network.parameters())
    average, optimizers = Average(network), variant.optimizers(network)
    rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    stream = TaskStream(PriorConfig(), variant.stream, seed)
    n_tasks, n_steps, next_point, held = 0, 0, FIRST_POINT, variant.decay == 0.0
    started, scoring = time.process_time(), 0.0

    def write(weights: str, scored: nn.Module) -> None:
        nonlocal scoring
        before = time.process_time()
        row = {
            "variant": name,
            "seed": seed,
            "parameters": n_parameters,
            "seconds": round(before - started - scoring),
            "steps": n_steps,
            "tasks": n_tasks,
            "weights": weights,
        }
        row |= {key: round(value, 5) for key, value in score(scored).items()}
        new = not out.exists()
        with out.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(row, flush=True)
        scoring += time.process_time() - before

    while (progress := (time.process_time() - started - scoring) / seconds) < 1.0:
        factor = learning_rate_factor(progress, n_steps, WARMUP, variant.decay)
        for optimizer, own in zip(optimizers, rates, strict=True):
            for group, rate in zip(optimizer.param_groups, own, strict=True):
                group["lr"] = rate * factor
        if variant.curriculum:
            stream.config = replace(S, max_rows=round(128 * (S.max_rows / 128) ** progress))
        batch = stream.batch(n_steps)
        with torch.autocast("cpu", torch.bfloat16):
            loss = task_loss(step_network(batch), batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        n_steps += 1
        n_tasks += len(batch.labels)
        average.update(network)
        if not held and progress >= 1.0 - variant.decay:
            held = True
            write("held", network)
            write("averaged", average.network)
        if variant.decay == 0.0 and n_tasks >= next_point:
            next_point *= 2
            write("averaged", average.network)
    write("decayed" if variant.decay else "averaged", network if variant.decay else average.network)


if __name__ == "__main__":
    main()
