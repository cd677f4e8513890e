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
from tabtransfer.datasets.suites import load_suite, load_table


def mixed(seed=0, n_rows=400):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "height": generator.normal(170, 9, n_rows).round(2),
            "income": generator.lognormal(9, 1, n_rows).round(2),
            "town": generator.choice(list("abcdefgh"), n_rows, p=np.arange(1, 9) / 36),
            "member": generator.random(n_rows) < 0.3,
        }
    )


def round_digits(column):
    if column.dtype != "float64":
        return column
    return column.map(lambda number: float(f"{number:.3g}"))


def ways_to_copy():
    rows = np.random.default_rng(9).permutation(400)
    frame = mixed()
    yield "shuffled rows", frame.iloc[rows]
    yield "renamed and reordered columns", frame.set_axis(list("wxyz"), axis=1)[list("zxwy")]
    yield "other units", frame[["height"]] / 2.54 - 3
    yield "single precision", frame[["height", "income"]].astype("float32")
    yield "recoded categories", frame[["town"]].apply(lambda c: c.map(ord).astype("category"))
    yield "half of the rows", frame.iloc[rows[:200]]
    yield "half of the rows, columns renamed", frame.set_axis(list("wxyz"), axis=1).iloc[rows[:200]]
    yield "decimals rounded", frame.round(0)
    yield "digits rounded", frame.set_axis(list("wxyz"), axis=1).apply(round_digits).iloc[rows]
    yield "another table's columns besides", pd.concat([mixed(5), frame[["income"]]], axis=1)


COPIES = dict(ways_to_copy())


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_recognised(how):
    copy = COPIES[how]
    original, other = fingerprint("people", mixed()), fingerprint("other", copy)
    assert meets(original, other) is not None
    assert meets(other, original) is not None
    assert meets(Fingerprint.from_text(original.to_text()), other) is not None


@pytest.mark.parametrize(
    "copy",
    [mixed()[:30], mixed()[:200].round(0), mixed().round(-2)],
    ids=["a few rows", "half the rows, rounded", "two digits"],
)
def test_too_few_rows_or_digits_are_not_recognised(copy):
    original = fingerprint("people", mixed())
    assert meets(original, fingerprint("other", copy[["height", "income"]])) is None


def test_rows_of_a_coded_table_are_recognised_by_their_columns_names():
    random = np.random.default_rng(0)
    coded = pd.DataFrame(random.integers(1, 6, (500, 6)), columns=list("abcdef"))
    part = fingerprint("other", coded.iloc[random.permutation(500)[:200]][list("fbcade")])
    mark = Fingerprint.from_text(fingerprint("answers", coded).to_text())
    assert meets(mark, part) == "the same rows, or part of them"
    renamed = fingerprint("other", coded[:200].rename(columns={"a": "first"}))
    assert meets(mark, renamed) is None
    others = pd.DataFrame(random.integers(1, 6, (500, 6)), columns=list("abcdef"))
    assert meets(mark, fingerprint("other", others)) is None


def test_tables_that_share_no_content_do_not_meet():
    first, second = fingerprint("people", mixed(0)), fingerprint("other", mixed(1))
    assert meets(first, second) is None


def test_the_same_name_counts_with_the_same_columns_alone():
    first = fingerprint("People_v2", mixed(0))
    assert meets(first, fingerprint("people", mixed(1))) == "same name and same column names"
    text = fingerprint("people", mixed(1).rename(columns={"town": "city"})).to_text()
    assert meets(first, Fingerprint.from_text(text)) is None


def test_columns_that_tell_little_prove_nothing_alone():
    generator = np.random.default_rng(0)
    flags = pd.DataFrame({f"f{i}": np.arange(300) < 40 + 10 * i for i in range(6)})
    years = pd.DataFrame({"year": np.repeat(np.arange(1990, 2020), 10)})
    for shared in (flags[["f0", "f1", "f2"]], years):
        tables = [
            shared.assign(**{name: generator.normal(size=300), "n": generator.integers(0, 3, 300)})
            for name in ("u", "v")
        ]
        marks = [fingerprint(name, table) for name, table in zip("pq", tables, strict=True)]
        assert meets(*marks) is None
    assert "same counts" in meets(fingerprint("p", flags), fingerprint("q", ~flags.iloc[::-1]))


def test_names_of_the_same_words_raise_suspicion():
    first = fingerprint("Horse-Colic", mixed(0))
    other = mixed(1).rename(columns={"town": "city"})
    assert meets(first, fingerprint("colic2", other)) == "same words in the name"
    assert meets(first, fingerprint("horses", other)) is None


def test_a_recoded_subset_of_a_coded_table_is_recognised():
    generator = np.random.default_rng(0)
    coded = pd.DataFrame({f"c{k}": generator.integers(0, k, 900) for k in (2, 3, 4, 5, 7, 9, 12)})
    coded = coded.assign(d=generator.integers(0, 3, 900))
    recoded = coded.iloc[:300].apply(lambda column: column.map("level {}".format))
    mark = fingerprint("coded", coded)
    assert meets(mark, fingerprint("other", recoded)) == "columns with as many distinct values"
    assert meets(mark, fingerprint("other", recoded.iloc[:, :4])) is None


def test_text_form_keeps_what_proves_a_copy():
    mark = fingerprint("people", mixed())
    again = Fingerprint.from_text(mark.to_text())
    assert len(mark.sketches) == 2 and again.sketches == mark.sketches
    assert (again.rows, len(again.rows)) == (mark.rows, 64)
    assert (again.name_parts, again.levels) == (frozenset(), ())
    assert (again.strong, again.weak) == (mark.strong, mark.weak)
    assert (again.name, again.column_names) == (mark.name, mark.column_names)


def test_a_table_trained_on_is_named_with_the_reason():
    wine = load_table("wine")
    frame = wine.X.assign(cultivar=wine.y)
    tables = [{"name": "vino", "fingerprint": fingerprint("vino", frame[::-1]).to_text()}]
    assert "'vino'" in trained_on(tables, "wine", frame)
    iris = load_table("iris")
    assert trained_on(tables, "iris", iris.X.assign(species=iris.y)) is None
    assert trained_on([], "wine", frame) is None


def test_no_two_tables_of_a_suite_meet():
    marks = [fingerprint(t.name, t.X.assign(target=t.y)) for t in load_suite("quickstart")]
    for place, mark in enumerate(marks):
        assert [meets(mark, other) for other in marks[:place]] == [None] * place


def test_odd_columns_are_survived():
    frame = pd.DataFrame(
        {
            "empty": [np.nan] * 30,
            "nothing": [None] * 30,
            "zeros": [0.0, -0.0] * 15,
            "constant": ["x"] * 30,
            "infinite": [np.inf, -np.inf, 0.0, *range(27)],
            "day": pd.date_range("2020-01-01", periods=30),
            "nullable": pd.array([None, *range(29)], dtype="Int64"),
            "objects": [None, *np.arange(29.0)],
        }
    )
    assert meets(fingerprint("odd", frame), fingerprint("odd", frame)) is not None


def test_dense_numbers_do_not_show_a_subset():
    random = np.random.default_rng(0)
    all_of_them = pd.DataFrame({"balance": random.integers(0, 10_000, 50_000)})
    some = pd.DataFrame({"prize": random.integers(1_000, 10_000, 150)})
    assert meets(fingerprint("bank", all_of_them), fingerprint("contest", some)) is None


def test_columns_of_one_distribution_are_not_taken_for_rounded_copies():
    random = np.random.default_rng(0)
    marks = [
        fingerprint(name, pd.DataFrame(random.normal(size=(1000, 30))).round(digits))
        for name, digits in (("first", 6), ("second", 2))
    ]
    assert meets(*marks) is None
    assert meets(Fingerprint.from_text(marks[0].to_text()), marks[1]) is None


@pytest.mark.parametrize("step", [0.01, 1.0, 100.0])
def test_numbers_of_two_digits_do_not_show_a_subset(step):
    random = np.random.default_rng(0)
    first, second = (pd.DataFrame(random.integers(1, 100, (n, 2)) * step) for n in (900, 700))
    marks = fingerprint("first", first), fingerprint("second", second)
    assert not any(column.values for column in marks[0].sketches)
    assert meets(*marks) is None


@pytest.mark.parametrize("dtype", ["category", "object", "str", "int64", "bool"])
def test_counts_of_categories_do_not_depend_on_how_they_are_coded(dtype):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.random((200, 6)) < random.uniform(0.1, 0.9, 6))
    recoded = (~frame).sample(frac=1.0, random_state=0).astype("int64").astype(dtype)
    marks = (
        fingerprint("first", frame),
        fingerprint("second", recoded.set_axis(list("abcdef"), axis=1)),
    )
    assert meets(*marks) == "6 columns with the same counts"


def test_bent_numbers_are_not_recognised():
    frame = mixed()[["income"]]
    assert meets(fingerprint("first", frame), fingerprint("second", np.log(frame))) is None


def test_suite_table_is_recognised_without_its_target_and_in_disguise():
    iris = load_table("iris")
    disguised = (2.54 * iris.X).set_axis(list("abcd"), axis=1).sample(frac=1.0, random_state=0)
    whole = fingerprint("iris", iris.X.assign(species=iris.y))
    assert meets(whole, fingerprint("flowers", disguised)) is not None
    assert meets(whole, fingerprint("vino", load_table("wine").X)) is None


@pytest.mark.parametrize(
    ("name", "short"),
    [("Breast-Cancer_v2", "breastcancer"), ("iris (3)", "iris"), ("column2C", "column2c")],
)
def test_names_lose_case_punctuation_and_version(name, short):
    assert normalised_name(name) == short
