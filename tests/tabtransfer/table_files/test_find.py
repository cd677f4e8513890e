from pathlib import Path

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.find import find_files, kind_of


@pytest.fixture
def folder(tmp_path):
    for name in ("b.csv", "a.csv", "c.csv.gz", "[x].csv", "t.parquet", "deep/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["b.csv", "a.csv"], ["b.csv", "a.csv"]),
        (["?.csv"], ["a.csv", "b.csv"]),
        (["b.csv", "*.csv"], ["b.csv", "[x].csv", "a.csv"]),
        (["[x].csv"], ["[x].csv"]),
        (["**/d.csv", "*.gz"], ["d.csv", "c.csv.gz"]),
    ],
)
def test_files_and_patterns_are_found_in_order(folder, patterns, names):
    found = find_files([str(folder / pattern) for pattern in patterns])
    assert [path.name for path in found] == names


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["none.csv"], "There is no file .*none.csv"),
        (["*.feather"], r"There is no file .*\*.feather"),
        (["deep"], "is a folder: pass its files"),
        (["a.csv", "t.parquet"], "a.csv and .*t.parquet are of different kinds"),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_named(folder, patterns, message):
    with pytest.raises(TabTransferError, match=message):
        find_files([str(folder / pattern) for pattern in patterns])


@pytest.mark.parametrize("name", ["table.xlsx", "table", "csv"])
def test_unknown_kinds_are_named(name):
    with pytest.raises(TabTransferError, match=rf"{name} has no suffix of a table: use .*csv"):
        kind_of(Path(name))
