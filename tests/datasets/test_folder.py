import gzip
import json

import pandas as pd
import pytest

from tabtransfer.datasets.capping import cap_rows
from tabtransfer.datasets.folder import load_folder, read_frame
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
        ({"file": "shop.xls"}, r"shop\.xls is neither CSV \(.*\.tsv.*\) nor Parquet"),
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
        ("t.csv", "größe,y\n1.5,a\n1000.25,b\n".encode()),
        ("t.csv", "größe;y\n1,5;a\n1.000,25;b\n".encode("cp1252")),
        ("t.TSV", "größe\ty\n1.5\ta\n1000.25\tb\n".encode("utf-16")),
        ("t.csv.gz", gzip.compress("größe,y\n1.5,a\n1000.25,b\n".encode(), mtime=0)),
    ],
)
def test_csv_is_read_as_it_is_written(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    frame = read_frame(tmp_path / name)
    assert frame.to_dict("list") == {"größe": [1.5, 1000.25], "y": ["a", "b"]}


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
