"""Columns of strings with many values: names, codes, free text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import config_context

from tabtransfer.preprocessing.columns.category import CategoryColumn
from tabtransfer.preprocessing.columns.cells import Kind, kind_of
from tabtransfer.preprocessing.columns.skrub_import import import_skrub

if TYPE_CHECKING:
    from skrub import StringEncoder

__all__ = ["TextColumn", "is_text", "share_topics"]

MAX_CATEGORIES = 40  # skrub's, too: where it stops taking strings for categories
MAX_TOPICS = 30  # of a column
MAX_TABLE_TOPICS = 100  # of a table, so that they don't crowd out its other columns
_MAX_STRINGS = 5000  # to learn from
_MAX_CHARACTERS = 500  # of a string that are read
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")


@dataclass(frozen=True)
class TextColumn:
    """A column of strings, read as categories and by the pieces of words that they share.

    The pieces are runs of three and four characters, weighted by tf-idf and summed up as
    topics by a truncated singular value decomposition (latent semantic analysis, Deerwester
    et al., "Indexing by latent semantic analysis", 1990). Topics are learned from the
    distinct strings, of at most 5,000 drawn with a fixed seed, and the first 500 characters
    of each, which bounds time and memory. A string that the training rows did not have has
    topics, too, but no category.

    Parameters
    ----------
    categories : CategoryColumn
        The strings as categories.
    topics : skrub.StringEncoder
        Gives the topics, those that tell most of the strings apart first.
    n_topics : int
        How many topics are given.
    """

    categories: CategoryColumn
    topics: StringEncoder
    n_topics: int

    @classmethod
    def learn(cls, column: pd.Series) -> TextColumn:
        """Learn categories and topics from the distinct strings."""
        strings = np.sort(column.dropna().astype(object).unique())
        if len(strings) > _MAX_STRINGS:
            strings = np.random.default_rng(0).choice(strings, _MAX_STRINGS, replace=False)
        topics = import_skrub().StringEncoder(n_components=MAX_TOPICS, random_state=0)
        with config_context(transform_output="default"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The matrix shape is")  # fewer pieces than topics
            topics.fit(_beginnings(strings))
        return cls(CategoryColumn.learn(column), topics, topics.n_components_)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Number of distinct strings, and a zero for each topic."""
        return (*self.categories.n_categories, *(0,) * self.n_topics)

    def encode(self, column: pd.Series, name: Hashable) -> NDArray[np.float64]:
        """Return the category of each string, and its topics."""
        categories = self.categories.encode(column, name, warn=False)  # new texts have topics
        topics = np.full((len(column), self.n_topics), np.nan)
        if kind_of(column, name) is not Kind.NOTHING:
            places, cells = pd.factorize(column.astype(object), use_na_sentinel=True)
            strings = _beginnings(np.array([str(cell) for cell in cells], dtype=object))
            with config_context(transform_output="default"):
                values = self.topics.transform(strings).to_numpy()
            topics[places >= 0] = values[places[places >= 0], : self.n_topics]
        return np.hstack([categories, topics])


def is_text(column: pd.Series) -> bool:
    """Return whether strings are too many to be categories alone, and aren't written numbers.

    Parameters
    ----------
    column : Series of str, (n_rows,)
        The cells. How often a string occurs does not count, only how many there are.

    Examples
    --------
    >>> import pandas as pd
    >>> from tabtransfer.preprocessing.columns.text import is_text
    >>> names = pd.Series([f"product {number}" for number in range(50)])
    >>> is_text(names), is_text(names[:40]), is_text(names.str[8:])
    (True, False, False)
    """
    strings = [string for string in column.dropna().unique() if string.strip()]
    return len(strings) > MAX_CATEGORIES and not all(map(_NUMBER.fullmatch, strings))


def share_topics(columns: list[Any]) -> list[Any]:
    """Limit the text columns of a table to 30 topics each, or 100 together.

    Parameters
    ----------
    columns : list of Column
        What was learned of each column of the table.

    Returns
    -------
    list of Column
        The same, with fewer topics where there are more than three texts, one at least.
    """
    n_texts = sum(isinstance(column, TextColumn) for column in columns)
    room = max(1, MAX_TABLE_TOPICS // max(1, n_texts))
    return [
        replace(column, n_topics=min(column.n_topics, room))
        if isinstance(column, TextColumn)
        else column
        for column in columns
    ]


def _beginnings(strings: NDArray[np.object_]) -> pd.Series:
    # Not pandas' own strings: those refuse halves of surrogate pairs.
    return pd.Series([string[:_MAX_CHARACTERS] for string in strings], dtype=object, name="text")
