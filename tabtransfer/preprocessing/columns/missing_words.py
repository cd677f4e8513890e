"""Words that stand for a missing cell where the other cells are numbers or dates."""

from __future__ import annotations

__all__ = ["MISSING_WORDS", "few_strays", "is_missing_word"]

MISSING_WORDS = (
    *("", "?", "-", "--", "---", "–", "—", ".", "..", "...", "*", "#", "/", "x"),
    *("na", "n/a", "n.a.", "n. a.", "#n/a", "#na", "<na>", "nan", "-nan", "#n/a n/a"),
    *("null", "none", "nil", "nat", "missing", "unknown", "undefined", "not available"),
    *("not applicable", "not known", "tbd", "#value!", "#div/0!", "#ref!", "#num!", "#null!"),
)
"""In lower case. They aren't missing among words, where "none" or "unknown" is a value."""

_WORDS = frozenset(MISSING_WORDS)
_MAX_STRAYS = 5
_MAX_STRAY_SHARE = 0.05  # of the distinct strings


def is_missing_word(string: str) -> bool:
    """Return whether a string says that there is no value.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.missing_words import is_missing_word
    >>> is_missing_word(" N/A "), is_missing_word("12")
    (True, False)
    """
    return string.strip().casefold() in _WORDS


def few_strays(n_strays: int, n_strings: int) -> bool:
    """Return whether distinct strings of another form are so few that they are taken for missing.

    Codes of diagnoses or products are mostly digits, too, but those that aren't are many.
    """
    return n_strays <= min(_MAX_STRAYS, _MAX_STRAY_SHARE * n_strings)
