"""Progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tabtransfer.printing import make_console

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(name: str, total: int, shown: bool) -> Iterator[Callable[..., None]]:
    """Return a function that moves a bar on by some steps, or does nothing.

    It also takes another text to stand beside the bar from then on.

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
        return
    from rich.progress import Progress

    with Progress(console=make_console(stderr=True)) as progress:
        bar = progress.add_task(name, total=total)

        def advance(steps: int, name: str | None = None) -> None:
            progress.update(bar, advance=steps, description=name)

        yield advance
