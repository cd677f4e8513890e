"""Kernel ridge regression in closed form, exact without a row's own label for training rows.

Ridge regression with kernels: Saunders et al. 1998; its leave-one-out residuals: Allen 1974;
blocks of rows for large contexts: Zhang, Duchi and Wainwright 2013.

Shapes: b tasks, n training rows, f features, k label channels; blocks of m training rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

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
    root, inverse = invert(kernel, features, weights, ridge)
    solution = inverse @ (root * blocks(labels))
    residual = ridge * solution / root.clamp(min=1e-12)
    leverage = 1.0 - ridge * inverse.diagonal(dim1=-2, dim2=-1)[..., None]
    shift = _own_part(residual, leverage, labels, weights, copies)
    of_blocks = root * solution
    predicted = _by_all_blocks(kernel, blocks(features), blocks(labels) - residual, of_blocks)
    dual = _joined_dual(of_blocks, labels.shape[1])
    return dual, unblocked(predicted, labels.shape[1]) - shift


def _by_all_blocks(
    kernel: Callable[[Tensor, Tensor], Tensor], features: Tensor, own: Tensor, dual: Tensor
) -> Tensor:
    """Predict the rows of each block by all: (b, blocks, m, k), given what their own says."""
    total = [*own.unbind(1)]
    for one, other in combinations(range(len(total)), 2):
        similar = kernel(features[:, one], features[:, other])
        total[one] = total[one] + similar @ dual[:, other]
        total[other] = total[other] + similar.mT @ dual[:, one]
    return torch.stack(total, 1) / len(total)


def solve_linear(
    features: Tensor, labels: Tensor, weights: Tensor, ridge: float, copies: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Solve as `solve` does with the kernel `products`, quicker where features are few.

    The inverse of a matrix of features takes the place of one of rows (Woodbury's identity).

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.network.ridge import products, solve, solve_linear
    >>> rows = torch.randn(1, 50, 3), torch.randn(1, 50, 2), torch.ones(1, 50), 0.5
    >>> torch.allclose(solve_linear(*rows)[1], solve(products, *rows)[1], atol=1e-4)
    True
    """
    part, root = blocks(features), blocks(weights[..., None]).sqrt()
    if 2 * features.shape[-1] > part.shape[-2]:
        return solve(products, features, labels, weights, ridge, copies)
    rows, told = root * part, root * blocks(labels)
    with torch_threads(1):
        system = rows.mT @ rows  # (b, blocks, f, f)
        system.diagonal(dim1=-2, dim2=-1).add_(ridge)
        projected = rows @ _inverse(system)
        solution = (told - projected @ (rows.mT @ told)) / ridge
        leverage = (projected * rows).sum(-1, keepdim=True)
    residual = ridge * solution / root.clamp(min=1e-12)
    shift = _own_part(residual, leverage, labels, weights, copies)
    dual = _joined_dual(root * solution, labels.shape[1])
    return dual, features @ (features.mT @ dual) - shift


def solve_dual(
    kernel: Callable[[Tensor, Tensor], Tensor],
    features: Tensor,
    labels: Tensor,
    weights: Tensor,
    ridge: float,
) -> Tensor:
    """Return the first result of `solve` alone (b, n, k), in less than half of the time."""
    system, root = _system(kernel, features, weights, ridge)
    with torch_threads(1):
        factor = torch.linalg.cholesky_ex(system)[0]
        solution = torch.cholesky_solve(root * blocks(labels), factor)
    return _joined_dual(root * solution, labels.shape[1])


def _own_part(
    residual: Tensor,
    leverage: Tensor,
    labels: Tensor,
    weights: Tensor,
    copies: Tensor | None,
) -> Tensor:
    """Return by how much less is predicted for each row without its own label: (b, n, k).

    Parameters
    ----------
    residual : Tensor, (b, blocks, m, k)
        The labels less what their own block says of them.
    leverage : Tensor, (b, blocks, m, 1)
        How much of each row's prediction is its own label.
    labels, weights, copies
        As in `solve`.
    """
    n_train, n_blocks = labels.shape[1], residual.shape[1]
    weight = blocks(weights[..., None])  # (b, blocks, m, 1)
    if copies is None:
        leverage = leverage / weight.clamp(min=1.0)
    else:  # what all copies of the row say
        told, alike = blocks(labels), blocks(copies[..., None])[..., 0]
        total = sum_over_copies(weight, alike, n_train).clamp(min=1e-12)
        leverage = leverage * total / weight.clamp(min=1e-12)
        residual = residual + sum_over_copies(weight * told, alike, n_train) / total - told
    leverage = leverage.clamp(0.0, 1.0 - 1e-4)
    return unblocked(residual * leverage / (1.0 - leverage), n_train) / n_blocks


def _joined_dual(dual: Tensor, n_train: int) -> Tensor:
    """Return the weights of all rows, with those of each block (b, blocks, m, k): (b, n, k)."""
    return unblocked(dual, n_train) / dual.shape[1]


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
    system, root = _system(kernel, features, weights, ridge)
    with torch_threads(1):  # LAPACK rounds differently with another number of threads
        return root, _inverse(system)


def _system(
    kernel: Callable[[Tensor, Tensor], Tensor], features: Tensor, weights: Tensor, ridge: float
) -> tuple[Tensor, Tensor]:
    """Return the regularised kernel matrices (b, blocks, m, m), and roots of the weights."""
    part, root = blocks(features), blocks(weights[..., None]).sqrt()
    system = kernel(part, part).mul_(root).mul_(root.mT)
    system.diagonal(dim1=-2, dim2=-1).add_(ridge)
    return system, root


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
