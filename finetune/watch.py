"""Whoever wants to see how fine-tuning goes, while it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Curve", "tell", "tell_trial", "watching"]

Curve = Sequence[tuple[int, float]]
Watcher = Callable[[int, Curve], object]
TrialWatcher = Callable[[int, float | None], object]
_watchers: ContextVar[tuple[Watcher | None, TrialWatcher | None]] = ContextVar(
    "watchers", default=(None, None)
)


@contextmanager
def watching(watcher: Watcher, trial_watcher: TrialWatcher | None = None) -> Iterator[None]:
    """Call functions at each validation of fine-tuning, and after each trial, within a block.

    Parameters
    ----------
    watcher : callable
        Takes the number of the child, and its curve: steps, and losses of held-out rows. What it
        raises ends the tuning.
    trial_watcher : callable, optional
        Takes the number of a trial of settings and its loss; None for one that was ended early.

    Examples
    --------
    >>> from tabtransfer.finetune.watch import tell, watching
    >>> with watching(lambda child, curve: print(child, curve)):
    ...     tell(0, [(0, 0.5)])
    0 [(0, 0.5)]
    """
    token = _watchers.set((watcher, trial_watcher))
    try:
        yield
    finally:
        _watchers.reset(token)


def tell(child: int, curve: Curve) -> None:
    """Tell the watcher, if there is one, of a validation."""
    watcher, _ = _watchers.get()
    if watcher is not None:
        watcher(child, curve)


def tell_trial(number: int, loss: float | None) -> None:
    """Tell the watcher of trials, if there is one, how one ended."""
    _, watcher = _watchers.get()
    if watcher is not None:
        watcher(number, loss)
