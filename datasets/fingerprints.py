"""Fingerprints of tables: is this table, or a copy of it, the one that was seen before?

What is recognised: the same column under another name, in another order of rows, with recoded
categories, or on another linear scale; a subset of the rows, where numbers have enough digits to
be told apart, or columns with few distinct values have them in unusual numbers; and a name made
of the same words. What isn't: numbers that were binned, reflected or bent, a subset of the rows
on another scale, and tables that were only derived from the same source. It errs towards seeing
copies: of tables that have nothing to do with each other, one in fifty or so is suspected.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fingerprint", "fingerprint", "meets", "normalised_name", "trained_on"]

_DIGITS = 10  # of a hash in hexadecimal
_MIN_DISTINCT = 10  # numbers with fewer distinct values prove nothing alone
_MIN_COUNTS, _MIN_COUNT = 5, 10  # so do categories, unless five differ in size, of ten rows each
_MIN_WEAK = 4  # columns that prove nothing alone do together
_N_QUANTILES = 17
_MAX_LEVELS = 30
_MIN_LEVELS, _MIN_KINDS = 6, 3  # columns with as many levels, and how many such numbers differ
_SHARED_LEVELS = 0.8
_MIN_LETTERS = 4
_SKETCH = 64  # hashes kept of the distinct values of a column
_MAX_SKETCHES = 8
_MIN_COMPARED = 8
_CONTAINED = 0.95


@dataclass(frozen=True)
class Fingerprint:
    """Hold the hashes that tell whether two tables are one.

    Parameters
    ----------
    name : str
        Hash of the normalised name.
    column_names : str
        Hash of the set of column names.
    strong : frozenset of str
        Hashes of columns, each telling enough to prove a copy alone.
    weak : frozenset of str
        Hashes of columns that tell little, such as the counts of a yes/no column.
    name_parts : frozenset of str
        Words of the name, of four letters and more.
    levels : tuple of int
        Numbers of distinct values of the columns that have at most 30, sorted; they show copies
        of coded tables whatever the codes, and subsets of rows.
    sketches : tuple of frozenset of int
        The 64 smallest hashes of the distinct values of columns whose numbers have four digits
        and more; they show subsets of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1.5, 2.0, 8.0] * 9, "b": list("xyy") * 9})
    >>> mark = fingerprint("toy", frame)
    >>> meets(Fingerprint.from_text(mark.to_text()), mark)
    'same name and same column names'
    """

    name: str
    column_names: str
    strong: frozenset[str]
    weak: frozenset[str]
    name_parts: frozenset[str] = frozenset()
    levels: tuple[int, ...] = ()
    sketches: tuple[frozenset[int], ...] = ()

    def to_text(self) -> str:
        """Write the hashes as short text: what proves a copy, without what raises suspicion.

        Left out are the parts of the name, the levels and the sketches.
        """
        parts = (self.name, self.column_names, *("".join(sorted(s)) for s in self._sets))
        return ".".join(parts)

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Read what `to_text` wrote."""
        name, column_names, *sets = text.split(".")
        strong, weak = (
            frozenset(hashes[i : i + _DIGITS] for i in range(0, len(hashes), _DIGITS))
            for hashes in sets
        )
        return cls(name, column_names, strong, weak)

    @property
    def _sets(self) -> tuple[frozenset[str], frozenset[str]]:
        return self.strong, self.weak

    @cached_property
    def _sketched(self) -> frozenset[int]:
        return frozenset().union(*self.sketches)


def fingerprint(name: str, frame: pd.DataFrame) -> Fingerprint:
    """Compute the fingerprint of a table, its target among the columns.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : pandas.DataFrame
        All columns.

    Returns
    -------
    Fingerprint

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> prices = pd.DataFrame({"price": np.random.default_rng(0).normal(size=50)})
    >>> cents = pd.DataFrame({"cents": 100 * prices["price"][::-1]})
    >>> meets(fingerprint("shop", prices), fingerprint("other", cents))
    '1 informative column in common'
    """
    strong: set[str] = set()
    weak: set[str] = set()
    sketches: list[NDArray[np.int64]] = []
    levels: list[int] = []
    for index in range(frame.shape[1]):
        cells, is_number = _known_cells(frame.iloc[:, index])
        distinct, counts = np.unique(cells, return_counts=True)
        if len(distinct) < 2:
            continue
        if len(distinct) <= _MAX_LEVELS:
            levels.append(len(distinct))
        if len(np.unique(counts)) > 1:  # as many rows of each say next to nothing
            tells = len(np.unique(counts[counts >= _MIN_COUNT])) >= _MIN_COUNTS
            (strong if tells else weak).add(_digest("counts", np.sort(counts)))
        if is_number:
            keys = _five_digits(cells)
            if _tells(distinct):
                strong.add(_digest("values", np.sort(keys)))
                strong.add(_digest("shape", _shape(cells)))
            sketches.append(np.unique(keys))
    rich = sorted(filter(_is_rich, sketches), key=len, reverse=True)[:_MAX_SKETCHES]
    return Fingerprint(
        _digest(normalised_name(name)),
        _digest("\n".join(sorted({normalised_name(column) for column in frame.columns}))),
        frozenset(strong),
        frozenset(weak),
        _name_parts(name),
        tuple(sorted(levels)),
        tuple(_sketch(keys) for keys in rich),
    )


def meets(first: Fingerprint, second: Fingerprint) -> str | None:
    """Say by what two tables seem to be one, or None where nothing speaks for it.

    One informative column in common is enough; columns that tell little have to be four, and
    half of those of the table that has fewer. So is the same name with the same column names, or
    a name whose words are all in the other; columns with few distinct values of which four in
    five have a column with as many; and distinct values of which nearly all are in a column of
    the other table: two such columns, or the only one that can be compared. Of the last three
    only tables whose fingerprints were computed here are suspected (see `Fingerprint.to_text`).

    Parameters
    ----------
    first, second : Fingerprint
        The tables, in any order.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(500, 3)))
    >>> meets(fingerprint("all", frame), fingerprint("half", frame[::2]))
    '3 columns hold the same distinct values'
    """
    shared = len(first.strong & second.strong)
    if shared:
        return f"{shared} informative column{'s' if shared > 1 else ''} in common"
    shared = len(first.weak & second.weak)
    if shared >= max(_MIN_WEAK, min(len(first.weak), len(second.weak)) / 2):
        return f"{shared} columns with the same counts"
    if (first.name, first.column_names) == (second.name, second.column_names):
        return "same name and same column names"
    parts = first.name_parts, second.name_parts
    if all(parts) and (parts[0] <= parts[1] or parts[0] >= parts[1]):
        return "same words in the name"
    if _share_levels(first.levels, second.levels):
        return "columns with as many distinct values"
    if len(first._sketched & second._sketched) < _MIN_COMPARED:
        return None
    contained = sum(any(_contained(a, b) for b in second.sketches) for a in first.sketches)
    if contained >= min(2, len(first.sketches), len(second.sketches)):
        return (
            f"{contained} column{'s hold' if contained > 1 else ' holds'} the same distinct values"
        )
    return None


def trained_on(tables: Iterable[dict[str, Any]], name: str, frame: pd.DataFrame) -> str | None:
    """Name the table of a checkpoint's header that a table meets, or return None.

    The header holds what proves a copy, not what raises suspicion: a subset of a table's rows
    isn't recognised here.

    Parameters
    ----------
    tables : iterable of dict
        The header's ``"tables"``, each with ``name`` and ``fingerprint``.
    name : str
        Name of the table.
    frame : pandas.DataFrame
        All its columns and rows, the target among them.

    Returns
    -------
    str or None
        A sentence with the reason.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1, 2, 2], "b": list("xyy")})
    >>> seen = [{"name": "toy", "fingerprint": fingerprint("toy", frame).to_text()}]
    >>> trained_on(seen, "Toy", frame)
    "trained on 'toy': same name and same column names"
    """
    tables = list(tables)
    if not tables:
        return None
    mark = fingerprint(name, frame)
    for table in tables:
        reason = meets(Fingerprint.from_text(table["fingerprint"]), mark)
        if reason is not None:
            return f"trained on {table['name']!r}: {reason}"
    return None


def normalised_name(name: object) -> str:
    """Leave out what copies of a table change in its name: case, punctuation, a version.

    Parameters
    ----------
    name : object
        Name of a table or a column.

    Returns
    -------
    str

    Examples
    --------
    >>> normalised_name("Breast-Cancer_v2"), normalised_name("breast cancer__1.csv")
    ('breastcancer', 'breastcancer')
    """
    text = re.sub(r"\.(csv|arff|parquet|data)$", "", str(name).lower())
    text = re.sub(r"(_v|\(|__)\d+\)?$", "", text)
    return re.sub(r"[\W_]+", "", text)


def _name_parts(name: str) -> frozenset[str]:
    words = re.findall(r"[a-z]+", name.lower())
    return frozenset(word for word in words if len(word) >= _MIN_LETTERS)


def _share_levels(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Whether most columns with few distinct values have one of as many in the other table."""
    shared = Counter(first) & Counter(second)
    enough = max(_MIN_LEVELS, _SHARED_LEVELS * max(len(first), len(second)))
    return len(shared) >= _MIN_KINDS and shared.total() >= enough


def _known_cells(column: pd.Series) -> tuple[NDArray, bool]:
    """Give the cells that aren't missing, and whether they are numbers."""
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
        return pd.factorize(known.astype(str))[0], False
    # Copies stored in single precision must give the same hashes.
    cells = known.to_numpy(dtype=np.float64).astype(np.float32).astype(np.float64)
    return cells[np.isfinite(cells)], True


def _five_digits(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give each number's five leading digits and exponent as one integer."""
    size = np.abs(values)
    exponent = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    digits = np.round(values * 10.0 ** (4 - exponent))
    carried = np.abs(digits) >= 100_000
    digits, exponent = np.where(carried, digits / 10, digits), exponent + carried
    return digits.astype(np.int64) * 1000 + exponent.astype(np.int64)


def _tells(distinct: NDArray[np.float64]) -> bool:
    """Whether the values are many and not evenly spaced, as years and row numbers are."""
    steps = np.diff(distinct)
    return len(distinct) >= _MIN_DISTINCT and not np.allclose(steps, steps[0], rtol=1e-3)


def _shape(values: NDArray[np.float64]) -> NDArray[np.int64]:
    quantiles = np.quantile(values, np.linspace(0, 1, _N_QUANTILES))
    relative = (quantiles - quantiles[0]) / (quantiles[-1] - quantiles[0])
    # An odd factor, so that values on a grid don't fall on the edges of rounding.
    return np.append(np.round(relative * 999.73), len(values)).astype(np.int64)


def _is_rich(keys: NDArray[np.int64]) -> bool:
    """Whether distinct values are many, and most have four digits and more."""
    digits = (keys + 500) // 1000  # of 0.05 the exponent is negative
    return len(keys) >= _SKETCH and bool((digits % 100 != 0).mean() >= 0.5)


def _sketch(keys: NDArray[np.int64]) -> frozenset[int]:
    """Keep the smallest hashes (of splitmix64) of distinct values."""
    mixed = keys.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(32)
    return frozenset(np.unique(mixed)[:_SKETCH].tolist())


def _contained(first: frozenset[int], second: frozenset[int]) -> bool:
    """Whether nearly all values of one column are in the other, as far as sketches show."""
    reach = min(max(first), max(second))
    sizes = [sum(value <= reach for value in sketch) for sketch in (first, second)]
    compared = min(sizes)
    return compared >= _MIN_COMPARED and len(first & second) >= _CONTAINED * compared


def _digest(*parts: str | NDArray) -> str:
    digest = hashlib.blake2b(digest_size=_DIGITS // 2)
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part.astype("<i8").tobytes())
    return digest.hexdigest()
