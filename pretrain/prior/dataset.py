"""Random tables with a target, a whole batch at once."""

from __future__ import annotations

import torch
from torch import Tensor

from tabtransfer.pretrain.prior.categories import sample_category_tables
from tabtransfer.pretrain.prior.columns import (
    entangle,
    make_irrelevant,
    repeat_some,
    sample_missing,
    show_columns,
)
from tabtransfer.pretrain.prior.config import PriorConfig
from tabtransfer.pretrain.prior.draws import Draws
from tabtransfer.pretrain.prior.graph import sample_nodes
from tabtransfer.pretrain.prior.numbers import sample_numbers
from tabtransfer.pretrain.prior.targets import (
    present_classes,
    replace_some,
    sample_labels,
    sample_scores,
)
from tabtransfer.tasks import TaskBatch


def sample_batch(
    config: PriorConfig,
    batch_size: int,
    n_rows: int,
    n_columns: int,
    n_train: int,
    generator: torch.Generator,
) -> TaskBatch:
    """Draw tasks of one kind from the prior, on the generator's device.

    In most batches every table is a random causal graph: roots (independent, correlated or
    clustered), then layers of linear, smooth, tree and product functions, some of their units cut
    into levels. Some units are shown as columns; the target comes from visible columns, from any
    unit, or, if it is a class, from the clusters. After the structural causal models of TabPFN
    (Hollmann et al. 2023, arXiv 2207.01848) and the tree-based ones of TabICL (Qu et al. 2025,
    arXiv 2502.05564). In the others (`PriorConfig.categorical`) tables are mostly categories, and
    the target comes from effects of their levels.

    Parameters
    ----------
    config : PriorConfig
        Settings.
    batch_size, n_rows, n_columns, n_train : int
        Tables, rows of each, columns, and how many of the rows are for training.
    generator : torch.Generator
        Source of randomness; the same state gives the same batch.

    Returns
    -------
    TaskBatch
        Classes, each of which has a training row, or numbers, standardised by the training rows
        (`PriorConfig.regression` says how often).

    Examples
    --------
    >>> import torch
    >>> from tabtransfer.pretrain.prior import PriorConfig, sample_batch
    >>> generator = torch.Generator().manual_seed(0)
    >>> batch = sample_batch(PriorConfig(), 8, 64, 5, 48, generator)
    >>> batch.values.shape
    torch.Size([8, 64, 5])
    """
    draws = Draws(generator)
    is_regression = draws.uniform(1).item() < config.regression
    # A share of 0 draws nothing, so that tables are those of versions without one.
    is_categorical = config.categorical > 0 and draws.uniform(1).item() < config.categorical
    n_classes = 2 + draws.choice(config.class_weights, batch_size)
    sample = _sample_mostly_categories if is_categorical else _sample_from_graph
    values, categorical, labels = sample(
        config, draws, is_regression, n_classes, n_rows, n_columns, n_train
    )
    if is_regression:
        n_classes = torch.zeros_like(n_classes)
    else:
        labels, n_classes = present_classes(labels, n_train, config.max_classes)
    values, categorical = repeat_some(config, draws, values, categorical)
    values = make_irrelevant(config, draws, values)
    return TaskBatch(
        values=values,
        missing=sample_missing(config, draws, values),
        categorical=categorical,
        labels=labels,
        n_train=n_train,
        n_columns=torch.full((batch_size,), n_columns, device=draws.device),
        n_classes=n_classes,
    )


def _sample_mostly_categories(
    config: PriorConfig,
    draws: Draws,
    is_regression: bool,
    n_classes: Tensor,
    n_rows: int,
    n_columns: int,
    n_train: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw cells (b, r, c), which columns are categories (b, c), and targets (b, r)."""
    values, categorical, scores, noise = sample_category_tables(
        config, draws, len(n_classes), n_rows, n_columns
    )
    if is_regression:
        return values, categorical, sample_numbers(draws, scores, noise, n_train)
    labels = sample_labels(config, draws, scores, noise, n_classes)
    return values, categorical, replace_some(config, draws, labels, n_classes)


def _sample_from_graph(
    config: PriorConfig,
    draws: Draws,
    is_regression: bool,
    n_classes: Tensor,
    n_rows: int,
    n_columns: int,
    n_train: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw the same from causal graphs."""
    batch_size = len(n_classes)
    style = draws.choice(config.style_weights, batch_size)
    per_class = torch.where(
        draws.bernoulli(config.finely_clustered, batch_size),
        draws.integers(4, 12, batch_size),
        draws.integers(1, 3, batch_size),
    )
    n_clusters = (n_classes * per_class).clamp(max=n_train // 4).maximum(n_classes)
    clusters = _sample_clusters(draws, n_clusters, n_rows)
    width = max(4, n_columns)
    clustered = draws.bernoulli(config.clustered, batch_size)
    nodes = sample_nodes(config, draws, width, style, clusters, clustered)
    n_units = nodes.values.shape[-1]
    order = draws.permutations(n_units, batch_size)
    shown = nodes.take(order[:, :n_columns])
    others = nodes.take(order[:, -n_columns:])
    visible = draws.uniform(batch_size, 1, low=config.min_visible)
    visible = draws.bernoulli(visible, batch_size, n_columns) | draws.bernoulli(
        config.target_from_visible, batch_size, 1
    )
    parents = torch.where(visible[:, None], shown.values, others.values)
    if is_regression:
        scores, noise = sample_scores(config, draws, parents, style)
        labels = sample_numbers(draws, scores, noise, n_train)
    else:
        from_clusters = clustered & draws.bernoulli(config.target_from_clusters, batch_size)
        scores, noise = sample_scores(config, draws, parents, style)
        labels = sample_labels(config, draws, scores, noise, n_classes)
        labels = torch.where(from_clusters[:, None], clusters % n_classes[:, None], labels)
        labels = replace_some(config, draws, labels, n_classes)
    values, categorical = show_columns(draws, entangle(config, draws, shown))
    return values, categorical, labels


def _sample_clusters(draws: Draws, n_clusters: Tensor, n_rows: int) -> Tensor:
    """Draw the cluster of every row (b, r), some clusters larger than others."""
    size = draws.normal(len(n_clusters), int(n_clusters.max()))
    absent = torch.arange(size.shape[1], device=draws.device) >= n_clusters[:, None]
    shares = (0.7 * size).masked_fill(absent, -torch.inf).softmax(-1).cumsum(-1)
    unit = draws.uniform(len(n_clusters), n_rows) * shares[:, -1:].clamp(max=0.999999)
    return torch.searchsorted(shares, unit, right=True).minimum(n_clusters[:, None] - 1)
