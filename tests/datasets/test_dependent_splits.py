import numpy as np
import pandas as pd
import pytest

from tabtransfer.datasets.dependent_splits import dependent_splits
from tabtransfer.datasets.fold_column import FoldColumn, times_of
from tabtransfer.errors import TabTransferError


def _column(kind, values):
    return FoldColumn(kind, pd.Series(values, name="by"))


def test_groups_stay_together_and_each_fold_is_tested_once_a_repeat():
    rng = np.random.default_rng(0)
    groups, y = rng.integers(0, 30, 240), rng.integers(0, 2, 240)
    splits = dependent_splits(y, _column("grouped", groups), seed=1)
    assert len(splits) % 3 == 0 and len(splits) > 3
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.test])
    assert sorted(np.concatenate([split.test for split in splits[:3]])) == list(range(240))
    partitions = [frozenset(frozenset(s.test) for s in splits[i : i + 3]) for i in (0, 3)]
    assert partitions[0] != partitions[1]


def test_few_groups_have_one_partition_and_give_no_repeats():
    groups = np.repeat(["a", "b", "c"], 20)
    splits = dependent_splits(np.tile([0, 1], 30), _column("grouped", groups), max_train=20)
    assert sorted(groups[split.test[0]] for split in splits) == ["a", "b", "c"]
    assert [len(split.train) for split in splits] == [20, 20, 20]


def test_what_is_tested_on_lies_after_all_that_is_learned_from():
    rng = np.random.default_rng(0)
    times, y = rng.integers(0, 40, 300), rng.integers(0, 3, 300)
    splits = dependent_splits(y, _column("temporal", times.astype(float)))
    assert [len(split.test) for split in splits] == [25] * 6
    for split in splits:
        assert times[split.train].max() < times[split.test].min()
    starts = [times[split.test].min() for split in splits]
    assert starts == sorted(starts) and len(splits[0].train) > 120


def test_classes_that_a_part_lacks_are_not_asked_for():
    # The third class comes up in the last rows alone, the second in no row of the last stretch.
    y = np.array([0, 1] * 25 + [0] * 5 + [2] * 5)
    splits = dependent_splits(y, _column("temporal", np.arange(60.0)))
    assert [sorted(set(y[split.test])) for split in splits] == [[0, 1]] * 2


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("grouped", ["a", "b"] * 15, "has 2 different values, and 3 folds need 3"),
        ("temporal", [2024.0] * 30, "All rows have the same time"),
        ("grouped", [*range(30)], "two classes to learn from"),
    ],
)
def test_what_cannot_be_split_is_refused(kind, values, message):
    y = [0] * 29 + [1] if "two classes" in message else [0, 1] * 15
    with pytest.raises(TabTransferError, match=message):
        dependent_splits(y, _column(kind, values))


def test_times_are_read_from_dates_and_numbers_but_not_from_words():
    days = pd.Series(["13.05.2024", "02.01.2023", None] * 10, name="sold")
    assert times_of(days).rank(method="dense").tolist()[:2] == [2.0, 1.0]
    assert times_of(days).isna().sum() == 10
    assert times_of(pd.Series([2021, 2020], name="year")).tolist() == [2021.0, 2020.0]
    with pytest.raises(TabTransferError, match="'shop' is read as categories"):
        times_of(pd.Series(["a", "b", "a"], name="shop"))
