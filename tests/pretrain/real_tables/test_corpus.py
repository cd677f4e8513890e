"""Tables come off the disk whole, and become tasks that hold what the table held."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.corpus import (
    load_corpus,
    share_in_top_classes,
    to_task,
)
from tabtransfer.pretrain.real_tables.real_table import RealTable


def mixed_table(n_rows: int = 120) -> RealTable:
    """Make a table with every kind of column and three classes of unequal size."""
    generator = np.random.default_rng(0)
    colour = pd.Series(generator.choice(["red", "green", "blue"], n_rows))
    frame = pd.DataFrame(
        {
            "amount": generator.normal(50_000, 10_000, n_rows),
            "colour": colour.where(generator.random(n_rows) > 0.2),
            "grade": pd.Categorical(generator.choice(["a", "b"], n_rows)),
            "open": generator.random(n_rows) > 0.5,
            "count": pd.array(generator.integers(0, 9, n_rows), dtype="Int64"),
            "day": pd.date_range("2020-01-01", periods=n_rows),
        }
    )
    frame.loc[3, "amount"] = np.inf
    frame.loc[4, ["count", "day"]] = pd.NA
    y = pd.Series(["often"] * (n_rows // 2) + ["some"] * (n_rows // 3), name="kind")
    y = pd.concat([y, pd.Series(["rare"] * (n_rows - len(y)))], ignore_index=True)
    return RealTable("mixed", frame, y.rename("kind"))


def write_manifest(folder: Path) -> Path:
    """Write a manifest of a Parquet file, a zipped one, and two that aren't classification."""
    frame = pd.DataFrame({"kind": ["x", "y"], "a": [1.0, 2.0]})
    frame.to_parquet(folder / "plain.parquet")
    with zipfile.ZipFile(folder / "shard.zip", "w") as archive:
        archive.write(folder / "plain.parquet", "inner.parquet")
    plain = {"name": "plain", "file": "plain.parquet", "target": "kind", "task": "binary"}
    zipped = {**plain, "name": "zipped", "file": "shard.zip", "member": "inner.parquet"}
    number = {**plain, "name": "number", "target": "a", "task": "regression"}
    unknown = {**plain, "name": "unknown", "target": None, "task": None}
    manifest = folder / "tables.json"
    manifest.write_text(json.dumps([plain, zipped, number, unknown]))
    return manifest


def test_manifest_reads_files_and_zips_and_keeps_the_asked_task(tmp_path):
    tables = load_corpus(write_manifest(tmp_path))
    assert [table.name for table in tables] == ["plain", "zipped"]
    assert all(list(table.X) == ["a"] and table.y.tolist() == ["x", "y"] for table in tables)
    assert [table.name for table in load_corpus(tmp_path / "tables.json", "regression")] == [
        "number"
    ]


def test_folder_tells_classes_from_numbers_by_the_last_column(tmp_path):
    targets = {
        "text": ["x", "y"] * 20,
        "flag": [True, False] * 20,
        "few": [1, 2] * 20,
        "many": list(range(40)),
        "real": [0.5, 1.5] * 20,
    }
    for name, target in targets.items():
        pd.DataFrame({"a": range(40), "t": target}).to_parquet(tmp_path / f"{name}.parquet")
    assert [table.name for table in load_corpus(tmp_path)] == ["few", "flag", "text"]
    assert [table.name for table in load_corpus(tmp_path, "regression")] == ["many", "real"]


def test_missing_files_and_columns_are_named(tmp_path):
    manifest = write_manifest(tmp_path)
    with pytest.raises(TabTransferError, match=r"no corpus at .*nowhere"):
        load_corpus(tmp_path / "nowhere")
    entry = {"name": "odd", "file": "plain.parquet", "target": "price", "task": "binary"}
    manifest.write_text(json.dumps([entry]))
    with pytest.raises(TabTransferError, match=r"'odd'.*'price'"):
        load_corpus(manifest)
    manifest.write_text(json.dumps([{**entry, "file": "gone.parquet"}]))
    with pytest.raises(TabTransferError, match=r"'odd'.*gone\.parquet"):
        load_corpus(manifest)
    manifest.write_text("{}")
    with pytest.raises(TabTransferError, match="list of entries"):
        load_corpus(manifest)


def test_task_marks_categories_and_missing_cells():
    table = mixed_table()
    task = to_task(table, 1000, 0.75, seed=0)
    assert task.categorical[0].tolist() == [False, True, True, True, False, False]
    assert task.missing[0].sum(dim=0).tolist() == [1, table.X["colour"].isna().sum(), 0, 0, 1, 1]
    colours = task.values[0, :, 1][~task.missing[0, :, 1]]
    assert sorted(colours.unique().tolist()) == [0, 1, 2]
    assert bool(task.values.isfinite().all())
    assert abs(float(task.values[0, :, 0].median())) < 0.1  # centred


def test_task_keeps_each_row_whole():
    table = mixed_table()
    task = to_task(table, 1000, 0.5, seed=0)
    day = table.X["day"].astype("int64").where(table.X["day"].notna())
    rows = task.values[0, :, 5][~task.missing[0, :, 5]].argsort()
    in_order = task.labels[0][~task.missing[0, :, 5]][rows]
    expected = pd.factorize(table.y[day.notna()], sort=True)[0]
    assert in_order.tolist() == expected.tolist()


def test_draw_is_stratified_and_seeded():
    table = mixed_table(600)
    task = to_task(table, 200, 0.75, seed=1)
    assert (task.n_train, task.labels.shape[1]) == (150, 200)
    for labels, n_rows in ((task.labels[0, :150], 150), (task.labels[0, 150:], 50)):
        shares = labels.bincount(minlength=3) / n_rows  # often, rare, some
        assert shares.tolist() == pytest.approx([1 / 2, 1 / 6, 1 / 3], abs=0.03)
    again, other = to_task(table, 200, 0.75, seed=1), to_task(table, 200, 0.75, seed=2)
    assert bool((again.values == task.values).all())
    assert not bool((other.values == task.values).all())


def test_ten_most_frequent_classes_stay():
    y = pd.Series(np.repeat(np.arange(12), np.arange(12) + 4))
    task = to_task(RealTable("many", pd.DataFrame({"a": y}), y), 1000, 0.5, seed=0)
    assert int(task.n_classes[0]) == 10
    assert task.labels.shape[1] == (y >= 2).sum()
    assert share_in_top_classes(y) == pytest.approx((y >= 2).mean())


def test_rows_without_a_target_and_single_rows_are_left_out():
    y = pd.Series(["x", "y"] * 10 + [None, "once"])
    task = to_task(RealTable("gaps", pd.DataFrame({"a": range(22)}), y), 100, 0.5, seed=0)
    assert task.labels.shape[1] == 20
    assert int(task.n_classes[0]) == 2


def test_one_class_is_refused_by_name():
    table = RealTable("flat", pd.DataFrame({"a": range(20)}), pd.Series(["x"] * 20))
    with pytest.raises(TabTransferError, match="'flat'"):
        to_task(table, 100, 0.5, seed=0)


@pytest.mark.slow
def test_module_loads_without_pandas_and_the_opponents():
    code = (
        "import sys, tabtransfer.pretrain.real_tables.corpus\n"
        "import tabtransfer.pretrain.validation.network_scores\n"
        "print(sorted({'pandas', 'catboost', 'tabpfn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "isn't valid JSON"),
        ("[3]", "entry 1 of .* must be an object"),
        ('[{"name": "a"}]', "entry 1 of .*: file must be text, not None"),
        ('[{"name": "a", "file": "a.parquet", "licence": 3}]', "licence must be text, not 3"),
        ('[{"name": "\\ud800", "file": "a.parquet"}]', "name must be text"),
    ],
)
def test_manifests_that_lie_are_refused_by_entry(tmp_path, text, message):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(TabTransferError, match=message):
        load_corpus(tmp_path / "m.json")
