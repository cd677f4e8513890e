"""Whoever wants to see how fine-tuning goes, while it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Curve", "tell", "watching"]

Curve = Sequence[tuple[int, float]]
Watcher = Callable[[int, Curve], object]
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Call a function at each validation of fine-tuning within a block.

    Parameters
    ----------
    watcher : callable
        Takes the number of the child, and its curve: steps, and losses of held-out rows. What it
        raises ends the tuning.

    Examples
    --------
    >>> from tabtransfer.finetune.watch import tell, watching
    >>> with watching(lambda child, curve: print(child, curve)):
    ...     tell(0, [(0, 0.5)])
    0 [(0, 0.5)]
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def tell(child: int, curve: Curve) -> None:
    """Tell the watcher, if there is one, of a validation."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(child, curve)
