"""Contexts that a network has read, kept for the query rows to come."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping

from tabtransfer.network.transformer import Context, TabularTransformer

__all__ = ["ContextCache"]


class ContextCache:
    """Keep contexts that one network has read, by number.

    Copies and pickles of it are empty: contexts are large, and quickly read again.

    Examples
    --------
    >>> from tabtransfer.inference.context_cache import ContextCache
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> cache, network = ContextCache(), TabularTransformer(NetworkConfig())
    >>> cache.keep(network, [])
    >>> cache.belongs_to(network), len(cache.of(network))
    (True, 0)
    """

    def __init__(self) -> None:
        self._network: weakref.ref[TabularTransformer] | None = None
        self._contexts: dict[int, Context] = {}

    def keep(self, network: TabularTransformer, contexts: Iterable[Context]) -> None:
        """Keep the contexts that a network has read, and forget all others."""
        self._contexts = {}  # before the new ones take memory
        self._contexts = dict(enumerate(contexts))
        self._network = weakref.ref(network)

    def belongs_to(self, network: TabularTransformer) -> bool:
        """Say whether the last contexts kept were a network's."""
        return self._network is not None and self._network() is network

    def of(self, network: TabularTransformer) -> Mapping[int, Context]:
        """Give the contexts of a network, none of another network's."""
        return self._contexts if self.belongs_to(network) else {}

    def __reduce__(self) -> tuple[type[ContextCache], tuple[()]]:
        return ContextCache, ()
