"""Progress: a bar in a terminal and in a notebook, lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from time import monotonic
from typing import Protocol

from tabtransfer.printing import make_console

__all__ = ["progress_bar"]

_LOG_SECONDS = 30.0  # between two lines of a log
_NOTEBOOK_SECONDS = 0.2  # between two pictures of a bar


class _Shown(Protocol):
    def __call__(self, name: str, done: int, total: int, ended: bool = False) -> None: ...


@contextmanager
def progress_bar(name: str, total: int, shown: bool) -> Iterator[Callable[..., None]]:
    """Return a function that moves a bar on by some steps, or does nothing.

    It also takes another text to stand beside the bar from then on. A terminal has a moving bar, a
    notebook one of its own, and a log file a line at the start, every half minute and at the end.

    Parameters
    ----------
    name : str
        Stands beside the bar.
    total : int
        Steps in all.
    shown : bool
        Whether there is a bar.

    Examples
    --------
    >>> from tabtransfer.progress import progress_bar
    >>> with progress_bar("counting", 3, shown=False) as advance:
    ...     advance(3)
    """
    if not shown:
        yield lambda steps, name=None: None
    elif sys.stderr.isatty():
        yield from _terminal(name, total)
    else:
        yield from _counted(_notebook() or _log(), name, total)


def _terminal(name: str, total: int) -> Iterator[Callable[..., None]]:
    from rich.progress import Progress

    with Progress(console=make_console(stderr=True)) as progress:
        bar = progress.add_task(name, total=total)

        def advance(steps: int, name: str | None = None) -> None:
            progress.update(bar, advance=steps, description=name)

        yield advance


def _counted(show: _Shown, name: str, total: int) -> Iterator[Callable[..., None]]:
    done, text = 0, name

    def advance(steps: int, name: str | None = None) -> None:
        nonlocal done, text
        done, text = done + steps, name or text
        show(text, done, total)

    show(text, done, total)
    yield advance
    show(text, done, total, ended=True)


def _log() -> _Shown:
    """Return what writes lines to standard error, few enough for a log."""
    started = monotonic()
    last: float | None = None

    def show(name: str, done: int, total: int, ended: bool = False) -> None:
        nonlocal last
        now = monotonic()
        if ended:
            state = f": done in {now - started:.1f} s"
        elif last is None:
            state = " …"
        elif now - last >= _LOG_SECONDS:
            state = f": {done / max(total, 1):.0%}"
        else:
            return
        last = now
        print(f"{name}{state}", file=sys.stderr, flush=True)

    return show


def _notebook() -> _Shown | None:
    """Return what shows a bar of HTML in a notebook; None where this is none."""
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    if not shell or not shell.has_trait("kernel"):
        return None
    from IPython.display import HTML, display

    started, last, handle = monotonic(), 0.0, display(HTML(""), display_id=True)

    def show(name: str, done: int, total: int, ended: bool = False) -> None:
        nonlocal last
        now = monotonic()
        if ended or now - last >= _NOTEBOOK_SECONDS:
            last = now
            most = max(total, 1)
            bar = f'<progress value="{most if ended else done}" max="{most}"></progress>'
            handle.update(HTML(f"{bar} {escape(name)}, {now - started:.1f} s"))

    return show
