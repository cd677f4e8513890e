"""Count the operations of a training step that a GPU would have to be told one by one.

usage: python benchmarks/operations.py

16 tasks of 256 rows × 10 columns, half of the rows for training; the second step is counted, as
the first makes the optimizers' states. Views, which launch nothing, don't count. Where tasks are
made and described by processes on CPUs (`--workers`), the first two parts don't reach the GPU.
Muon's are counted on tensors without values, as on a GPU; on a CPU it steps matrix by matrix.
The second column has a stand-in of a few operations for every attention block: what is left where
blocks are compiled (`--compile`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from tabtransfer.network.attention import AttentionKeys, Block
from tabtransfer.network.described import describe
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
from tabtransfer.pretrain.training.optim import build_optimizers

N_TASKS, N_ROWS, N_COLUMNS, N_TRAIN = 16, 256, 10, 128
# Nothing is launched for these, though they aren't marked as views, or only for a profiler.
NOTHING = ("aten._unsafe_view", "profiler.")


class Operations(TorchDispatchMode):
    """Count operations by the part of the step that is set.

    Attributes
    ----------
    part : str
        Where operations are counted.
    counts : Counter
        Operations of each part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.part = ""
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if not function.is_view and not str(function).startswith(NOTHING):
            self.counts[self.part] += 1
        return function(*args, **(kwargs or {}))


class StandIn(torch.autograd.Function):
    """Stand for a compiled block: one operation forward and one for each gradient."""

    @staticmethod
    def forward(context: Any, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        context.save_for_backward(keys, values)
        return x * 1.0

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keys, values = context.saved_tensors
        return gradient * 1.0, keys * 0.0, values * 0.0


def stand_in(block: Block, x: Tensor, keys: AttentionKeys) -> Tensor:
    """Pass rows through, with gradients for all that a block learns from."""
    return StandIn.apply(x, keys.keys, keys.values)


def count_step(n_tasks: int, n_rows: int, n_columns: int, n_train: int) -> Counter[str]:
    """Count the operations of a step, by part, in the order of the step."""
    network = TabularTransformer(NetworkConfig())
    muon, adamw = build_optimizers(network)
    hollow, _ = build_optimizers(TabularTransformer(NetworkConfig()).to("meta"))
    operations = Operations()
    for _ in range(2):
        generator = torch.Generator().manual_seed(0)
        operations.counts.clear()
        with operations:
            operations.part = "prior"
            batch = sample_batch(PriorConfig(), n_tasks, n_rows, n_columns, n_train, generator)
            operations.part = "description of rows"
            described = describe(batch)
            operations.part = "forward and loss"
            loss = task_loss(network(described), batch)
            operations.part = "backward"
            loss.backward()
            operations.part = "clipping"
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            adamw.found_inf = torch.isfinite(norm).logical_not().float()
            operations.part = "AdamW"
            adamw.step()
            operations.part = "Muon"
            hollow.found_inf = adamw.found_inf.to("meta")
            hollow.step()
        muon.step()
        network.zero_grad()
        for weight in hollow.param_groups[0]["params"]:
            weight.grad = torch.zeros_like(weight)
    return operations.counts


def main() -> None:
    """Print the counts."""
    torch.set_num_threads(1)
    size = N_TASKS, N_ROWS, N_COLUMNS, N_TRAIN
    plain = count_step(*size)
    with mock.patch.object(Block, "forward", stand_in):
        compiled = count_step(*size)
    print(f"{'':<22}{'plain':>10}{'compiled':>10}")
    for part in plain:
        print(f"{part:<22}{plain[part]:>10,}{compiled[part]:>10,}")
    print(f"{'all':<22}{plain.total():>10,}{compiled.total():>10,}")
    rest = [c.total() - c["prior"] - c["description of rows"] for c in (plain, compiled)]
    print(f"{'without the first two':<22}{rest[0]:>10,}{rest[1]:>10,}")


if __name__ == "__main__":
    main()
