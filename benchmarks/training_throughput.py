"""Count training tasks per second of the network beside nanoTabPFN's, one thread, in one process.

usage: python benchmarks/training_throughput.py [--rounds 5]

A step is forward, backward, clipping and the optimizer on tasks of two classes and numeric
columns, 60 % of the rows training rows; making the tasks isn't counted. Both networks run in
float32 and under bfloat16 autocast. They take turns, round by round, so that a drift of the
machine's speed meets all of them, and the best round of each counts.

nanoTabPFN (Pfefferle et al. 2025, arXiv 2511.03634) is written out here from its description and
settings, on torch's own attention layers, with torch's fused attention and with its plain one: on
CPUs now one, now the other is faster. Ours steps with Muon and AdamW, as it is trained;
nanoTabPFN with AdamW in place of its schedule-free AdamW, which takes about as long.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from contextlib import AbstractContextManager, nullcontext

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.training.optim import build_optimizers
from tabtransfer.tasks import TaskBatch

SIZES = ((150, 5, 32), (256, 10, 16), (800, 20, 2))  # rows, columns, tasks a step
TRAIN_SHARE = 0.6
SECONDS_A_ROUND = 3.0
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class NanoLayer(nn.Module):
    """Attention over columns, attention over rows, feed-forward; a norm after each."""

    def __init__(self, d: int, n_heads: int, d_hidden: int) -> None:
        super().__init__()
        self.over_columns = nn.MultiheadAttention(d, n_heads, batch_first=True)
        self.over_rows = nn.MultiheadAttention(d, n_heads, batch_first=True)
        self.feedforward = nn.Sequential(nn.Linear(d, d_hidden), nn.GELU(), nn.Linear(d_hidden, d))
        self.norms = nn.ModuleList(nn.LayerNorm(d) for _ in range(3))

    def forward(self, cells: Tensor, n_train: int) -> Tensor:
        """Update cells (b, r, c, d); every row attends to the training rows."""
        b, r, c, d = cells.shape
        x = cells.reshape(b * r, c, d)
        x = self.norms[0](x + self.over_columns(x, x, x, need_weights=False)[0])
        x = x.reshape(b, r, c, d).transpose(1, 2).reshape(b * c, r, d)
        known = x[:, :n_train]
        x = self.norms[1](x + self.over_rows(x, known, known, need_weights=False)[0])
        x = self.norms[2](x + self.feedforward(x))
        return x.reshape(b, c, r, d).transpose(1, 2)


class NanoTabPFN(nn.Module):
    """nanoTabPFN's network: every cell a token, the target a column whose query cells are means."""

    def __init__(
        self, d: int = 96, n_heads: int = 4, d_hidden: int = 192, n_layers: int = 3
    ) -> None:
        super().__init__()
        self.encode_cell = nn.Linear(1, d)
        self.encode_target = nn.Linear(1, d)
        self.layers = nn.ModuleList(NanoLayer(d, n_heads, d_hidden) for _ in range(n_layers))
        self.decode = nn.Sequential(nn.Linear(d, d_hidden), nn.GELU(), nn.Linear(d_hidden, 2))

    def forward(self, batch: TaskBatch) -> Tensor:
        """Return the logits (b, q, 2) of the query rows."""
        known = batch.values[:, : batch.n_train]
        values = (batch.values - known.mean(1, keepdim=True)) / known.std(1, keepdim=True)
        target = batch.labels[:, : batch.n_train].float()
        n_query = batch.labels.shape[1] - batch.n_train
        target = torch.cat([target, target.mean(1, keepdim=True).expand(-1, n_query)], 1)
        cells = torch.cat(
            [
                self.encode_cell(values.clamp(-100, 100)[..., None]),
                self.encode_target(target[..., None])[:, :, None],
            ],
            2,
        )  # (b, r, c + 1, d)
        for layer in self.layers:
            cells = layer(cells, batch.n_train)
        return self.decode(cells[:, batch.n_train :, -1])


class Arm:
    """A network with its optimizers."""

    def __init__(
        self,
        network: nn.Module,
        optimizers: list[torch.optim.Optimizer],
        attention: SDPBackend | None = None,
    ) -> None:
        self.network = network
        self.optimizers = optimizers
        self.attention = attention

    def _kernel(self) -> AbstractContextManager:
        return nullcontext() if self.attention is None else sdpa_kernel(self.attention)

    def step(self, batch: TaskBatch, precision: torch.dtype) -> None:
        """Take one training step."""
        with self._kernel():
            with torch.autocast("cpu", torch.bfloat16, enabled=precision is torch.bfloat16):
                logits = self.network(batch)
            task_loss(logits, batch).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()

    def tasks_per_second(self, batch: TaskBatch, precision: torch.dtype) -> float:
        """Step for a few seconds."""
        start, n_steps = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS_A_ROUND:
            self.step(batch, precision)
            n_steps += 1
        return n_steps * len(batch.labels) / (time.perf_counter() - start)


def make_batch(n_rows: int, n_columns: int, n_tasks: int) -> TaskBatch:
    """Make tasks of two classes."""
    values = torch.randn(n_tasks, n_rows, n_columns)
    return TaskBatch(
        values=values,
        missing=torch.zeros_like(values, dtype=torch.bool),
        categorical=torch.zeros(n_tasks, n_columns, dtype=torch.bool),
        labels=(values.sum(-1) > 0).long(),
        n_train=int(TRAIN_SHARE * n_rows),
        n_columns=torch.full((n_tasks,), n_columns),
        n_classes=torch.full((n_tasks,), 2),
    )


def main() -> None:
    """Run the benchmark and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours, nano = TabularTransformer(NetworkConfig()), NanoTabPFN()
    adamw = [torch.optim.AdamW(nano.parameters(), lr=1e-3, weight_decay=0.0)]
    arms = {
        "tabtransfer": Arm(ours, build_optimizers(ours)),
        "nano, fused": Arm(nano, adamw),
        "nano, plain": Arm(nano, adamw, SDPBackend.MATH),
    }
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, one thread")
    for name, network in (("tabtransfer", ours), ("nanoTabPFN", nano)):
        print(f"{name}: {sum(p.numel() for p in network.parameters()):,} parameters")
    heads = "".join(f"{name:>13}" for name in (*arms, "ratio to best"))
    print(f"{'rows × columns, tasks':23}{'precision':13}{heads}")
    for size in SIZES:
        batch = make_batch(*size)
        best = {(name, precision): 0.0 for precision in PRECISIONS for name in arms}
        for name, precision in best:
            arms[name].step(batch, PRECISIONS[precision])
        for _ in range(rounds):
            for name, precision in best:
                speed = arms[name].tasks_per_second(batch, PRECISIONS[precision])
                best[name, precision] = max(best[name, precision], speed)
        lines = {p: [best[name, p] for name in arms] for p in PRECISIONS}
        lines["best of each"] = [max(best[name, p] for p in PRECISIONS) for name in arms]
        for precision, speeds in lines.items():
            cells = "".join(f"{speed:13.1f}" for speed in speeds)
            label = f"{size[0]} × {size[1]}, {size[2]}"
            ratio = speeds[0] / max(speeds[1:])
            print(f"{label:23}{precision:13}{cells}{ratio:13.2f}", flush=True)


if __name__ == "__main__":
    main()
