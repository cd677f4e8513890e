"""What training costs: floating-point operations and memory, from the sizes alone.

Symbols: r rows, n training rows, q query rows, c columns, d cell width, s summary tokens,
e = s d row width, t thinking rows, k label channels.
"""

from __future__ import annotations

from collections.abc import Iterable

from tabtransfer.network.cells import N_CELL_FEATURES
from tabtransfer.network.kernels import N_KERNELS
from tabtransfer.network.laplace import METRIC_STEPS
from tabtransfer.network.ridge import BLOCK_ROWS
from tabtransfer.network.row_predictions import N_PREDICTIONS
from tabtransfer.network.transformer import NEIGHBOUR_OFFSETS, NetworkConfig
from tabtransfer.pretrain.training.muon import N_ITERATIONS

BACKWARD = 2  # of the forward's operations
OPTIMIZER_VALUES = 3  # gradient, and at most two moments
# Values kept for the backward pass, for each unit of width of a token. Measured, see the test.
_KEPT_BY_BLOCK = 14.4
_KEPT_BY_CELL = 4.6
_KEPT_BY_ROW = 24.0


def training_flops(
    network: NetworkConfig, n_rows: int, n_train: int, n_columns: int
) -> dict[str, float]:
    """Count the operations of one classification task in matrix products, backward included.

    Parameters
    ----------
    network : NetworkConfig
        Sizes of the network.
    n_rows, n_train, n_columns : int
        Size of the task: all rows, training rows, columns.

    Returns
    -------
    dict of str to float
        Floating-point operations, two a multiplication, by part: "cells" as vectors, "rows" from
        cells, "context" (labels, attention to training rows, heads), and "kernels", which need no
        weights. Every column counts as numeric.

    Examples
    --------
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> parts = training_flops(NetworkConfig(), 256, 128, 10)
    >>> list(parts), 1e9 < sum(parts.values()) < 1e10
    (['cells', 'rows', 'context', 'kernels'], True)
    """
    d, e, s, k = network.d_cell, network.d_row, network.n_summary, network.max_classes
    r, n, q, c = n_rows, n_train, n_rows - n_train, n_columns
    tokens, rows, context = s + c, r + network.n_thinking, n + network.n_thinking
    cells = c * r * d * (N_CELL_FEATURES * len(NEIGHBOUR_OFFSETS) + k + 1) + n * k * d
    row_stage = r * _stage(network.row_layers, d, tokens, s, tokens)
    labels = n * k * e + r * N_PREDICTIONS * k * e
    context_stage = _stage(network.context_layers, e, rows, q, context)
    head = q * (2 * e * e + 2 * e * k)
    learned = {"cells": cells, "rows": row_stage, "context": labels + context_stage + head}
    parts = {part: 2.0 * (1 + BACKWARD) * products for part, products in learned.items()}
    return parts | {"kernels": _kernel_flops(r, n, c, k)}


def muon_flops(shapes: Iterable[tuple[int, ...]]) -> float:
    """Count the operations of a step of Muon, those of its iterations.

    Parameters
    ----------
    shapes : iterable of tuple of int
        Shapes of the matrices that it steps.

    Returns
    -------
    float
        Floating-point operations, two a multiplication.

    Examples
    --------
    >>> muon_flops([(2, 4), (4, 2)])
    800.0
    """
    products = 0
    for shape in shapes:
        short, long = sorted(shape)
        products += 2 * short * short * long + short**3
    return 2.0 * N_ITERATIONS * products


def state_bytes(n_parameters: int, n_shards: int = 1) -> float:
    """Return the memory of weights, gradients and optimizer states on a device.

    Parameters
    ----------
    n_parameters : int
        Size of the network.
    n_shards : int
        Devices that they are spread over.

    Returns
    -------
    float
        Bytes: float32, with two moments each (AdamW; Muon has one).
    """
    return 4.0 * n_parameters * (1 + OPTIMIZER_VALUES) / n_shards


def activation_bytes(
    network: NetworkConfig,
    n_rows: int,
    n_train: int,
    n_columns: int,
    value_bytes: int,
    keeps_attention: bool,
) -> float:
    """Estimate what one task keeps in memory for its backward pass.

    Parameters
    ----------
    network : NetworkConfig
        Sizes of the network.
    n_rows, n_train, n_columns : int
        Size of the task: all rows, training rows, columns.
    value_bytes : int
        Size of a number: 2 under bfloat16 autocast.
    keeps_attention : bool
        Whether attention weights are kept, as on CPUs; fused attention on GPUs makes them again.

    Returns
    -------
    float
        Bytes, without the weights.

    Examples
    --------
    >>> from tabtransfer.network.transformer import NetworkConfig
    >>> on_cpu = activation_bytes(NetworkConfig(), 800, 400, 20, 2, keeps_attention=True)
    >>> on_cpu > activation_bytes(NetworkConfig(), 800, 400, 20, 2, keeps_attention=False)
    True
    """
    d, e, s = network.d_cell, network.d_row, network.n_summary
    tokens, rows, context = s + n_columns, n_rows + network.n_thinking, n_train + network.n_thinking
    values = _KEPT_BY_BLOCK * n_rows * tokens * d * (network.row_layers - 1)
    values += _KEPT_BY_CELL * n_rows * n_columns * d
    values += _KEPT_BY_BLOCK * rows * e * (network.context_layers - 1)
    values += _KEPT_BY_ROW * n_rows * e
    if keeps_attention:
        pairs = tokens * (tokens * (network.row_layers - 1) + s)
        values += n_rows * network.row_heads * pairs
        queries = rows * (network.context_layers - 1) + n_rows - n_train
        values += network.context_heads * context * queries
    return value_bytes * values


def _stage(n_layers: int, width: int, n_tokens: int, n_last: int, n_keys: int) -> float:
    """Count multiplications of a stack of blocks; the last one has fewer queries."""
    return sum(
        width * width * (6 * queries + 2 * n_keys) + 2 * queries * n_keys * width
        for queries in [n_tokens] * (n_layers - 1) + [n_last]
    )


def _kernel_flops(r: int, n: int, c: int, k: int) -> float:
    """Count the kernel predictions' products and solves, which have no backward pass."""
    block, n_solves, f = min(n, BLOCK_ROWS), N_KERNELS + METRIC_STEPS - 1, 3 * c
    similarities = n * block * f * n_solves + (r - n) * n * f * (N_KERNELS - 1)
    solves = n_solves * n * (block * block / 2 + block * k)  # inverse by Cholesky, then use
    slopes = METRIC_STEPS * n * block * (f + k * (f + 1))
    return 2.0 * (similarities + solves + slopes + (N_KERNELS - 1) * (r - n) * n * k)
