import warnings

import numpy as np
import pandas as pd
import pytest

from tabtransfer.preprocessing.columns import learn_column, text
from tabtransfer.preprocessing.columns.text import MAX_TOPICS, TextColumn, is_text

JOBS = pd.Series(
    [f"{job} {rank} in {town}" for job in ("nurse", "teacher", "driver") for rank in range(5)
     for town in ("Bonn", "Lyon", "Turin", "Graz")]
)  # fmt: skip


def encode(later):
    column = pd.Series(JOBS)
    return TextColumn.learn(column).encode(pd.Series(later), "z")


def test_each_string_has_a_category_and_topics():
    learned = learn_column(JOBS, "z")
    assert learned.n_categories == (60, *(0,) * MAX_TOPICS)
    values = learned.encode(JOBS, "z")
    assert sorted(values[:, 0]) == list(range(60)) and np.isfinite(values).all()


def test_strings_alike_have_topics_alike():
    known, near, far = encode(["nurse 3 in Bonn", "nurse 7 in Bonn", "driver 3 in Lyon"])[:, 1:]
    assert np.linalg.norm(known - near) < 0.5 * np.linalg.norm(known - far)


def test_new_strings_have_topics_but_no_category():
    values = encode(["nurse 9 in Wien", "nurse 3 in Bonn"])
    assert np.isnan(values[0, 0]) and np.isfinite(values[0, 1:]).all()
    assert np.isfinite(values[1]).all()


@pytest.mark.parametrize("cell", [None, np.nan, pd.NA, pd.NaT])
def test_missing_strings_are_missing_altogether(cell):
    assert np.isnan(encode(pd.Series([cell, cell], dtype=object))).all()
    values = encode(pd.Series(["nurse 3 in Bonn", cell], dtype=object))
    np.testing.assert_array_equal(np.isnan(values).any(1), [False, True])


@pytest.mark.parametrize("dtype", [object, "str", "string", "string[pyarrow]", "category"])
def test_strings_of_every_type_are_encoded_alike(dtype):
    np.testing.assert_array_equal(encode(JOBS.astype(dtype)), encode(JOBS))


def test_numbers_and_flags_may_come_later():
    np.testing.assert_array_equal(encode([7, 8])[:, 1:], encode(["7", "8"])[:, 1:])
    assert np.isfinite(encode([True, False])[:, 1:]).all()


def test_order_and_number_of_rows_do_not_matter():
    again = pd.concat([JOBS, JOBS[::-2]])
    np.testing.assert_array_equal(
        TextColumn.learn(again).encode(JOBS, "z"), TextColumn.learn(JOBS).encode(JOBS, "z")
    )


@pytest.mark.parametrize(
    "strings",
    [
        ["a" * length for length in range(1, 60)],
        [chr(200 + number) for number in range(60)],
        [chr(0xD800) + str(number) for number in range(60)],
        ["\0" * length for length in range(1, 60)],
        ["\n" * length + "x" * length for length in range(1, 60)],
    ],
    ids=["one-letter", "single", "surrogates", "nul", "lines"],
)
def test_strange_strings_are_encoded_without_warning(strings):
    column = pd.Series(strings, dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = TextColumn.learn(column).encode(column, "z")
    assert np.isfinite(values).all()


def test_blank_strings_are_no_text():
    assert not is_text(pd.Series([" " * length for length in range(100)]))


def test_only_so_many_strings_are_learned_from(monkeypatch):
    monkeypatch.setattr(text, "_MAX_STRINGS", 45)
    column = pd.Series([chr(0x4E00 + number) * 3 for number in range(60)])  # no pieces in common
    values = TextColumn.learn(column).encode(column, "z")
    assert sorted(values[:, 0]) == list(range(60))
    assert (np.abs(values[:, 1:]).max(1) > 0).sum() <= 45
