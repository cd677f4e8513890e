"""Ensembles as a network sees them: the tasks of their members, and what it answers.

A network reads the training rows of every member's tasks. What it has read can be kept
(`Ensemble.read`), so that predictions cost the query rows alone. All is computed where the network
is, and kept there; answers are on the CPU.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.inference.context_cache import ContextCache
from tabtransfer.inference.memory import ContextShape, MemoryBudget
from tabtransfer.inference.out_of_memory import in_fitting_pieces
from tabtransfer.inference.placement import at_precision, device_of
from tabtransfer.inference.predict import Channels, ask, precision, read_context
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.inference.views import View
from tabtransfer.network.transformer import Context, NetworkConfig, TabularTransformer
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["Advance", "Ensemble", "MemberTask", "ignore"]

Advance = Callable[[int], object]


def ignore(steps: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class MemberTask:
    """What a member reads to answer one question.

    Parameters
    ----------
    view : View
        How it sees the table.
    rows : ndarray of int64
        Training rows that it reads.
    labels : ndarray of int64 or float64
        Their labels as the network gets them.
    n_classes : int
        Number of classes; 0 if the labels are numbers.
    channels : callable
        Turns what learners predict into what they say of the labels: see `task_batch`.
    cluster : int or None
        The cluster whose rows it is about; None: all rows are.
    """

    view: View
    rows: NDArray[np.int64]
    labels: NDArray[Any]
    n_classes: int
    channels: Channels
    cluster: int | None


@dataclass(frozen=True)
class Ensemble(ABC):
    """The training rows that members predict from.

    Parameters
    ----------
    training : LabelledTable
        The training rows.
    members : tuple
        The members; those that read by clusters one by one for each cluster.
    memory_limit : int, optional
        Bytes that reading and predicting may take where the network is; a share of what is free
        if not given.
    clusters : RowClusters, optional
        The clusters; a single one if not given.
    """

    training: LabelledTable
    members: tuple[Any, ...]
    memory_limit: int | None = field(default=None, kw_only=True)
    clusters: RowClusters = field(default_factory=RowClusters.one, kw_only=True)
    _cache: ContextCache = field(
        default_factory=ContextCache, init=False, repr=False, compare=False
    )

    @abstractmethod
    def tasks(self) -> list[MemberTask]:
        """Return what the members read, always in the same order."""

    @abstractmethod
    def n_outputs(self, network: NetworkConfig) -> int:
        """Numbers that are predicted for a row."""

    @property
    @abstractmethod
    def n_context_rows(self) -> int:
        """Most training rows that a member reads at once."""

    @property
    def context_strategy(self) -> str:
        """How the rows that members read are chosen."""
        everything = self.n_context_rows == self.training.n_rows
        if len(self.clusters.centres) > 1:
            return "all rows and clusters" if everything else "samples and clusters"
        return "all rows" if everything else "stratified sample per member"

    @property
    def n_members(self) -> int:
        """Members that a row is asked of."""
        whole = sum(member.cluster is None for member in self.members)
        return whole + (len(self.members) - whole) // len(self.clusters.centres)

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the computation, from the size of the training rows alone."""
        weights, n_columns = self.training.weights, self.training.table.values.shape[1]
        mean_weight = 1.0 if weights is None else float(weights.mean())
        return precision(self.n_context_rows * mean_weight, n_columns)

    @property
    def n_asked(self) -> int:
        """Tasks in which a row is asked about."""
        return len(self.tasks()) * self.n_members // max(1, len(self.members))

    def read(self, network: TabularTransformer, advance: Advance = ignore) -> bool:
        """Let a network read what the members predict from, and keep it if memory allows.

        Parameters
        ----------
        network : TabularTransformer
            The network; while its weights stay the same, it need not read again.
        advance : callable
            Called with 1 whenever a task was read.

        Returns
        -------
        bool
            Whether predictions cost the query rows alone from now on.
        """
        budget, tasks = self.budget(network), self.tasks()
        if not self._cache.belongs_to(network):
            n_bytes = sum(self.shape(network, task).bytes_kept for task in tasks)
            kept = tasks if n_bytes <= budget.kept else []
            reader = at_precision(network, self.dtype)
            self._cache.keep(network, (self._read(reader, task, budget, advance) for task in kept))
        return len(self._cache.of(network)) == len(tasks)

    def _read(
        self,
        network: TabularTransformer,
        task: MemberTask,
        budget: MemoryBudget,
        advance: Advance = ignore,
    ) -> Context:
        shown = task.view.show(self.training.table.take(task.rows))
        weights = self.training.weights_of(task.rows)
        copies = self.training.copies_of(task.rows)
        context = read_context(
            network, shown, task.labels, task.n_classes, budget, task.channels, weights, copies
        )
        advance(1)
        return context

    def asked(self, tasks: Sequence[MemberTask], query: EncodedTable) -> list[NDArray[np.int64]]:
        """Return the places of the query rows that each of some tasks is about."""
        every, own = np.arange(query.n_rows), self.clusters.of(query)
        return [every if task.cluster is None else every[own == task.cluster] for task in tasks]

    def context(self, network: TabularTransformer, index: int, task: MemberTask) -> Context:
        """Return what a network has read of a task; it reads again what wasn't kept."""
        kept = self._cache.of(network)
        if kept:
            return kept[index]
        return self._read(at_precision(network, self.dtype), task, self.budget(network))

    def budget(self, network: TabularTransformer) -> MemoryBudget:
        """Return the memory that reading and predicting may take where a network is."""
        return MemoryBudget.of(self.memory_limit, device_of(network))

    def shape(self, network: TabularTransformer, task: MemberTask) -> ContextShape:
        """Return the shape of what a network reads of a task."""
        n_categories = self.training.table.n_categories[task.view.columns]
        return ContextShape.of(
            len(task.rows), n_categories, task.n_classes, network.config, self.dtype.itemsize
        )

    def _answers(
        self, network: TabularTransformer, query: EncodedTable, advance: Advance
    ) -> Iterator[tuple[NDArray[np.int64], Tensor]]:
        """Ask a network for each of the tasks about the query rows that it is about."""
        budget, reader = self.budget(network), at_precision(network, self.dtype)
        tasks = self.tasks()
        by_task = zip(tasks, self.asked(tasks, query), strict=True)
        for index, (task, asked) in enumerate(by_task):
            if not len(asked):
                yield asked, torch.zeros(0, self.n_outputs(network.config))
                continue
            context = self.context(network, index, task)

            def answer(
                piece: slice,
                task: MemberTask = task,
                context: Context = context,
                asked: NDArray[np.int64] = asked,
            ) -> Tensor:
                shown = task.view.show(query.take(asked[piece]))
                return ask(reader, context, shown, task.channels)

            outputs = []
            n_rows = budget.chunk_rows(self.shape(network, task))
            for output in in_fitting_pieces(answer, len(asked), n_rows):
                outputs.append(output)
                advance(len(output))
            yield asked, torch.cat(outputs)

    @abstractmethod
    def row_losses(self, network: TabularTransformer, query: LabelledTable) -> NDArray[np.float64]:
        """Return the losses of a network on rows whose labels are known (n_query,)."""

    def loss(self, network: TabularTransformer, query: LabelledTable) -> float:
        """Return the mean loss of a network on rows whose labels are known."""
        return float(np.average(self.row_losses(network, query), weights=query.weights))
