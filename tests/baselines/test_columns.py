import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.columns import MISSING, ColumnPreparer, categorical_frame, filled_frame
from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns.category import category_name
from tabtransfer.preprocessing.columns.text import TextColumn
from tabtransfer.preprocessing.encoder import TableEncoder


def test_every_kind_of_column_becomes_text_or_floats(messy):
    X, _ = messy
    prepared = ColumnPreparer().fit_transform(X)
    assert list(prepared.columns) == list(X.columns)
    numbers = {"float", "int", "nullable int", "numbers as objects", "all missing"}
    for name in X.columns:
        missing = X[name].isna()
        if name in numbers:
            assert prepared[name].dtype == np.float64
            assert (prepared[name].isna() == missing).all()
            assert (prepared[name][~missing] == X[name][~missing]).all()
        else:
            assert prepared[name].dtype == object
            assert (prepared[name][missing] == "__missing__").all()
            assert (prepared[name][~missing] == X[name][~missing].map(category_name)).all()


def test_infinite_values_become_missing():
    prepared = ColumnPreparer().fit_transform(pd.DataFrame({"x": [np.inf, -np.inf, 1.0]}))
    assert prepared["x"].isna().tolist() == [True, True, False]


def test_columns_are_put_in_the_order_of_fit():
    preparer = ColumnPreparer().fit(pd.DataFrame({"a": [1], "b": ["x"]}))
    assert list(preparer.transform(pd.DataFrame({"b": ["y"], "a": [2], "c": [3]}))) == ["a", "b"]


def test_what_was_text_in_fit_stays_text():
    preparer = ColumnPreparer().fit(pd.DataFrame({"code": ["1", "x"]}))
    assert preparer.transform(pd.DataFrame({"code": [1, 2]}))["code"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (pd.Categorical([1, 2, 3]), pd.Categorical([1.0, np.nan, 3.0])),
        (pd.array([True, False, True]), [1.0, np.nan, 1.0]),
        (pd.Categorical(["1", "2", "3"]), pd.array([1, pd.NA, 3], dtype="Int64")),
        (pd.Categorical([1, 3, 1]), pd.array(["1", None, "3"], dtype="string")),
    ],
    ids=["floats", "booleans", "integers", "strings"],
)
def test_categories_match_across_types(first, later):
    first, later = pd.DataFrame({"code": first}), pd.DataFrame({"code": later})
    preparer = ColumnPreparer().fit(first)
    known = set(preparer.transform(first)["code"])
    prepared = preparer.transform(later)["code"].tolist()
    assert prepared[1] == "__missing__" and {prepared[0], prepared[2]} <= known


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_columns_without_a_value_in_fit_take_anything_later(gap):
    first = pd.DataFrame({"empty": pd.Series([gap, gap], dtype=object), "x": [1.0, 2.0]})
    preparer = ColumnPreparer().fit(first)
    for later in ("word", 3.0, True, pd.Timestamp("2024-05-13")):
        assert preparer.transform(first.assign(empty=later))["empty"].isna().all()


@pytest.mark.parametrize(
    "when",
    [
        pd.Series(pd.to_datetime(["2024-02-29 06:00", None, "2023-02-28 18:00"])),
        pd.Series(pd.to_datetime(["2024-02-29 06:00", None, "2023-02-28 18:00"], utc=True)),
        pd.Series(["2024-02-29 06:00:00", None, "2023-02-28 18:00:00"]),
    ],
    ids=["dates", "with a zone", "written"],
)
def test_dates_become_the_numbers_that_our_network_reads(when):
    X = pd.DataFrame({"when": when, "when (1)": [1, 2, 3]})
    prepared = ColumnPreparer().fit_transform(X)
    assert list(prepared)[:2] == ["when", "when (1)'"] and list(prepared)[-1] == "when (1)"
    assert (prepared.dtypes == np.float64).all()
    assert prepared.iloc[1, :-1].isna().all()
    parts = prepared.iloc[[0, 2], 1:-1].to_numpy()
    for part in ([2024, 2023], [2, 2], [29, 28], [6, 18]):
        assert (parts == np.array(part)[:, None]).all(axis=0).any(), part


@pytest.mark.parametrize(
    "write",
    ["${:,.2f}".format, "{:.1f} %".format, "{:g}".format, lambda x: x],
    ids=["money", "percent", "strings", "numbers"],
)
@pytest.mark.parametrize("stray", ["?", "n/a", "total"])
@pytest.mark.filterwarnings("ignore:Column 'x' is read as numbers")
def test_written_numbers_are_read_as_our_network_reads_them(write, stray):
    numbers = np.linspace(-5, 5000, 50).round(1)
    cells = [write(number) for number in numbers]
    X = pd.DataFrame({"x": pd.Series([*cells, stray], dtype=object)})
    prepared = ColumnPreparer().fit_transform(X)["x"]
    own = TableEncoder().fit(X).transform(X)
    np.testing.assert_allclose(prepared[:-1], own.values[:-1, 0], rtol=1e-6)
    np.testing.assert_allclose(np.corrcoef(prepared[:-1], numbers)[0, 1], 1.0)
    assert np.isnan(prepared.iloc[-1]) and own.missing[-1, 0]
    assert categorical_frame().fit_transform(X)["x0"].dtype == np.float64


def test_codes_and_few_values_stay_categories_for_all():
    X = pd.DataFrame({"code": [f"{row:04d}" for row in range(60)], "grade": ["1", "2", "?"] * 20})
    preparer = ColumnPreparer().fit(X)
    assert preparer.categorical_ == ["code", "grade"]
    assert (TableEncoder().fit(X).transform(X).n_categories > 0).all()


def test_durations_become_numbers_in_order():
    X = pd.DataFrame({"took": pd.to_timedelta(["3 days", "1 hour", None])})
    days, hour, none = ColumnPreparer().fit_transform(X)["took"]
    assert days > hour and np.isnan(none)


def test_texts_get_the_numbers_that_our_network_reads_beside_their_category():
    words = ["red", "green", "blue", "grey"]
    texts = pd.Series([f"{words[i % 4]} shirt no. {i}" for i in range(59)] + [None], name="item")
    frame = texts.to_frame().assign(size=range(60))
    prepared = ColumnPreparer().fit(frame)
    values = prepared.transform(frame)
    learned = TextColumn.learn(texts)
    assert list(values)[:2] == ["item", "item (1)"] and values.shape[1] == 2 + learned.n_topics
    assert prepared.categorical_ == ["item"] and values["item"].iloc[-1] == MISSING
    assert values.iloc[:, 1:-1].to_numpy() == pytest.approx(
        learned.encode(texts, "item")[:, 1:], nan_ok=True
    )
    news = prepared.transform(pd.DataFrame({"item": ["a blue shirt"], "size": [1]}))
    assert news.iloc[:, 1:].notna().all(axis=None)


def test_arrays_are_taken():
    assert ColumnPreparer().fit_transform([[1, 2], [3, 4]]).to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "X, message",
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"\['a'\] occur more than once"),
        (pd.DataFrame({"z": [1j]}), r"\['z'\] hold complex numbers: pass their real"),
    ],
)
def test_columns_that_cannot_be_read_are_named(X, message):
    with pytest.raises(TabTransferError, match=message):
        ColumnPreparer().fit(X)


def test_changed_columns_are_named():
    preparer = ColumnPreparer().fit(pd.DataFrame({"age": [1.0], "city": ["Kyiv"]}))
    with pytest.raises(TabTransferError, match=r"Columns \['city'\] .* absent"):
        preparer.transform(pd.DataFrame({"age": [1.0]}))
    with pytest.raises(TabTransferError, match="'age' held numbers"):
        preparer.transform(pd.DataFrame({"age": ["old"], "city": ["Kyiv"]}))


def test_categories_are_those_of_training_and_news_are_missing(messy):
    X, _ = messy
    prepare = categorical_frame().fit(X[:60])
    news = X[60:].assign(string="sideways", category=None)
    prepared = prepare.transform(news)
    assert list(prepared) == [f"x{i}" for i in range(X.shape[1])]
    text = {"string", "nullable string", "category", "number category", "bool", "nullable bool"}
    for name, new in zip(X, prepared, strict=True):
        if name not in text:
            assert prepared[new].dtype == np.float64
        elif name in ("string", "category"):
            assert prepared[new].isna().all()
        else:
            missing = news[name].isna()
            assert (prepared[new].isna() == missing).all()
            names = news[name][~missing].map(category_name)
            assert (prepared[new][~missing].astype(str) == names).all()
    assert prepared["x4"].cat.categories.tolist() == ["down", "up"]


def test_the_most_frequent_categories_are_kept():
    X = pd.DataFrame({"code": ["b"] * 3 + ["a"] * 2 + ["c"]})
    prepared = categorical_frame(max_levels=2).fit_transform(X)["x0"]
    assert prepared.cat.categories.tolist() == ["a", "b"]
    assert prepared.isna().tolist() == [False] * 5 + [True]


def test_a_column_without_any_category_has_one_all_the_same():
    X = pd.DataFrame({"empty": pd.Series([None, None], dtype="category")})
    assert categorical_frame().fit_transform(X)["x0"].tolist() == ["__missing__"] * 2


def test_numbers_that_are_all_missing_become_zero():
    prepare = categorical_frame().fit(pd.DataFrame({"x": [np.nan, np.nan]}))
    assert prepare.transform(pd.DataFrame({"x": [np.nan, 3.0]}))["x0"].tolist() == [0.0, 0.0]


def test_numbers_are_filled_and_categories_left_missing(messy):
    X, _ = messy
    prepared = filled_frame().fit_transform(X)
    number = X["float"].astype(float)
    assert np.allclose(prepared["x0"], number.fillna(number.mean()))
    assert prepared.select_dtypes("number").notna().all(axis=None)
    assert (prepared["x4"].isna() == X["string"].isna()).all()
    assert prepared.shape == X.shape
