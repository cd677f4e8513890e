import gzip
import json

import pandas as pd
import pytest

from tabtransfer.baselines.columns import ColumnPreparer
from tabtransfer.datasets.capping import cap_rows
from tabtransfer.datasets.folder import load_folder
from tabtransfer.datasets.suites import load_suite, load_table
from tabtransfer.errors import TabTransferError

SHOP = {"name": "shop", "file": "shop.csv", "target": "buys", "task": "binary"}


@pytest.fixture
def folder(tmp_path):
    frame = pd.DataFrame(
        {"age": [31, 40, None, 22], "town": ["a", "b", "a", None], "buys": [1, 0, 1, None]}
    )
    frame.to_csv(tmp_path / "shop.csv", index=False)
    frame[["age", "town"]].assign(town=[None, "a", "b", "a"]).to_csv(
        tmp_path / "towns.csv", index=False
    )
    frame.assign(buys=["1.5", "2", "3", None]).to_parquet(tmp_path / "price.parquet")

    def load(*entries):
        (tmp_path / "manifest.json").write_text(json.dumps(entries))
        return load_suite(f"folder:{tmp_path}")

    return load


def test_numbers_and_text_may_be_classes_and_text_may_be_numbers(folder):
    price = {**SHOP, "name": "price", "file": "price.parquet", "task": "regression", "family": "f"}
    classes, numbers = folder(SHOP, price)
    assert classes.y.tolist() == ["1.0", "0.0", "1.0"]
    assert numbers.y.tolist() == [1.5, 2.0, 3.0]
    assert classes.X["town"].tolist() == ["a", "b", "a"]
    assert classes.X["town"].dtype == "category"
    assert (classes.metadata.kind, classes.metadata.n_classes) == ("mixed with missing values", 2)
    assert (numbers.metadata.family, numbers.metadata.source) == ("f", "price.parquet")


def test_a_table_of_categories_with_gaps_has_a_kind(folder):
    (table,) = folder({**SHOP, "target": "age", "task": "regression", "file": "towns.csv"})
    assert table.metadata.kind == "categorical with missing values"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "ranking"}, r"Entry 1 of .*\('shop'\) has task 'ranking'; tasks are binary"),
        ({"target": None}, r"\('shop'\) needs target"),
        ({"file": "no.csv"}, r"\('shop'\): there is no file"),
        ({"file": "shop.xls"}, r"\(\'shop\'\): .*shop\.xls has no suffix of a table: .*\.tsv"),
        ({"target": "sells"}, "Table 'shop': .* has no column 'sells'"),
        ({"task": "multiclass"}, "'shop': the target 'buys' has 2 classes"),
        ({"task": "regression", "target": "town"}, "'shop': the target 'town' .* must be numbers"),
    ],
)
def test_a_wrong_entry_is_named(folder, change, message):
    with pytest.raises(TabTransferError, match=message):
        list(folder({**SHOP, **change}))


def test_a_wrong_manifest_is_refused(folder, tmp_path):
    with pytest.raises(TabTransferError, match=r"needs .*manifest.json"):
        load_suite(f"folder:{tmp_path / 'nowhere'}")
    with pytest.raises(TabTransferError, match="two tables of the name 'shop'"):
        folder(SHOP, SHOP)
    with pytest.raises(TabTransferError, match="must be a list"):
        folder()
    (tmp_path / "manifest.json").write_text("[")
    with pytest.raises(TabTransferError, match="isn't valid JSON"):
        load_suite(f"folder:{tmp_path}")


def test_a_capped_table_keeps_class_shares_and_says_so():
    table = load_table("breast_cancer")
    small = cap_rows(table, 100, seed=3)
    shares = table.y.value_counts(normalize=True) - small.y.value_counts(normalize=True)
    assert shares.abs().max() < 0.01
    assert len(small.X) == len(small.y) == small.metadata.n_rows == 100
    assert small.metadata.description.endswith("(100 of 569 rows, drawn with seed 3)")
    assert cap_rows(table, 100, seed=3).X.equals(small.X)
    assert not cap_rows(table, 100, seed=4).X.equals(small.X)
    assert cap_rows(table, 569) is table
    assert cap_rows(load_table("diabetes"), 50).y.std() == pytest.approx(
        load_table("diabetes").y.std(), rel=0.15
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "größe,y\n1.5,007\n1000.25,b\n".encode()),
        ("t.csv", "größe;y\n1,5;007\n1.000,25;b\n".encode("cp1252")),
        ("t.TSV", "größe\ty\n1.5\t007\n1000.25\tb\n".encode("utf-16")),
        ("t.csv.gz", gzip.compress("größe,y\n1.5,007\n1000.25,b\n".encode(), mtime=0)),
        ("t.csv", ",größe,y\n0,1.5,007\n1,1000.25,b\n2,3,\n".encode()),
    ],
    ids=["commas", "semicolons", "utf-16", "compressed", "saved index"],
)
def test_files_are_read_as_fit_reads_them(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    entry = {"name": "t", "file": name, "target": "y", "task": "binary"}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    (table,) = load_folder(tmp_path)
    assert table.X.to_dict("list") == {"größe": [1.5, 1000.25]}
    assert table.y.tolist() == ["007", "b"]
    assert ("saved index" in table.metadata.dropped) == (content[:1] == b",")


def test_how_a_table_is_written_can_be_said(tmp_path):
    (tmp_path / "t.csv").write_bytes("größe~y\n1,5~a\n1.000,25~b\n".encode("cp500"))
    entry = {"name": "t", "file": "t.csv", "target": "y", "task": "binary"}
    (tmp_path / "manifest.json").write_text(json.dumps([{**entry, "encoding": "cp500"}]))
    with pytest.raises(TabTransferError, match=r"'t': .*--sep.* keys of the manifest's entry: sep"):
        list(load_folder(tmp_path))
    entry |= {"sep": "~", "decimal": ",", "encoding": "cp500"}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    assert next(load_folder(tmp_path)).X["größe"].tolist() == [1.5, 1000.25]


def test_numbers_and_dates_that_are_written_are_no_categories(tmp_path):
    n_rows = 60
    frame = pd.DataFrame(
        {
            "price": [f"${999_900 + 37 * row:,}.50" for row in range(n_rows)],
            "age": [*map(str, range(n_rows - 2)), "?", "n/a"],
            "odd": [*(f"{row / 7:.3f}" for row in range(n_rows - 1)), "total"],
            "month": [f"2021-{row % 12 + 1:02d}" for row in range(n_rows)],
            "town": ["a", "b"] * (n_rows // 2),
            "buys": ["yes", "no"] * (n_rows // 2),
        }
    )
    frame.to_csv(tmp_path / "shop.csv", index=False)
    (tmp_path / "manifest.json").write_text(json.dumps([SHOP]))
    (table,) = load_folder(tmp_path)
    assert table.metadata.n_categorical == 1
    read = ColumnPreparer().fit_transform(table.X)
    assert read.select_dtypes(object).columns.tolist() == ["town"]
    for name in ("price", "age", "odd"):
        assert (read[name].dropna().diff().dropna() > 0).all()
    assert (read["age"].isna().sum(), read["odd"].isna().sum()) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": 3}, r"Entry 1 of .*'shop'\): family must be text in quotes"),
        ({"licence": ["MIT"]}, "licence must be text in quotes"),
        ({"description": None}, "description must be text in quotes"),
        ({"name": "\ud800"}, "name holds half of a character"),
        ({"family": "\udfff"}, "family holds half of a character"),
    ],
)
def test_facts_that_no_results_can_hold_are_refused_at_once(tmp_path, changes, message):
    (tmp_path / "shop.csv").write_text("age,buys\n31,yes\n40,no\n")
    entry = {"name": "shop", "file": "shop.csv", "target": "buys", "task": "binary", **changes}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    with pytest.raises(TabTransferError, match=message):
        load_folder(tmp_path)


def test_dates_of_a_folders_tables_stay_dates(tmp_path):
    frame = pd.DataFrame({"when": pd.to_datetime(["2024-01-01", None]), "buys": ["yes", "no"]})
    frame.to_parquet(tmp_path / "shop.parquet")
    entry = {"name": "shop", "file": "shop.parquet", "target": "buys", "task": "binary"}
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    (table,) = load_folder(tmp_path)
    assert table.X["when"].dtype.kind == "M"
    assert (table.metadata.n_categorical, table.metadata.kind) == (0, "numeric with missing values")
