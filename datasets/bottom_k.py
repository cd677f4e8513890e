"""Bottom-k sketches: the smallest hashes of a set, to test whether another set lies within it.

A bottom-k sketch, as Broder (1997) compares documents by: both sets keep the hashes below the
same bound, so what lies there can be compared one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIZE", "contained", "from_bytes", "smallest", "to_bytes"]

SIZE = 64
_BYTES = 3  # of a hash; chance agreement is far below what `contained` asks for
_MIN_COMPARED = 8
_SHARED = 0.95


def smallest(mixed: NDArray[np.uint64]) -> frozenset[int]:
    """Keep the 64 smallest of evenly scattered integers, by their first three bytes.

    Examples
    --------
    >>> from tabtransfer.datasets.cell_keys import mix
    >>> len(smallest(mix(np.arange(1000)))), len(smallest(mix(np.arange(1000) % 9)))
    (64, 9)
    """
    leading = mixed >> np.uint64(64 - 8 * _BYTES)
    return frozenset(np.unique(leading)[:SIZE].tolist())


def contained(first: frozenset[int], second: frozenset[int]) -> bool:
    """Return whether nearly all of one set is in the other, judged by their sketches.

    Sets of which one is a small part of the other, an eighth and less, can't be compared.

    Examples
    --------
    >>> from tabtransfer.datasets.cell_keys import mix
    >>> whole, half, other = (smallest(mix(np.arange(*ends))) for ends in
    ...                       ((0, 1000), (500, 1000), (500, 1500)))
    >>> contained(whole, half), contained(whole, other)
    (True, False)
    """
    if len(first & second) < _MIN_COMPARED:
        return False
    reach = min(max(first), max(second))
    compared = min(sum(value <= reach for value in sketch) for sketch in (first, second))
    return len(first & second) >= _SHARED * compared


def to_bytes(sketch: frozenset[int]) -> bytes:
    """Write a sketch in three bytes a hash.

    Examples
    --------
    >>> from_bytes(to_bytes(frozenset({3, 70_000}))) == {3, 70_000}
    True
    """
    return b"".join(value.to_bytes(_BYTES, "little") for value in sorted(sketch))


def from_bytes(data: bytes) -> frozenset[int]:
    """Read what `to_bytes` wrote."""
    starts = range(0, len(data), _BYTES)
    return frozenset([int.from_bytes(data[i : i + _BYTES], "little") for i in starts])
