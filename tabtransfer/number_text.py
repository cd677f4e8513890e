"""Numbers as text: significant digits, no powers of ten, one kind of minus sign."""

from __future__ import annotations

import math

_SMALLEST, _LARGEST = 1e-4, 1e15


def significant(value: float, digits: int = 4) -> str:
    """Return a number as text with so many significant digits.

    Examples
    --------
    >>> [significant(x) for x in (0.20474, 123456.7, -0.5, 0.0, 5e-7, float("nan"))]
    ['0.2047', '123,457', '−0.5', '0', '5e−07', '–']
    """
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if not _SMALLEST <= abs(value) < _LARGEST:
        return minus(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return minus(text.rstrip("0").rstrip(".") if "." in text else text)


def interval(low: float, high: float, digits: int = 4) -> str:
    """Return an interval as text; a dash for none.

    Examples
    --------
    >>> interval(0.1, 0.25), interval(-1, 2), interval(float("nan"), float("nan"))
    ('0.1–0.25', '−1 to 2', '–')
    """
    if math.isnan(low):
        return "–"
    between = " to " if low < 0 else "–"
    return between.join(significant(end, digits) for end in (low, high))


def minus(text: str) -> str:
    """Return a formatted number with a typographic minus sign."""
    return text.replace("-", "−")
