"""The cache of contexts that a network has read, for later query rows."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping

from tabtransfer.network.transformer import Context, TabularTransformer

__all__ = ["ContextCache"]


class ContextCache:
    """A cache of contexts that one network has read, by number.

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
        """Return whether the contexts kept last were read by a network."""
        return self._network is not None and self._network() is network

    def of(self, network: TabularTransformer) -> Mapping[int, Context]:
        """Return the contexts that a network has read; none if another network read them."""
        return self._contexts if self.belongs_to(network) else {}

    def __reduce__(self) -> tuple[type[ContextCache], tuple[()]]:
        return ContextCache, ()
