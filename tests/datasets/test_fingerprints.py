"""Copies of a table are recognised whatever was done to them; other tables are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabtransfer.datasets.fingerprints import (
    Fingerprint,
    fingerprint,
    meets,
    normalised_name,
    trained_on,
)
from tabtransfer.datasets.suites import load_table


def mixed(seed: int = 0, n_rows: int = 300) -> pd.DataFrame:
    """Make a table of numbers, categories, a yes/no column and missing cells."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": random.lognormal(10, 1, n_rows),
            "height": random.normal(170, 10, n_rows).round(1),
            "city": random.choice(list("abcdefg"), n_rows, p=np.arange(1, 8) / 28),
            "member": random.random(n_rows) < 0.3,
            "kind": random.choice(["x", "y"], n_rows, p=[0.7, 0.3]),
        }
    )
    return frame.mask(random.random(frame.shape) < 0.03)


def categories(seed: int = 0, n_rows: int = 200) -> pd.DataFrame:
    """Make a table of yes/no columns, none of which tells much alone."""
    random = np.random.default_rng(seed)
    shares = random.uniform(0.1, 0.9, 6)
    return pd.DataFrame(random.random((n_rows, 6)) < shares).replace({True: "yes", False: "no"})


def met(first: pd.DataFrame, second: pd.DataFrame) -> str | None:
    """Compare two tables of different names."""
    return meets(fingerprint("first", first), fingerprint("second", second))


def reordered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1.0, random_state=1)


def test_order_of_rows_and_columns_and_names_do_not_matter():
    frame = mixed()
    shuffled = reordered(frame).iloc[:, ::-1]
    renamed = frame.set_axis([f"v{place}" for place in range(frame.shape[1])], axis=1)
    for copy in (shuffled, renamed, reordered(renamed)):
        first, second = fingerprint("first", frame), fingerprint("second", copy)
        assert first.strong == second.strong and first.weak == second.weak
        assert met(frame, copy) == f"{len(first.strong)} informative columns in common"


@pytest.mark.parametrize("as_type", ["category", "object", "str"])
def test_recoded_categories_are_recognised_by_their_counts(as_type):
    frame = categories()
    recoded = reordered(frame).replace({"yes": "1", "no": "0"}).astype(as_type)
    assert met(frame, recoded) == "6 columns with the same counts"
    assert met(frame, frame.iloc[:, :3]) is None  # three such columns prove nothing
    one = mixed()[["city"]]
    assert met(one, one.replace(dict(zip("abcdefg", "gfedcba", strict=True)))) is not None


def test_numbers_on_another_scale_and_in_single_precision_are_recognised():
    frame = mixed()[["income"]]
    for copy in (frame * 100, frame / 7 - 3, frame.astype("float32"), -5 + frame * 1e-4):
        assert met(frame, reordered(copy)) is not None
    assert met(frame, np.log(frame)) is None


def test_subset_of_the_rows_is_recognised_by_detailed_numbers():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(600, 3)), columns=list("abc"))
    half = frame.sample(frac=0.5, random_state=0).set_axis(list("xyz"), axis=1)
    assert "the same distinct values" in met(frame, half)
    assert met(frame, half) == met(half, frame)
    assert met(frame[["a"]], half[["y"]]) is None


@pytest.mark.parametrize("step", [0.01, 1.0, 100.0])
def test_few_digits_do_not_show_a_subset(step):
    random = np.random.default_rng(0)
    first, second = (pd.DataFrame(random.integers(1, 100, (n, 2)) * step) for n in (900, 700))
    assert not fingerprint("first", first).sketches
    assert met(first, second) is None


def test_unrelated_tables_do_not_meet():
    frames = [mixed(seed) for seed in range(6)] + [categories(seed) for seed in range(6)]
    marks = [fingerprint(f"table {place}", frame) for place, frame in enumerate(frames)]
    for place, first in enumerate(marks):
        for second in marks[:place]:
            assert meets(first, second) is None


def test_row_numbers_years_and_constants_prove_nothing():
    years = pd.DataFrame({"id": range(100), "year": [*range(1950, 2000)] * 2, "unit": 1})
    other = years.assign(year=years["year"][::-1], price=np.random.default_rng(0).random(100))
    assert met(years, other) is None


def test_same_name_needs_the_same_columns():
    first, second = mixed(0), mixed(1)
    marks = [fingerprint("House_Prices_v2", first), fingerprint("house prices.csv", second)]
    assert meets(*marks) == "same name and same column names"
    other = fingerprint("house-prices", second.rename(columns={"kind": "colour"}))
    assert meets(marks[0], other) is None


@pytest.mark.parametrize(
    ("name", "short"),
    [("Breast-Cancer_v2", "breastcancer"), ("iris (3)", "iris"), ("column2C", "column2c")],
)
def test_names_lose_case_punctuation_and_version(name, short):
    assert normalised_name(name) == short


def test_text_keeps_all_but_the_sketches():
    mark = fingerprint("mixed", mixed())
    assert mark.sketches and mark.strong and mark.weak
    read = Fingerprint.from_text(mark.to_text(), mark.sketches)
    assert read == mark
    assert Fingerprint.from_text(mark.to_text()).sketches == ()
    empty = fingerprint("flat", pd.DataFrame({"a": [1, 1]}))
    assert Fingerprint.from_text(empty.to_text()) == empty


def test_header_alone_tells_what_was_trained_on():
    frame = mixed()
    seen = [
        {"name": "noise", "fingerprint": fingerprint("noise", mixed(5)).to_text()},
        {"name": "shop", "fingerprint": fingerprint("shop", frame).to_text()},
    ]
    copy = reordered(frame).set_axis(list("abcde"), axis=1)
    assert trained_on(seen, "other", copy).startswith("trained on 'shop': ")
    assert trained_on(seen, "other", mixed(1)) is None
    assert trained_on([], "shop", frame) is None


def test_suite_table_is_recognised_without_its_target_and_in_disguise():
    iris = load_table("iris").X
    disguised = (2.54 * iris).set_axis(list("abcd"), axis=1).sample(frac=1.0, random_state=0)
    whole = iris.assign(species=load_table("iris").y)
    assert met(whole, disguised) is not None
    assert met(whole, load_table("wine").X) is None
