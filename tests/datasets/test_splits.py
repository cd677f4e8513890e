from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabtransfer.datasets.splits import stratified_splits, tabarena_splits, target_bins
from tabtransfer.errors import TabTransferError

COMMON_AND_RARE = np.array(["a"] * 600 + ["b"] * 300 + ["c"] * 97 + ["d"] * 3)


@settings(max_examples=50, deadline=None)
@given(
    counts=st.lists(st.integers(2, 60), min_size=2, max_size=6),
    test_size=st.floats(0.3, 0.7),
    cap=st.integers(6, 80),
)
def test_halves_are_apart_capped_and_have_every_class(counts, test_size, cap):
    y = np.repeat(np.arange(len(counts)), counts)
    n_test = round(len(y) * test_size)
    if min(n_test, len(y) - n_test) < len(counts):
        return
    for split in stratified_splits(y, n_splits=2, test_size=test_size, max_train=cap, max_test=cap):
        assert not set(split.train) & set(split.test)
        assert len(set(split.train)) == len(split.train) == min(len(y) - n_test, cap)
        assert len(set(split.test)) == len(split.test) == min(n_test, cap)
        assert set(y[split.train]) == set(y[split.test]) == set(y)


def test_classes_keep_their_shares():
    split = stratified_splits(COMMON_AND_RARE, n_splits=1, max_train=100, max_test=200)[0]
    assert Counter(COMMON_AND_RARE[split.train]) == {"a": 60, "b": 30, "c": 9, "d": 1}
    assert Counter(COMMON_AND_RARE[split.test]) == {"a": 120, "b": 60, "c": 19, "d": 1}


def test_a_class_with_one_row_is_left_out():
    y = np.array(["a"] * 20 + ["single"] + ["b"] * 20)
    for split in stratified_splits(y, n_splits=5):
        assert 20 not in split.train
        assert 20 not in split.test
        assert len(split.train) == len(split.test) == 20


def test_splits_depend_on_the_seed_and_their_number_alone():
    three = stratified_splits(COMMON_AND_RARE, n_splits=3, seed=1)
    five = stratified_splits(pd.Series(COMMON_AND_RARE), n_splits=5, seed=1)
    for first, second in zip(three, five, strict=False):
        assert first.index == second.index
        assert (first.train == second.train).all()
        assert (first.test == second.test).all()
    other = stratified_splits(COMMON_AND_RARE, n_splits=1, seed=2)[0]
    assert set(other.test) != set(three[0].test)
    assert set(three[0].test) != set(three[1].test)


def test_rows_are_shuffled():
    split = stratified_splits(COMMON_AND_RARE, n_splits=1)[0]
    assert len(set(COMMON_AND_RARE[split.train[:20]])) > 1


@pytest.mark.parametrize(
    "y, options, message",
    [
        (["a", "b", "b", "c"], {}, "two or more classes"),
        (["a"] * 9, {}, "the labels have 1"),
        ([], {}, "the labels have 0"),
        (["a", "a", "b", "b", None], {}, "1 rows have no label"),
        (["a", "b"] * 9, {"test_size": 1.0}, "between 0 and 1"),
        (["a", "b", "c"] * 9, {"max_train": 2}, "raise max_train"),
    ],
)
def test_what_cannot_be_split_is_refused(y, options, message):
    with pytest.raises(TabTransferError, match=message):
        stratified_splits(y, **options)


@pytest.mark.parametrize(
    ("n_rows", "n_splits"), [(3_747, 30), (3_750, 9), (375_000, 9), (375_003, 3)]
)
def test_folds_repeat_by_training_rows_as_tabarena_does(n_rows, n_splits):
    splits = tabarena_splits(np.arange(n_rows) % 2, max_train=10, max_test=10)
    assert len(splits) == n_splits
    assert [split.index for split in splits] == list(range(n_splits))


def test_the_folds_of_a_repeat_share_out_the_rows_and_repeats_differ():
    splits = tabarena_splits(COMMON_AND_RARE)
    for repeat in (splits[:3], splits[27:]):
        assert sorted(np.concatenate([split.test for split in repeat])) == list(range(1000))
        for split in repeat:
            assert sorted([*split.train, *split.test]) == list(range(1000))
            assert set(COMMON_AND_RARE[split.test]) == set("abcd")
    assert set(splits[0].test) != set(splits[3].test)
    again = tabarena_splits(COMMON_AND_RARE)
    assert all((a.train == b.train).all() for a, b in zip(splits, again, strict=True))
    assert set(tabarena_splits(COMMON_AND_RARE, seed=1)[0].test) != set(splits[0].test)


def test_capped_folds_keep_class_shares():
    split = tabarena_splits(COMMON_AND_RARE, max_train=100, max_test=50)[0]
    assert Counter(COMMON_AND_RARE[split.train]) == {"a": 60, "b": 30, "c": 9, "d": 1}
    assert Counter(COMMON_AND_RARE[split.test]) == {"a": 30, "b": 15, "c": 4, "d": 1}


def test_a_class_with_fewer_rows_than_folds_is_left_out():
    y = np.array(["a"] * 30 + ["b"] * 30 + ["pair"] * 2)
    assert {62 - 2} == {len(split.train) + len(split.test) for split in tabarena_splits(y)}
    with pytest.raises(TabTransferError, match="the labels have 1"):
        tabarena_splits(["a"] * 9 + ["b"] * 2)
    with pytest.raises(TabTransferError, match="the labels have 0"):
        tabarena_splits([])


def test_bins_of_a_target_are_of_one_size_even_with_ties():
    y = np.array([0.0] * 80 + [5.0, 1.0] * 10)
    bins = target_bins(y)
    assert Counter(bins) == dict.fromkeys(range(10), 10)
    assert (np.diff(bins[np.argsort(y, kind="stable")]) >= 0).all()
    assert sorted(Counter(target_bins(np.arange(25.0))).values()) == [12, 13]
    with pytest.raises(TabTransferError, match="1 rows have no target"):
        target_bins([1.0, np.nan])
