from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabtransfer.datasets.nested_splits import nested_splits
from tabtransfer.datasets.splits import stratified_splits
from tabtransfer.errors import TabTransferError

COMMON_AND_RARE = np.array(["a"] * 600 + ["b"] * 300 + ["c"] * 97 + ["d"] * 3)


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=6),
    sizes=st.lists(st.integers(2, 80), min_size=1, max_size=6),
    max_test=st.integers(6, 40),
)
def test_smaller_training_sets_lie_within_larger_ones(counts, sizes, max_test):
    y = np.repeat(np.arange(len(counts)), counts)
    n_train = len(y) - round(len(y) / 2)
    if len(y) // 2 < len(counts):
        return
    by_size = nested_splits(y, sizes, n_splits=2, max_test=max_test)
    assert list(by_size) == sorted({size for size in sizes if len(counts) <= size <= n_train})
    larger = {}
    for size, splits in reversed(by_size.items()):
        assert [split.index for split in splits] == [0, 1]
        for split in splits:
            assert len(set(split.train)) == len(split.train) == size
            assert set(y[split.train]) == set(y[split.test]) == set(y)
            assert not set(split.train) & set(split.test)
            if split.index in larger:
                assert set(split.train) < set(larger[split.index].train)
                assert (split.test == larger[split.index].test).all()
            larger[split.index] = split


def test_nested_training_sets_keep_shares_and_know_nothing_of_other_sizes():
    by_size = nested_splits(COMMON_AND_RARE, [400, 100, 10], n_splits=2, seed=1)
    assert Counter(COMMON_AND_RARE[by_size[100][1].train]) == {"a": 59, "b": 30, "c": 10, "d": 1}
    assert Counter(COMMON_AND_RARE[by_size[10][1].train]) == {"a": 5, "b": 3, "c": 1, "d": 1}
    assert len(set(COMMON_AND_RARE[by_size[100][0].train[:20]])) > 1  # shuffled
    alone = nested_splits(COMMON_AND_RARE, [100], n_splits=1, seed=1)[100][0]
    assert (alone.train == by_size[100][0].train).all()
    halves = stratified_splits(COMMON_AND_RARE, n_splits=2, seed=1)
    for of_size in by_size.values():
        assert [set(split.test) for split in of_size] == [set(half.test) for half in halves]
    assert set(by_size[100][0].train) != set(by_size[100][1].train)


def test_sizes_that_a_table_does_not_give_are_left_out():
    assert list(nested_splits(["a", "b", "c"] * 8, [2, 3, 12, 13])) == [3, 12]
    with pytest.raises(TabTransferError, match="two or more classes"):
        nested_splits(["a"] * 9, [4])
