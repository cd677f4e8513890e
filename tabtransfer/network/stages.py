"""The network's two stages of attention: within a row, and from rows to the training rows.

Shapes: b tasks, r rows, n training rows, c columns, d cell width, e row width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tabtransfer.network.attention import AttentionKeys, Block


class RowStage(nn.Module):
    """Attention among the cells of a row; its summary tokens become the row's vector."""

    def __init__(self, d: int, n_heads: int, n_layers: int, n_summary: int) -> None:
        super().__init__()
        self.summary = _learned_tokens(n_summary, d, 1.0)
        blocks = [Block(d, n_heads) for _ in range(n_layers)]
        self.blocks = cast("Sequence[Block]", nn.ModuleList(blocks))
        self.norm = nn.LayerNorm(d, bias=False)

    def forward(self, cells: Tensor, padding: Tensor | None) -> Tensor:
        """Turn cells (b, c, r, d) into row vectors (b, r, n_summary * d)."""
        n_summary = len(self.summary)
        b, _, r, _ = cells.shape
        summary = self.summary.to(cells.dtype).expand(b, r, -1, -1)
        x = torch.cat([summary, cells.transpose(1, 2)], 2)  # (b, r, s + c, d)
        bias = None
        if padding is not None:
            bias = F.pad(padding, (n_summary, 0))[:, None, None, None]  # (b, 1, 1, 1, s + c)
            bias = torch.zeros_like(bias, dtype=x.dtype).masked_fill(bias, -torch.inf)
        for block in self.blocks[:-1]:
            x = block(x, block.read(x, bias))
        last = self.blocks[-1]
        return self.norm(last(x[:, :, :n_summary], last.read(x, bias))).flatten(-2)


class ContextStage(nn.Module):
    """Attention of every row to the training rows and to a few learned thinking rows."""

    def __init__(self, d: int, n_heads: int, n_layers: int, n_thinking: int) -> None:
        super().__init__()
        self.thinking = _learned_tokens(n_thinking, d, 0.5)
        blocks = [Block(d, n_heads, scales_with_length=True) for _ in range(n_layers)]
        self.blocks = cast("Sequence[Block]", nn.ModuleList(blocks))

    def read(self, rows: Tensor, weights: Tensor | None) -> tuple[AttentionKeys, ...]:
        """Return every layer's keys of the training rows (b, n, e)."""
        thinking = self.thinking.to(rows.dtype).expand(len(rows), -1, -1)
        x = torch.cat([thinking, rows], 1)
        bias, n_keys = _weight_bias(weights, len(self.thinking))
        keys = [self.blocks[0].read(x, bias, n_keys)]
        for block, following in pairwise(self.blocks):
            x = block(x, keys[-1])
            keys.append(following.read(x, bias, n_keys))
        return tuple(keys)

    def forward(self, rows: Tensor, keys: tuple[AttentionKeys, ...]) -> Tensor:
        """Update rows (b, r, e) from the training rows."""
        for block, layer_keys in zip(self.blocks, keys, strict=True):
            rows = block(rows, layer_keys)
        return rows

    def attention(self, rows: Tensor, keys: tuple[AttentionKeys, ...]) -> Tensor:
        """Return the attention of rows (b, r, e) to training rows, the mean of heads (b, r, n)."""
        n_thinking = len(self.thinking)
        total = rows.new_zeros(*rows.shape[:2], keys[0].keys.shape[-2] - n_thinking)
        for block, layer_keys in zip(self.blocks, keys, strict=True):
            total += block.weights(rows, layer_keys).mean(-3)[..., n_thinking:]
            rows = block(rows, layer_keys)
        return total / len(self.blocks)


def _weight_bias(weights: Tensor | None, n_thinking: int) -> tuple[Tensor | None, Tensor | None]:
    """Turn row weights into a logit bias (b, 1, 1, k) and an effective key count (b, 1, 1, 1)."""
    if weights is None:
        return None, None
    bias = F.pad(weights.log(), (n_thinking, 0))[:, None, None]
    return bias, (weights.sum(-1) + n_thinking)[:, None, None, None]


def _learned_tokens(n: int, d: int, deviation: float) -> nn.Parameter:
    """Return tokens (n, d) that start as normal numbers."""
    tokens = torch.empty(n, d)
    # Drawing numbers for tokens without values imports all of torch's compiler.
    if not tokens.is_meta:
        tokens.normal_(std=deviation)
    return nn.Parameter(tokens)
