"""Fingerprints of tables, by which a table or a copy of it is recognised.

What is recognised: the same column under another name, in another order of rows, with recoded
categories, or on another linear scale; numbers that were rounded, in two columns; a subset of the
rows, an eighth and more, where they are as they were, or two columns have numbers of many digits;
and a name with the same columns. What isn't: numbers that were binned, reflected or bent, a subset
of the rows on another scale or rounded, and tables that were only derived from the same source.

`meets` says more of two tables whose fingerprints were computed here than of one that `to_text`
wrote: then it errs towards seeing copies. Of tables that have nothing to do with each other, one in
fifty or so is suspected.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.datasets import bottom_k
from tabtransfer.datasets.cell_keys import known_cells, mix, number_keys, text_keys
from tabtransfer.datasets.column_sketch import ColumnSketch

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SAME_ROWS", "Fingerprint", "fingerprint", "meets", "normalised_name", "trained_on"]

SAME_ROWS = "the same rows, or part of them"
_DIGITS = 10  # of a hash in hexadecimal
_MIN_DISTINCT = 10  # numbers with fewer distinct values prove nothing alone
_MIN_COUNTS, _MIN_COUNT = 5, 10  # so do categories, unless five differ in size, of ten rows each
_MIN_WEAK = 4  # columns that prove nothing alone do together
_N_QUANTILES = 17
_MAX_LEVELS = 30
_MIN_LEVELS, _MIN_KINDS = 6, 3  # columns with as many levels, and how many such numbers differ
_SHARED_LEVELS = 0.8
_MIN_LETTERS = 4
_MIN_ROWS = 32  # distinct ones, or the same rows prove nothing
_MIN_SKETCHED = 2  # columns that must agree by their sketches, if there are as many
_WRITTEN_SKETCHES = 3


@dataclass(frozen=True)
class Fingerprint:
    """The hashes by which two tables are compared.

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
    rows : frozenset of int
        The 64 smallest hashes of the distinct rows, cells taken with their columns' names.
    sketches : tuple of ColumnSketch
        Columns of numbers, the most telling ones first; they show subsets of rows, and rounded
        numbers.
    levels : tuple of int
        Numbers of distinct values of the columns that have at most 30, sorted; they show copies
        of coded tables whatever the codes, and subsets of rows.

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
    rows: frozenset[int]
    sketches: tuple[ColumnSketch, ...]
    name_parts: frozenset[str] = frozenset()
    levels: tuple[int, ...] = ()

    def to_text(self) -> str:
        """Write the hashes as short text: what proves a copy, without what raises suspicion.

        Left out are the parts of the name, the levels, and all but three of the sketches.
        """
        hashes = ("".join(sorted(marks)) for marks in (self.strong, self.weak))
        columns = [sketch.to_bytes() for sketch in self.sketches[:_WRITTEN_SKETCHES]]
        sketches = [bottom_k.to_bytes(self.rows), *columns]
        texts = (base64.urlsafe_b64encode(data).decode() for data in sketches)
        return ".".join((self.name, self.column_names, *hashes, *texts))

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Read what `to_text` wrote."""
        name, column_names, strong, weak, *texts = text.split(".")
        rows, *sketches = (base64.urlsafe_b64decode(text) for text in texts)
        return cls(
            name,
            column_names,
            _read_hashes(strong),
            _read_hashes(weak),
            bottom_k.from_bytes(rows),
            tuple(map(ColumnSketch.from_bytes, sketches)),
        )

    @cached_property
    def _values(self) -> frozenset[int]:
        return frozenset().union(*(sketch.values for sketch in self.sketches))

    @cached_property
    def _lengths(self) -> frozenset[int]:
        return frozenset(sketch.n_known for sketch in self.sketches)


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
    sketches: list[tuple[tuple[bool, int], ColumnSketch]] = []
    levels: list[int] = []
    rows = np.zeros(len(frame), dtype=np.uint64)
    for index, title in enumerate(frame.columns):
        column = known_cells(frame.iloc[:, index].reset_index(drop=True))
        cells = column.to_numpy()
        is_number = cells.dtype == np.float64
        keys = number_keys(cells) if is_number else text_keys(cells)
        salt = text_keys(np.array([normalised_name(title)]))
        rows[column.index] += mix(keys.astype(np.uint64) ^ salt)
        distinct, counts = np.unique(cells if is_number else keys, return_counts=True)
        if len(distinct) < 2:
            continue
        if len(distinct) <= _MAX_LEVELS:
            levels.append(len(distinct))
        if len(np.unique(counts)) > 1:  # as many rows of each say next to nothing
            tells = len(np.unique(counts[counts >= _MIN_COUNT])) >= _MIN_COUNTS
            (strong if tells else weak).add(_digest("counts", np.sort(counts)))
        if is_number:
            if _tells(distinct):
                strong.add(_digest("values", np.sort(keys)))
                strong.add(_digest("shape", _shape(cells)))
            sketch = ColumnSketch.of(cells)
            sketches.append(((bool(sketch.values), len(distinct)), sketch))
    sketches.sort(key=itemgetter(0), reverse=True)
    return Fingerprint(
        _digest(normalised_name(name)),
        _digest("\n".join(sorted({normalised_name(column) for column in frame.columns}))),
        frozenset(strong),
        frozenset(weak),
        bottom_k.smallest(mix(rows)),
        tuple(sketch for _, sketch in sketches),
        _name_parts(name),
        tuple(sorted(levels)),
    )


def meets(first: Fingerprint, second: Fingerprint) -> str | None:
    """Return why two tables seem to be one, or None where nothing speaks for it.

    One informative column in common is enough, and so are the same rows, or part of them, or the
    same name with the same column names. Columns that tell little have to be four, and half of
    those of the table that has fewer. Columns of numbers that hold nearly all distinct values of
    another table's have to be two, or the only one that can be compared; rounded ones always two.

    More is suspected of tables whose fingerprints were computed here (see `Fingerprint.to_text`):
    a name whose words are all in the other, and columns with few distinct values of which four in
    five have a column with as many.

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
    >>> mark = fingerprint("all", frame)
    >>> meets(mark, fingerprint("half", frame[::2]))
    'the same rows, or part of them'
    >>> meets(mark, fingerprint("two", frame[[2, 0]].round(2)))
    '2 columns of the same numbers, rounded'
    """
    shared = len(first.strong & second.strong)
    if shared:
        return f"{shared} informative column{'s' if shared > 1 else ''} in common"
    if _share_rows(first, second):
        return SAME_ROWS
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
    return _share_sketches(first, second)


def trained_on(tables: Iterable[dict[str, Any]], name: str, frame: pd.DataFrame) -> str | None:
    """Return the name of the training table that a table matches, or None.

    The header holds what proves a copy, not what raises suspicion.

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
    """Return a table's name without what copies change in it: case, punctuation, a version.

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


def _share_rows(first: Fingerprint, second: Fingerprint) -> bool:
    """Return whether nearly all distinct rows of one table are in the other."""
    enough = min(len(first.rows), len(second.rows)) >= _MIN_ROWS
    return enough and bottom_k.contained(first.rows, second.rows)


def _share_sketches(first: Fingerprint, second: Fingerprint) -> str | None:
    """Return how many columns hold the other's numbers: all, part of them, or rounded."""
    if first._values & second._values:
        rich = min(sum(bool(column.values) for column in mark.sketches) for mark in (first, second))
        kept = sum(any(map(column.holds, second.sketches)) for column in first.sketches)
        if kept >= min(_MIN_SKETCHED, rich):
            return f"{kept} column{'s hold' if kept > 1 else ' holds'} the same distinct values"
    if first._lengths & second._lengths:
        agreeing = sum(any(map(column.agrees, second.sketches)) for column in first.sketches)
        if agreeing >= _MIN_SKETCHED:
            return f"{agreeing} columns of the same numbers, rounded"
    return None


def _read_hashes(text: str) -> frozenset[str]:
    return frozenset(text[i : i + _DIGITS] for i in range(0, len(text), _DIGITS))


def _share_levels(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Return whether most columns of few levels have one of as many in the other table."""
    shared = Counter(first) & Counter(second)
    enough = max(_MIN_LEVELS, _SHARED_LEVELS * max(len(first), len(second)))
    return len(shared) >= _MIN_KINDS and shared.total() >= enough


def _tells(distinct: NDArray[np.float64]) -> bool:
    """Return whether the values are many and not evenly spaced, as years and row numbers are."""
    steps = np.diff(distinct)
    return len(distinct) >= _MIN_DISTINCT and not np.allclose(steps, steps[0], rtol=1e-3)


def _shape(values: NDArray[np.float64]) -> NDArray[np.int64]:
    quantiles = np.quantile(values, np.linspace(0, 1, _N_QUANTILES))
    relative = (quantiles - quantiles[0]) / (quantiles[-1] - quantiles[0])
    # An odd factor, so that values on a grid don't fall on the edges of rounding.
    return np.append(np.round(relative * 999.73), len(values)).astype(np.int64)


def _digest(*parts: str | NDArray) -> str:
    digest = hashlib.blake2b(digest_size=_DIGITS // 2)
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part.astype("<i8").tobytes())
    return digest.hexdigest()
