"""Hashes of cells that are the same in every copy of a column."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["known_cells", "leading_digits", "mix", "number_keys", "text_keys"]


def known_cells(column: pd.Series) -> pd.Series:
    """Return the cells that aren't missing or infinite: numbers as float64, all else as text.

    Examples
    --------
    >>> import pandas as pd
    >>> known_cells(pd.Series([1, None, 3], dtype="Int64")).tolist()
    [1.0, 3.0]
    >>> known_cells(pd.Series([True, False])).tolist()
    ['True', 'False']
    """
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    known = column[column.notna()]
    if isinstance(known.dtype, pd.CategoricalDtype):
        known = known.astype(known.cat.categories.dtype)
    if known.dtype == object:
        known = known.infer_objects()
    if is_datetime64_any_dtype(known):
        known = known.astype("int64")
    if is_bool_dtype(known) or not is_numeric_dtype(known):
        return known.astype(str)
    # Copies stored in single precision must give the same numbers.
    known = known.astype(np.float64).astype(np.float32).astype(np.float64)
    return known[np.isfinite(known)]


def leading_digits(
    values: NDArray[np.float64], n_digits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Round numbers to digits; return these as integers, and the power of ten of the first one.

    Examples
    --------
    >>> digits, exponents = leading_digits(np.array([1.5, -0.25, 123456.0, 0.0]), 5)
    >>> digits.tolist(), exponents.tolist()
    ([15000, -25000, 12346, 0], [0, -1, 5, 0])
    """
    size = np.abs(values)
    exponents = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    digits = np.round(values * 10.0 ** (n_digits - 1 - exponents))
    carried = np.abs(digits) >= 10**n_digits
    digits, exponents = np.where(carried, digits / 10, digits), exponents + carried
    return digits.astype(np.int64), exponents.astype(np.int64)


def number_keys(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return numbers as integers that are the same up to the fifth digit.

    Examples
    --------
    >>> number_keys(np.array([1.5, -0.25, 123456.0])).tolist()
    [15000000, -25000001, 12346005]
    """
    digits, exponents = leading_digits(values, 5)
    return digits * 1000 + exponents


def text_keys(texts: NDArray) -> NDArray[np.uint64]:
    """Return a hash of eight bytes for each text.

    Examples
    --------
    >>> keys = text_keys(np.array(["a", "b", "a"], dtype=object))
    >>> bool(keys[0] == keys[2] != keys[1])
    True
    """
    distinct, place = np.unique(texts.astype(str), return_inverse=True)
    digests = [blake2b(text.encode(), digest_size=8).digest() for text in distinct]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)[place]


def mix(keys: NDArray) -> NDArray[np.uint64]:
    """Hash integers by splitmix64 (Steele et al. 2014).

    Examples
    --------
    >>> mix(np.array([0, 1])).tolist()
    [0, 6238072747940578789]
    """
    mixed = keys.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
