"""What tabtransfer raises for input it can't use, and warns with of input it reads with doubts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ColumnWarning", "TabTransferError", "name_list"]


class TabTransferError(ValueError):
    """Say what is wrong, where (columns by name), and the way out."""


class ColumnWarning(UserWarning):
    """Say that a column may not be read as it is meant; `warnings` can silence it."""


def name_list(names: Iterable[Any], most: int = 10) -> str:
    """Write the names of columns in a sentence, and how many there are if they are many.

    Examples
    --------
    >>> from tabtransfer.errors import name_list
    >>> name_list(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more
