"""Kernel ridge regression in closed form, exact without a row's own label for training rows.

Ridge regression with kernels: Saunders et al. 1998; its leave-one-out residuals: Allen 1974;
blocks of rows for large contexts: Zhang, Duchi and Wainwright 2013.

Shapes: b tasks, n training rows, f features, k label channels; blocks of m training rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tabtransfer.network.copies import sum_over_copies
from tabtransfer.threads import torch_threads

BLOCK_ROWS = 1024  # training rows solved for at once


def solve(
    kernel: Callable[[Tensor, Tensor], Tensor],
    features: Tensor,
    labels: Tensor,
    weights: Tensor,
    ridge: float,
    copies: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Solve kernel ridge regression, and predict every training row without its own label.

    Parameters
    ----------
    kernel : callable
        Gives the similarities (…, p, q) of features (…, p, f) and (…, q, f).
    features : Tensor, (b, n, f)
        Features of the training rows.
    labels : Tensor, (b, n, k)
        Their centred labels.
    weights : Tensor, (b, n)
        Row weights; a row of weight 2 counts as two rows.
    ridge : float
        Penalty.
    copies : Tensor of int64, (b, n), optional
        The same number for rows of equal features, which are left out together: exact for those of
        a block. None: one is left out, of those of a row of weight 2 as well.

    Returns
    -------
    dual : Tensor, (b, n, k)
        A row's similarities times these are its prediction. With more than BLOCK_ROWS
        training rows, that is the mean over blocks of them.
    leave_one_out : Tensor, (b, n, k)
        The training rows' predictions.

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.ridge import solve
    >>> labels = torch.tensor([[[1.0], [1.0], [-2.0]]])
    >>> ones = torch.ones(1, 3, 1)
    >>> solve(lambda p, q: p @ q.mT, ones, labels, ones[..., 0], 0.01)[1][0, :, 0]
    tensor([-0.4975, -0.4975,  0.9950])
    """
    n_train = labels.shape[1]
    weight = blocks(weights[..., None])  # (b, blocks, m, 1)
    root, inverse = invert(kernel, features, weights, ridge)
    n_blocks = inverse.shape[1]
    solution = inverse @ (root * blocks(labels))
    dual = unblocked(root * solution, n_train) / n_blocks
    # How much of a row's prediction is its own label, or those of all its copies.
    leverage = 1.0 - ridge * inverse.diagonal(dim1=-2, dim2=-1)[..., None]
    residual = own_residual = ridge * solution / root.clamp(min=1e-12)
    if copies is None:
        leverage = leverage / weight.clamp(min=1.0)
    else:
        told, alike = blocks(labels), blocks(copies[..., None])[..., 0]
        total = sum_over_copies(weight, alike, n_train).clamp(min=1e-12)
        leverage = leverage * total / weight.clamp(min=1e-12)
        residual = residual + sum_over_copies(weight * told, alike, n_train) / total - told
    leverage = leverage.clamp(0.0, 1.0 - 1e-4)
    shift = unblocked(residual * leverage / (1.0 - leverage), n_train) / n_blocks
    if n_blocks == 1:
        return dual, labels - unblocked(own_residual, n_train) - shift
    pieces = features.split(BLOCK_ROWS, 1)
    return dual, torch.cat([kernel(piece, features) @ dual for piece in pieces], 1) - shift


def invert(
    kernel: Callable[[Tensor, Tensor], Tensor], features: Tensor, weights: Tensor, ridge: float
) -> tuple[Tensor, Tensor]:
    """Invert the regularised kernel matrix of each block of training rows; see `solve`.

    Returns
    -------
    root : Tensor, (b, blocks, m, 1)
        Roots of the weights, by which rows and columns of the matrix are multiplied.
    inverse : Tensor, (b, blocks, m, m)
        The inverse.
    """
    part, root = blocks(features), blocks(weights[..., None]).sqrt()
    system = kernel(part, part).mul_(root).mul_(root.mT)  # (b, blocks, m, m)
    system.diagonal(dim1=-2, dim2=-1).add_(ridge)
    with torch_threads(1):  # LAPACK rounds differently with another number of threads
        return root, _inverse(system)


def _inverse(system: Tensor) -> Tensor:
    """Invert positive definite matrices (…, m, m)."""
    factor = torch.linalg.cholesky_ex(system)[0]
    if system.device.type == "cpu":
        return torch.cholesky_inverse(factor)
    # A third of the time on a GPU, where the function above takes the matrices one by one.
    identity = torch.eye(factor.shape[-1], device=factor.device, dtype=factor.dtype)
    half = torch.linalg.solve_triangular(factor, identity.expand_as(factor), upper=False)
    return half.mT @ half


def blocks(rows: Tensor) -> Tensor:
    """Split rows (b, n, …) into equal blocks (b, blocks, m, …), padded with zeros."""
    n_blocks = math.ceil(rows.shape[1] / BLOCK_ROWS)
    beyond = -rows.shape[1] % n_blocks
    return F.pad(rows, (0, 0, 0, beyond)).unflatten(1, (-1, n_blocks)).transpose(1, 2)


def deal_together(copies: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return an order of training rows in which `blocks` deals the copies of a row to one block.

    Parameters
    ----------
    copies : ndarray of int64, (n,)
        The same number, from 0 on, for rows of equal cells.

    Returns
    -------
    ndarray of int64, (n,)
        Places of the rows. Those of most copies are dealt first, each to the block with most room;
        the rest of those that it has no room for goes to others.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from tabtransfer.network.ridge import blocks, deal_together
    >>> copies = np.arange(2000) // 2
    >>> dealt = torch.from_numpy(copies[deal_together(copies)])
    >>> np.intersect1d(*blocks(dealt[None, :, None])[0]).tolist()
    []
    """
    n_rows, sizes = len(copies), np.bincount(copies)
    n_blocks = math.ceil(n_rows / BLOCK_ROWS)
    if (sizes <= 1).all():
        return np.arange(n_rows)
    room = [len(range(block, n_rows, n_blocks)) for block in range(n_blocks)]
    pieces: list[list[NDArray[np.int64]]] = [[] for _ in room]
    groups = np.split(np.argsort(copies, kind="stable"), sizes.cumsum()[:-1])
    for rows in sorted(groups, key=len, reverse=True):
        while len(rows):
            block = int(np.argmax(room))
            taken, rows = rows[: room[block]], rows[room[block] :]
            pieces[block].append(taken)
            room[block] -= len(taken)
    order = np.empty(n_rows, np.int64)
    for block, dealt in enumerate(pieces):
        order[block::n_blocks] = np.concatenate(dealt)
    return order


def unblocked(dealt: Tensor, n_rows: int) -> Tensor:
    """Join the rows that `blocks` split, in their order."""
    return dealt.transpose(1, 2).flatten(1, 2)[:, :n_rows]


def products(rows: Tensor, others: Tensor) -> Tensor:
    """Return the linear kernel of rows (…, p, f) and others (…, q, f): (…, p, q)."""
    return rows @ others.mT


def similarities(rows: Tensor, others: Tensor) -> Tensor:
    """Return the Laplace kernel of rows (…, p, f) and others (…, q, f): (…, p, q)."""
    return distances(rows, others).neg_().exp_()


def distances(rows: Tensor, others: Tensor) -> Tensor:
    """Return the distances of rows (…, p, f) to others (…, q, f), 0 to a copy: (…, p, q)."""
    # The other way of computing distances depends on the number of rows.
    apart = torch.cdist(rows, others, compute_mode="use_mm_for_euclid_dist")
    # Of a row and its copy, the root of a rounding error would remain.
    least = 8.0 * torch.finfo(apart.dtype).eps ** 0.5
    return F.threshold(apart, least, 0.0, inplace=True)
