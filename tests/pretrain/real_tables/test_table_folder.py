import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.held_out import hold_out
from tabtransfer.pretrain.real_tables.own_targets import OwnTarget, find_targets
from tabtransfer.pretrain.real_tables.table_folder import TableFolder


def shop(seed, n_rows=120):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "order": [f"A-{seed}-{row}" for row in range(n_rows)],
            "sold": pd.date_range("2024-01-01", periods=n_rows, freq="53h").strftime("%Y-%m-%d"),
            "price": random.normal(10.0, 2.0, n_rows).round(3),
            "cents": 0.0,
            "town": random.choice(["Rome", "Oslo", "Lima"], n_rows),
            "paid": random.choice(["yes", "no"], n_rows),
        }
    ).assign(cents=lambda frame: 100 * frame["price"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "shops"
    (folder / "east").mkdir(parents=True)
    for seed in range(3):
        shop(seed).to_csv(folder / f"shop{seed}.csv", index=False, sep=";")
    shop(3).to_parquet(folder / "east" / "shop3.parquet")
    shop(4, 20).to_csv(folder / "short.csv")
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.csv").write_text("a,b\n")
    # With the rows of another in another order.
    pd.read_csv(folder / "shop0.csv", sep=";").iloc[::-1].to_parquet(folder / "copy.parquet")
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return TableFolder.read(folder)


def test_files_of_all_kinds_are_tables_and_the_others_are_refused_by_name(found):
    names = [table.name for table in found.tables]
    assert names == ["copy", "east/shop3", "shop0", "shop1", "shop2"]
    assert set(found.refused) == {"notes.txt", "short.csv"}
    assert "20 rows" in found.refused["short.csv"] and "suffix" in found.refused["notes.txt"]


def test_cells_are_read_as_the_estimators_read_them(found):
    table = found.tables[2]
    numbers = table.numbers
    # No code names the rows, dates are several numbers, and one column stands for each target.
    assert numbers.values.shape[0] == 120 and numbers.values.shape[1] > 9
    assert len(numbers.targets) == 4 and numbers.target in numbers.targets
    assert numbers.categorical[numbers.target]
    names_rows = [len(np.unique(c)) > 60 for c in numbers.values[:, numbers.categorical].T]
    assert not any(names_rows)


def test_what_is_made_of_one_column_or_says_the_same_is_no_help_for_it(found):
    table = found.tables[2]
    copies = table.numbers.copies
    assert len(np.unique(copies)) < len(copies)
    real = table.without_copies(OwnTarget("price", "regression"))
    assert list(real.X) == ["order", "sold", "town", "paid"]
    np.testing.assert_allclose(real.y, table.frame["price"])


def test_columns_that_can_be_predicted_are_found():
    found = find_targets(shop(0))
    assert found[0] == OwnTarget("paid", "classification")
    assert {target.column for target in found} == {"paid", "price", "cents", "town"}
    named = find_targets(shop(0).rename(columns={"price": "Target"}))
    assert named[0] == OwnTarget("Target", "regression")


def test_some_tables_are_held_out_with_those_that_share_their_rows(found):
    tables = found.tables
    for seed in range(6):
        training, held_out = ({t.name for t in part} for part in hold_out(tables, (), seed))
        assert len(held_out) == 1 and not training & held_out and len(training) == 4
        assert not held_out & {"copy", "shop0"}  # two tables would be too many
    seen = [{"name": t.name, "fingerprint": t.fingerprint.to_text()} for t in tables]
    with pytest.raises(TabTransferError, match="No table can be held out"):
        hold_out(tables, seen, 0)
    with pytest.raises(TabTransferError, match="only table"):
        hold_out(tables[:1], (), 0)


def test_a_folder_without_tables_says_why(tmp_path):
    (tmp_path / "readme.md").write_text("nothing")
    with pytest.raises(TabTransferError, match=r"readme\.md: .* no suffix"):
        TableFolder.read(tmp_path)
    with pytest.raises(TabTransferError, match="no folder"):
        TableFolder.read(tmp_path / "nowhere")
