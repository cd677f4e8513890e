"""Pictures that look the same whatever a user's settings of matplotlib are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["plain_style"]


@contextmanager
def plain_style() -> Iterator[None]:
    """Draw with matplotlib's own settings within a block.

    A ``matplotlibrc`` in the current folder or the user's would otherwise change the size of all
    text, or have LaTeX run on it.

    Examples
    --------
    >>> import matplotlib
    >>> from tabtransfer.plain_style import plain_style
    >>> with matplotlib.rc_context({"font.size": 30.0}):
    ...     with plain_style():
    ...         matplotlib.rcParams["font.size"]
    10.0
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
