"""Attention blocks, pre-norm, with a learned log-n temperature.

Shapes: ``(..., length, d)``; every leading axis is a batch axis.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

GPU_SEQUENCES = 2**16 - 1  # of which PyTorch's kernels for GPUs attend to at once, at most
LONG = 256  # keys from which PyTorch's attention is the faster one on CPUs, without gradients


@dataclass(frozen=True)
class AttentionKeys:
    """The keys and values that can be attended to.

    Parameters
    ----------
    keys, values : Tensor, (…, heads, k, d / heads)
        Keys and values.
    bias : Tensor or None
        Added to the logits; broadcast to (…, heads, q, k).
    log_length : float or Tensor
        Logarithm of the effective number of keys.
    """

    keys: Tensor
    values: Tensor
    bias: Tensor | None
    log_length: float | Tensor


class Attention(nn.Module):
    """Multi-head attention whose temperature follows the number of keys.

    Queries are scaled by ``s * log(n)`` with a learned ``s`` per head, so that attention stays
    sharp over long contexts (scalable softmax, Nakanishi 2025).

    Parameters
    ----------
    d : int
        Width.
    n_heads : int
        Heads; must divide ``d``.
    scales_with_length : bool
        Whether the temperature follows the number of keys.
    """

    def __init__(self, d: int, n_heads: int, scales_with_length: bool = False) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d, d, bias=False)
        self.key = nn.Linear(d, d, bias=False)
        self.value = nn.Linear(d, d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        nn.init.zeros_(self.out.weight)
        self.length_scale = (
            nn.Parameter(torch.full((n_heads, 1, 1), 1.0 / math.log(128)))
            if scales_with_length
            else None
        )

    def read(
        self, x: Tensor, bias: Tensor | None = None, n_keys: Tensor | None = None
    ) -> AttentionKeys:
        """Make keys of ``x`` (…, k, d).

        ``bias`` (broadcast to …, heads, q, k) is added to the logits; ``n_keys`` (…, 1, 1, 1) is
        the effective number of keys, their count if not given.
        """
        length: float | Tensor = math.log(x.shape[-2]) if n_keys is None else n_keys.log()
        return AttentionKeys(self._by_head(self.key(x)), self._by_head(self.value(x)), bias, length)

    def forward(self, x: Tensor, keys: AttentionKeys) -> Tensor:
        """Let ``x`` (…, q, d) attend to keys."""
        y = _attend(self._queries(x, keys), keys.keys, keys.values, keys.bias)
        return self.out(y.transpose(-2, -3).flatten(-2))

    def weights(self, x: Tensor, keys: AttentionKeys) -> Tensor:
        """Return the attention of ``x`` (…, q, d) to keys: weights of sum 1 (…, heads, q, k)."""
        q = self._queries(x, keys)
        logits = (q * q.shape[-1] ** -0.5) @ keys.keys.mT
        if keys.bias is not None:
            logits = logits + keys.bias.to(logits.dtype)
        return logits.softmax(-1)

    def _queries(self, x: Tensor, keys: AttentionKeys) -> Tensor:
        q = self._by_head(self.query(x))
        if self.length_scale is not None:
            q = q * (self.length_scale * keys.log_length).to(q.dtype)
        return q

    def _by_head(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(-2, -3)


class Block(nn.Module):
    """Attention, then a feed-forward layer, each behind a norm and a residual."""

    def __init__(
        self, d: int, n_heads: int, expansion: int = 2, scales_with_length: bool = False
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d, bias=False)
        self.attention = Attention(d, n_heads, scales_with_length)
        self.norm_feedforward = nn.LayerNorm(d, bias=False)
        self.expand = nn.Linear(d, expansion * d, bias=False)
        self.contract = nn.Linear(expansion * d, d, bias=False)
        nn.init.zeros_(self.contract.weight)

    def read(
        self, x: Tensor, bias: Tensor | None = None, n_keys: Tensor | None = None
    ) -> AttentionKeys:
        """Make keys of ``x`` (…, k, d); see `Attention.read`."""
        return self.attention.read(self.norm(x), bias, n_keys)

    def forward(self, x: Tensor, keys: AttentionKeys) -> Tensor:
        """Update ``x`` (…, q, d) from keys."""
        x = x + self.attention(self.norm(x), keys)
        return x + self.contract(F.gelu(self.expand(self.norm_feedforward(x))))

    def weights(self, x: Tensor, keys: AttentionKeys) -> Tensor:
        """Return the attention of ``x`` (…, q, d) to keys; see `Attention.weights`."""
        return self.attention.weights(self.norm(x), keys)


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """Attend with q (…, heads, q, d) to k, v (…, heads, k, d)."""
    batch = q.shape[:-3]
    if bias is not None:
        bias = bias.to(q.dtype).expand(*batch, -1, -1, -1).flatten(0, len(batch) - 1)
    q, k, v = (x.flatten(0, len(batch) - 1) for x in (q, k, v))
    learns = torch.is_grad_enabled() and q.requires_grad
    if q.is_cuda:
        y = _fused_attention(q, k, v, bias)
    elif k.shape[-2] >= LONG and not learns:
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    else:
        y = _ShortAttention.apply(q * q.shape[-1] ** -0.5, k, v, bias)
    return y.unflatten(0, batch)


def _fused_attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """Attend on a GPU, by kernels that take GPU_SEQUENCES at once and any shape.

    cuDNN's, which PyTorch prefers on some GPUs, are planned anew for every shape: with tasks of
    changing shapes that took ten times as long as all else.
    """
    masks = itertools.repeat(None) if bias is None else bias.split(GPU_SEQUENCES)
    parts = zip(*(x.split(GPU_SEQUENCES) for x in (q, k, v)), masks, strict=False)
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
        attended = [
            F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
            for queries, keys, values, mask in parts
        ]
    return torch.cat(attended) if len(attended) > 1 else attended[0]


class _ShortAttention(torch.autograd.Function):
    """Softmax attention for CPUs, for the many short sequences that tables are made of.

    PyTorch's fused CPU kernel and its softmax over a short last axis cost several times the
    matrix products here. Softmax is written as exp over sum, without the pass for the maximum:
    logits are cut at ±60, far beyond what trained weights reach, so the sum stays finite and
    above zero.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
        weights = q @ k.transpose(-1, -2)
        weights.clamp_(-60.0, 60.0)
        if bias is not None:  # after the cut, so that a weight of 2 is two keys in any case
            weights += bias
        weights.exp_()
        total = weights.sum(-1, keepdim=True)
        y = (weights @ v) / total
        ctx.save_for_backward(q, k, v, weights, total, y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        q, k, v, weights, total, y = ctx.saved_tensors
        grad = grad / total
        grad_logits = grad @ v.transpose(-1, -2)
        grad_logits -= (grad * y).sum(-1, keepdim=True)
        grad_logits *= weights
        grad_v = weights.transpose(-1, -2) @ grad
        return grad_logits @ k, grad_logits.transpose(-1, -2) @ q, grad_v, None
