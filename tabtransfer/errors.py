"""The error for input that can't be used, and the warning for input that is read with doubts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = ["ColumnWarning", "TabTransferError", "did_you_mean", "name_list"]


class TabTransferError(ValueError):
    """An error that says what is wrong, where (columns by name), and the way out."""


class ColumnWarning(UserWarning):
    """A column may not be read as it is meant; `warnings` can silence it."""


def name_list(names: Iterable[Any], most: int = 10) -> str:
    """Return the names of columns for a sentence, and how many there are if they are many.

    Examples
    --------
    >>> from tabtransfer.errors import name_list
    >>> name_list(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def did_you_mean(name: Any, known: Iterable[Any]) -> str:
    """Return a question for the name that was meant, to follow a sentence; "" if none is like it.

    Examples
    --------
    >>> from tabtransfer.errors import did_you_mean
    >>> did_you_mean("catbost", ["catboost", "linear"]), did_you_mean("x", ["catboost"])
    (" Did you mean 'catboost'?", '')
    """
    names = {str(one).lower(): one for one in known}
    found = difflib.get_close_matches(str(name).lower(), list(names), 1)
    return f" Did you mean {names[found[0]]!r}?" if found else ""
